use super::*;
use crate::config::Flags;

fn keys(id: &str) -> KeyEncryption {
    KeyEncryption::single(id, &SecretKey::random().unwrap())
}

#[test]
fn a_key_comes_back_from_its_wrapping_and_only_in_its_row() {
    let keys = keys("one");
    let secret = SecretKey::random().unwrap();
    let wrapped = keys.wrap("data_keys", "app_1", &secret).unwrap();
    assert_eq!((wrapped.kek.as_str(), wrapped.bytes.len()), ("one", 72));
    assert_eq!(keys.unwrap("data_keys", "app_1", &wrapped).unwrap().bytes(), secret.bytes());
    for (table, row) in [("data_keys", "app_2"), ("wrapped_keys", "app_1")] {
        assert_eq!(keys.unwrap(table, row, &wrapped).unwrap_err(), Error::NotAuthentic);
    }
}

#[test]
fn a_key_wrapped_by_another_is_not_unwrapped_whatever_the_other_is_called() {
    let secret = SecretKey::random().unwrap();
    let wrapped = keys("one").wrap("data_keys", "app_1", &secret).unwrap();
    assert_eq!(keys("one").unwrap("data_keys", "app_1", &wrapped).unwrap_err(), Error::NotAuthentic);
    let error = keys("two").unwrap("data_keys", "app_1", &wrapped).unwrap_err();
    assert!(error.to_string().contains("`one`"), "{error}");
    let other = keys("two");
    let renamed = WrappedKey { kek: "two".into(), ..wrapped };
    assert_eq!(other.unwrap("data_keys", "app_1", &renamed).unwrap_err(), Error::NotAuthentic);
}

#[test]
fn after_a_new_key_is_added_the_old_one_still_unwraps_and_the_new_one_wraps() {
    let secret = SecretKey::random().unwrap();
    let old = keys("one");
    let wrapped = old.wrap("data_keys", "app_1", &secret).unwrap();
    let both = old.with_active("two", &SecretKey::random().unwrap());
    assert_eq!(both.unwrap("data_keys", "app_1", &wrapped).unwrap().bytes(), secret.bytes());
    assert_eq!(both.wrap("data_keys", "app_1", &secret).unwrap().kek, "two");
}

/// Settings from a file's text, with the key files it names in a folder of their own.
fn load(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Result<KeyEncryption, String> {
    let file = folder.join("uw.toml");
    fs::write(&file, text.replace("DIR", &folder.display().to_string())).unwrap();
    let flags = Flags { config: Some(file), data_dir: Some(folder.join("data")), ..Flags::default() };
    let settings = Settings::load(&flags, []).map_err(|error| error.to_string())?;
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    KeyEncryption::load(&settings, environment).map_err(|error| error.to_string())
}

#[test]
fn keys_are_read_from_files_and_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let random = SecretKey::random().unwrap().to_hex();
    crate::crypto::private_file::write_private(&folder.path().join("a"), &random).unwrap();
    let both = "[keys]\nactive = \"b\"\n[[keys.encryption]]\nid = \"a\"\nfile = \"DIR/a\"\n\
                [[keys.encryption]]\nid = \"b\"\nvariable = \"KEK_B\"\n";
    let keys = load(folder.path(), both, &[("KEK_B", &SecretKey::random().unwrap().to_hex())]).unwrap();
    assert_eq!(keys.active(), "b");
    let secret = SecretKey::random().unwrap();
    let wrapped = KeyEncryption::single("a", &SecretKey::parse(&random).unwrap()).wrap("t", "r", &secret).unwrap();
    assert_eq!(keys.unwrap("t", "r", &wrapped).unwrap().bytes(), secret.bytes());
    for (text, said) in [
        (both.replace("active = \"b\"\n", ""), "keys.active is missing"),
        (both.replace("active = \"b\"", "active = \"c\""), "keys.active is `c`"),
        (both.replace("id = \"b\"", "id = \"a\""), "stands twice"),
        (both.replace("KEK_B", "KEK_C"), "KEK_C, which is not set"),
        (both.replace("DIR/a", "DIR/none"), "cannot be read"),
        (both.replace("id = \"a\"", "id = \"A B\""), "has a name that is none"),
        (both.replace("variable = \"KEK_B\"", ""), "needs file or variable"),
    ] {
        let error = load(folder.path(), &text, &[("KEK_B", &random)]).unwrap_err();
        assert!(error.contains(said), "{said}: {error}");
    }
    let error = load(folder.path(), both, &[("KEK_B", "hunter2")]).unwrap_err();
    assert!(error.contains("openssl rand") && !error.contains("hunter2"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, SecretKey::random().unwrap().to_hex().as_str()).unwrap();
    let text = "[[keys.encryption]]\nid = \"a\"\nfile = \"DIR/a\"\n";
    for (mode, refused) in [(0o644, true), (0o660, true), (0o440, false), (0o600, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let loaded = load(folder.path(), text, &[]);
        assert_eq!(loaded.is_err(), refused, "{mode:o} {loaded:?}");
    }
}

#[test]
fn development_makes_its_own_key_once_and_the_newest_is_active() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("data/keys");
    assert_eq!(load(folder.path(), "", &[]).unwrap().active(), "development-1");
    let first = fs::read(directory.join("development-1.kek")).unwrap();
    assert_eq!(load(folder.path(), "", &[]).unwrap().active(), "development-1");
    assert_eq!(fs::read(directory.join("development-1.kek")).unwrap(), first);
    for number in 2..12 {
        assert_eq!(make_development_key(&directory).unwrap(), format!("development-{number}"));
    }
    assert_eq!(load(folder.path(), "", &[]).unwrap().active(), "development-11", "by number, not by letters");
}

const PRODUCTION: &str = "mode = \"production\"\n[auth]\nissuer = \"https://login.example\"\n[[auth.keys]]\n\
                          kid = \"1\"\nalgorithm = \"EdDSA\"\npublic_key_file = \"1.pem\"\n";

#[test]
fn production_without_a_key_or_with_a_development_key_names_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let error = load(folder.path(), PRODUCTION, &[]).unwrap_err();
    assert!(error.contains("keys.encryption is missing"), "{error}");
    let text = format!("{PRODUCTION}[[keys.encryption]]\nid = \"development-1\"\nvariable = \"K\"\n");
    let error = load(folder.path(), &text, &[("K", &SecretKey::random().unwrap().to_hex())]).unwrap_err();
    assert!(error.contains("production mode takes none"), "{error}");
}
