//! `underwright token`.

use std::str::FromStr;

use anyhow::{Context, bail};
use time::Duration;

use super::{Answer, print_line, settings::SettingsArgs};
use crate::{
    auth::development::{DevelopmentKey, Grant},
    clock::{self, Clock},
    config::{Mode, Settings},
    domain::principal::{Principal, Role},
};

/// Sign a token for development, and print it alone on standard output.
///
/// The key is the development key of the data directory; it is made when there is none. Production mode
/// refuses this: its tokens come from the issuer that it is set up with.
///
/// Example: underwright token --role officer --subject ada --ttl 8h
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// officer, manager, risk, auditor, privacy, service or admin
    #[arg(long)]
    role: Role,
    /// Whom the token is for; the role's name with `dev-` before it when left out
    #[arg(long)]
    subject: Option<String>,
    /// How long it is valid: 90s, 30m, 1h or 7d
    #[arg(long, default_value = "1h")]
    ttl: Ttl,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// How long a token is valid.
///
/// Invariant: above zero, at most 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ttl(Duration);

impl Ttl {
    /// What `serve` gives its first tokens.
    pub(super) const ONE_DAY: Self = Self(Duration::days(1));
}

impl FromStr for Ttl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let wrong = "write a number and s, m, h or d, such as 1h; at most 365d";
        let unit_s: i64 = match text.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            _ => return Err(wrong),
        };
        let count: i64 = text[..text.len() - 1].parse::<u32>().map_err(|_| wrong)?.into();
        let ttl = Duration::seconds(count.saturating_mul(unit_s));
        if ttl.is_zero() || ttl > Duration::days(365) { Err(wrong) } else { Ok(Self(ttl)) }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let settings = args.settings.load()?;
    if settings.mode == Mode::Production {
        bail!("production mode signs no tokens: get them from the issuer in auth.issuer");
    }
    let subject = args.subject.clone().unwrap_or_else(|| format!("dev-{}", args.role));
    if subject.is_empty() || subject.chars().count() > 255 || subject.chars().any(char::is_control) {
        bail!("--subject must have 1 to 255 characters and no control characters");
    }
    let is_new = !settings.development_key_file().exists();
    let key = development_key(&settings)?;
    if is_new {
        let data_dir = settings.data_dir.display();
        eprintln!("made a new development key in {data_dir}: only a server with this data directory takes the token");
    }
    let principal = Principal { subject, role: args.role };
    print_line(&sign(&settings, &key, &principal, args.ttl)?)?;
    Ok(Answer::Done)
}

/// The development key of the data directory, made when there is none.
pub(super) fn development_key(settings: &Settings) -> anyhow::Result<DevelopmentKey> {
    let seed = clock::random_key().context("the development key cannot be made")?;
    Ok(DevelopmentKey::open_or_create(&settings.development_key_file(), &seed)?)
}

/// Signs a token that a server with the same settings accepts.
pub(super) fn sign(
    settings: &Settings,
    key: &DevelopmentKey,
    principal: &Principal,
    ttl: Ttl,
) -> anyhow::Result<String> {
    Ok(key.sign(Grant {
        principal,
        issuer: settings.issuer(),
        audience: &settings.auth.audience,
        issued_at: Clock::system().now(),
        ttl: ttl.0,
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_a_number_and_a_unit() {
        assert_eq!("90s".parse(), Ok(Ttl(Duration::seconds(90))));
        assert_eq!("1d".parse(), Ok(Ttl::ONE_DAY));
        for wrong in ["", "h", "1", "0s", "-1h", "1w", "366d", "1é", "99999999999s"] {
            assert!(wrong.parse::<Ttl>().is_err(), "{wrong}");
        }
    }
}
