//! Hashing passwords: Argon2id (RFC 9106), a few at a time and away from the threads that serve.

use std::sync::{Arc, LazyLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How many passwords are hashed at once: each takes 19 MiB and a core for a good part of a tenth of a second.
const AT_ONCE: usize = 2;
/// How many may wait for that; one more is refused.
const WAITING: usize = 32;

/// What a password is held against when there is no such account, so that the answer takes as long. It is nobody's.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| argon2(b"a password that nobody has"));

/// Hashes passwords. Cheap to clone; clones share the bound.
#[derive(Debug, Clone)]
pub struct PasswordHashing {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Why a password was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    #[error("too many passwords wait to be checked; try again in a few seconds")]
    Busy,
    #[error("the password was not hashed")]
    Failed,
}

impl Default for PasswordHashing {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(AT_ONCE + WAITING)) }
    }
}

impl PasswordHashing {
    /// A password's hash as a PHC string: Argon2id with 19 MiB, two passes, one lane (OWASP's password storage cheat sheet),
    /// and a random salt.
    pub async fn hash(&self, password: &str) -> Result<String, HashingError> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        self.work(move || argon2(&password)).await?.ok_or(HashingError::Failed)
    }

    /// Whether a password is the one that was hashed. Without a hash it is not, and that takes as long.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, HashingError> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        let hash = hash.map(str::to_owned);
        self.work(move || {
            let against = hash.as_deref().or(NOBODY.as_deref()).unwrap_or_default();
            let matches = PasswordHash::new(against)
                .is_ok_and(|against| Argon2::default().verify_password(&password, &against).is_ok());
            matches && hash.is_some()
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashingError> {
        let _place = self.waiting.try_acquire().map_err(|_| HashingError::Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HashingError::Failed)?;
        let work = move || {
            // Held until the work is done, also when whoever asked went away.
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| HashingError::Failed)
    }
}

fn argon2(password: &[u8]) -> Option<String> {
    // The library's defaults are those of the cheat sheet; a test holds them.
    Argon2::default().hash_password(password).ok().map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_alone() {
        let hashing = PasswordHashing::default();
        let hash = hashing.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hashing.hash("correct horse battery").await.unwrap(), "each has its own salt");
        assert_eq!(hashing.verify("correct horse battery", Some(&hash)).await, Ok(true));
        assert_eq!(hashing.verify("correct horse batterz", Some(&hash)).await, Ok(false));
        assert_eq!(hashing.verify("a password that nobody has", None).await, Ok(false));
        assert_eq!(hashing.verify("x", Some("not a hash")).await, Ok(false));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn more_than_may_wait_are_refused_and_the_others_are_hashed() {
        let hashing = PasswordHashing::default();
        let all = (0..AT_ONCE + WAITING + 5)
            .map(|_| hashing.work(|| std::thread::sleep(std::time::Duration::from_millis(5))));
        let results = futures_util::future::join_all(all).await;
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 5);
    }
}
