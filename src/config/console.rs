//! The console's settings.

use serde::Deserialize;
use time::{Duration, UtcOffset, macros::format_description};

use super::InvalidSettings;

/// The pages that people work in.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Console {
    /// A session that was not used for so long has ended.
    pub idle_minutes: u32,
    /// A session that was opened so long ago has ended.
    pub session_hours: u32,
    /// How long an application that awaits review may wait before the console calls it late.
    pub review_target_hours: u32,
    /// How far the times that pages show are from UTC, such as `+08:00`.
    pub utc_offset: String,
}

impl Default for Console {
    fn default() -> Self {
        Self { idle_minutes: 30, session_hours: 12, review_target_hours: 24, utc_offset: "+00:00".to_owned() }
    }
}

impl Console {
    /// How long a session may be idle.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::minutes(i64::from(self.idle_minutes))
    }

    /// How long a session may last.
    #[must_use]
    pub fn absolute(&self) -> Duration {
        Duration::hours(i64::from(self.session_hours))
    }

    /// How long an application may await review.
    #[must_use]
    pub fn review_target(&self) -> Duration {
        Duration::hours(i64::from(self.review_target_hours))
    }

    /// The offset of shown times; `None` when it is not one.
    #[must_use]
    pub fn offset(&self) -> Option<UtcOffset> {
        UtcOffset::parse(&self.utc_offset, format_description!("[offset_hour sign:mandatory]:[offset_minute]")).ok()
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        let refuse = |message: &str| Err(InvalidSettings::Refused(message.to_owned()));
        if !(1..=1_440).contains(&self.idle_minutes) {
            return refuse("console.idle_minutes must be from 1 to 1440, which is a day");
        }
        if !(1..=168).contains(&self.session_hours) {
            return refuse("console.session_hours must be from 1 to 168, which is a week");
        }
        if self.review_target_hours == 0 {
            return refuse("console.review_target_hours must be above 0");
        }
        if self.offset().is_none() {
            return refuse("console.utc_offset must be a sign, hours and minutes, as in +08:00");
        }
        Ok(())
    }
}
