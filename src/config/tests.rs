use std::ffi::OsString;

use super::*;

fn load(file: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Settings, String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("uw.toml");
    std::fs::write(&path, file).expect("written");
    let flags = Flags { config: Some(path), ..flags };
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(&flags, environment).map_err(|error| error.to_string())
}

#[test]
fn without_any_setting_it_is_development_on_loopback() {
    let settings = Settings::load(&Flags::default(), []).expect("defaults are valid");
    assert_eq!(settings.mode, Mode::Development);
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.server.body_limit_bytes, 65_536);
    assert_eq!((settings.data_dir.as_path(), settings.database.url), (Path::new("./data"), None));
}

#[test]
fn the_environment_overrides_the_file_and_flags_override_both() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\nbody_limit_bytes = 10\n[log]\nlevel = \"warn\"\n";
    let environment = [("UNDERWRIGHT__SERVER__LISTEN", "127.0.0.1:2"), ("UNDERWRIGHT__LOG__LEVEL", "debug")];
    let settings = load(file, &environment, Flags::default()).expect("valid");
    assert_eq!((settings.server.listen.port(), settings.log.level.as_str()), (2, "debug"));
    assert_eq!(settings.server.body_limit_bytes, 10);
    let flags = Flags { listen: Some("127.0.0.1:3".parse().expect("an address")), ..Flags::default() };
    assert_eq!(load(file, &environment, flags).expect("valid").server.listen.port(), 3);
}

#[test]
fn an_unknown_key_is_named_with_the_file_or_variable_it_stands_in() {
    let error = load("[server]\nlistn = \"127.0.0.1:1\"", &[], Flags::default()).expect_err("unknown");
    assert!(error.contains("uw.toml") && error.contains("listn"), "{error}");
    let error = load("", &[("UNDERWRIGHT__SERVER__LISTN", "x")], Flags::default()).expect_err("unknown");
    assert!(error.contains("UNDERWRIGHT__SERVER__LISTN") && error.contains("listn"), "{error}");
}

#[test]
fn a_value_of_the_wrong_type_is_named_and_not_repeated() {
    let error = load("[server]\nworkers = \"hunter2\"", &[], Flags::default()).expect_err("wrong type");
    assert!(error.contains("server.workers") && !error.contains("hunter2"), "{error}");
}

#[test]
fn development_refuses_an_address_that_others_can_reach() {
    let error = load("[server]\nlisten = \"0.0.0.0:8080\"", &[], Flags::default()).expect_err("refused");
    assert!(error.contains("loopback only"), "{error}");
}

#[test]
fn production_names_what_it_misses() {
    let error = load("mode = \"production\"", &[], Flags::default()).expect_err("refused");
    assert!(error.contains("auth.issuer"), "{error}");
    let file = "mode = \"production\"\n[auth]\nissuer = \"https://login.example\"\n";
    let error = load(file, &[], Flags::default()).expect_err("refused");
    assert!(error.contains("auth.keys"), "{error}");
    let file =
        format!("{file}[[auth.keys]]\nkid = \"development\"\nalgorithm = \"EdDSA\"\npublic_key_file = \"key.pem\"\n");
    let error = load(&file, &[], Flags::default()).expect_err("refused");
    assert!(error.contains("no development key"), "{error}");
}

#[test]
fn the_audit_logs_settings_are_checked() {
    let error = load("[audit]\norigin = \"a bank\"", &[], Flags::default()).expect_err("refused");
    assert!(error.contains("audit.origin"), "{error}");
    let error = load("[audit]\ncheckpoint_interval_s = 0", &[], Flags::default()).expect_err("refused");
    assert!(error.contains("audit.checkpoint_interval_s"), "{error}");
}

#[test]
fn a_leeway_above_30_seconds_is_refused() {
    let error = load("[auth]\nleeway_s = 31", &[], Flags::default()).expect_err("refused");
    assert!(error.contains("at most 30"), "{error}");
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let environment =
        [("UNDERWRIGHT__DATABASE__URL", "postgres://uw:hunter2@db/uw"), ("UNDERWRIGHT__METRICS__TOKEN", "hunter3")];
    let settings = load("", &environment, Flags::default()).expect("valid");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}
