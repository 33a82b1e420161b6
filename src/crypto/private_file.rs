//! Files that their owner alone can read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};

/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410 §7).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// An Ed25519 private key in PEM form, as `openssl genpkey -algorithm ED25519` writes it.
#[must_use]
pub fn ed25519_pem(seed: &[u8; 32]) -> String {
    let der = [PKCS8_ED25519.as_slice(), seed].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

/// Makes a directory that its owner alone can enter; one that is there is left as it is.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file beside its place and links it there, so that of two programs that start together one file wins, and
/// nobody reads half of it. A file that is there is left as it is.
pub fn create_once(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        create_private_directory(directory)?;
    }
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let written = write_private(&draft, text).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => removed,
    }
}

/// Writes a file that its owner alone can read, durably.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Adds to the end of a file that its owner alone can read, durably; makes it when it is not there.
pub fn append_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private(OpenOptions::new().append(true).create(true)).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Whether others than the owner, or than the owner's group, can do anything with a file.
#[cfg(unix)]
pub fn is_exposed(path: &Path, group_may_read: bool) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let refused = if group_may_read { 0o037 } else { 0o077 };
    Ok(fs::metadata(path)?.permissions().mode() & refused != 0)
}

/// Whether others than the owner, or than the owner's group, can do anything with a file: not known here.
#[cfg(not(unix))]
pub fn is_exposed(_path: &Path, _group_may_read: bool) -> io::Result<bool> {
    Ok(false)
}
