//! Identifiers: a typed prefix and a UUIDv7, such as `app_019aa9a5-…`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a UUID with hyphens is; no other spelling has that length.
const HYPHENATED: usize = 36;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
        #[schema(value_type = String)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix that says what kind of thing is named.
            pub const PREFIX: &'static str = $prefix;

            /// Names a thing by a UUID that the caller made.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The written form. A decision writes many, so it is made without a formatter.
            fn with_written<T>(&self, take: impl FnOnce(&str) -> T) -> T {
                const LENGTH: usize = $prefix.len() + HYPHENATED;
                let mut text = [0; LENGTH];
                let (prefix, uuid) = text.split_at_mut($prefix.len());
                prefix.copy_from_slice($prefix.as_bytes());
                self.0.as_hyphenated().encode_lower(uuid);
                take(std::str::from_utf8(&text).expect("a prefix and a UUID are ASCII"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.with_written(|text| f.write_str(text))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let rest = text.strip_prefix($prefix).ok_or(NotAnId)?;
                // One spelling only: no upper case, no braces, no missing hyphens.
                if rest.len() != HYPHENATED || rest.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(NotAnId);
                }
                Uuid::try_parse(rest).map(Self).map_err(|_| NotAnId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.with_written(|text| serializer.serialize_str(text))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

identifier!(
    /// Names an application.
    ApplicationId,
    "app_"
);
identifier!(
    /// Names a decision on an application.
    DecisionId,
    "dec_"
);
identifier!(
    /// Names a request, in the `Request-Id` header, the logs and the audit log.
    RequestId,
    "req_"
);
identifier!(
    /// Names a session of the console; knowing it opens nothing.
    SessionId,
    "ses_"
);

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: expected its prefix and a lower-case hyphenated UUID")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_one_spelling() {
        let text = "app_019aa9a5-0000-7000-8000-000000000001";
        let id: ApplicationId = text.parse().expect("valid");
        assert_eq!(id.to_string(), text);
        assert!(text.to_uppercase().parse::<ApplicationId>().is_err());
        assert!(text.parse::<DecisionId>().is_err());
        let uuid = &text["app_".len()..];
        for other in [uuid.replace('-', ""), format!("{{{uuid}}}"), format!("urn:uuid:{uuid}"), format!("{uuid} ")] {
            assert!(format!("app_{other}").parse::<ApplicationId>().is_err(), "{other}");
        }
        for place in 4..text.len() {
            let mut other = text.to_owned();
            other.replace_range(place..=place, "A");
            assert!(other.parse::<ApplicationId>().is_err(), "{other}");
            other.replace_range(place..=place, "-");
            assert_eq!(other.parse::<ApplicationId>().map(|id| id.to_string()).ok(), (other == text).then_some(other));
        }
    }
}
