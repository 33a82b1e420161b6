//! The names of accounts, and the passwords that are taken for them.

use std::{fmt, str::FromStr};

/// The name of an account, as it stands in the audit log.
///
/// Invariant: 1 to 64 characters of `a` to `z`, `0` to `9`, `.`, `_`, `-` and `@`; never one that development mode makes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName(String);

/// The text is no account's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account's name has 1 to 64 characters of a-z, 0-9, `.`, `_`, `-` and `@`, and does not begin with `dev-`")]
pub struct NotAnAccountName;

impl AccountName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = NotAnAccountName;

    /// Upper case is taken for lower case: people write their names in either.
    fn from_str(text: &str) -> Result<Self, NotAnAccountName> {
        let name = text.trim().to_ascii_lowercase();
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'@'))
            && !name.starts_with("dev-");
        if fits { Ok(Self(name)) } else { Err(NotAnAccountName) }
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fewest characters of a password (NIST SP 800-63B-4 §3.1.1.2, where nothing else is asked for beside it).
pub const FEWEST_CHARACTERS: usize = 15;
/// The most bytes of a password.
pub const MOST_BYTES: usize = 1_024;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("a password has at least 15 characters: a few words are good")]
    TooShort,
    #[error("a password has at most 1024 bytes")]
    TooLong,
    #[error("a password does not hold the account's name")]
    HoldsName,
    #[error("a password has at least 5 different characters")]
    Monotonous,
}

/// Whether a password is good enough for an account. How it is composed is nobody's business (NIST SP 800-63B-4).
pub fn check_password(name: &AccountName, password: &str) -> Result<(), WeakPassword> {
    if password.chars().count() < FEWEST_CHARACTERS {
        return Err(WeakPassword::TooShort);
    }
    if password.len() > MOST_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if name.0.len() >= 4 && password.to_lowercase().contains(&name.0) {
        return Err(WeakPassword::HoldsName);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < 5 { Err(WeakPassword::Monotonous) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_and_none_of_development_mode_s() {
        assert_eq!(" Ada.Example@bank.example ".parse::<AccountName>().unwrap().as_str(), "ada.example@bank.example");
        for wrong in ["", "a b", "dev-officer", "Dev-Officer", "a\u{202e}b", "<b>", &"a".repeat(65), "a/b", "中文"] {
            assert!(wrong.parse::<AccountName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_long_and_neither_the_name_nor_one_letter() {
        let ada: AccountName = "ada.example".parse().unwrap();
        assert_eq!(check_password(&ada, "correct horse battery"), Ok(()));
        assert_eq!(check_password(&ada, "正确的马电池订书钉是一个很好的密码"), Ok(()));
        assert_eq!(check_password(&ada, "too short by 1"), Err(WeakPassword::TooShort));
        assert_eq!(check_password(&ada, "my name is Ada.Example"), Err(WeakPassword::HoldsName));
        assert_eq!(check_password(&ada, &"ab".repeat(20)), Err(WeakPassword::Monotonous));
        assert_eq!(check_password(&ada, &"abcdef".repeat(200)), Err(WeakPassword::TooLong));
    }
}
