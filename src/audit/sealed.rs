//! A sealed value as it stands in an entry.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// Personal data that only the holder of a key can read: readable while the key lives, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Nonce (12 bytes), ciphertext and tag (16 bytes) of AES-256-GCM, in base64.
    #[serde(serialize_with = "write_base64", deserialize_with = "read_base64")]
    #[schema(value_type = String)]
    pub ciphertext: Vec<u8>,
    /// The data key that it is sealed under: that of this application.
    #[schema(example = "app_019aa9a5-0000-7000-8000-000000000001")]
    pub key: String,
}

impl Sealed {
    /// Writes the value as canonical JSON behind what a text holds. The key's id needs no escapes.
    pub fn canonical_into(text: &mut String, ciphertext: &[u8], key: &str) {
        text.push_str(r#"{"ciphertext":""#);
        STANDARD.encode_string(ciphertext, text);
        text.push_str(r#"","key":""#);
        text.push_str(key);
        text.push_str(r#""}"#);
    }
}

fn write_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn read_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(|_| de::Error::custom("not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::entry::canonical;

    #[test]
    fn what_is_written_by_hand_is_the_canonical_form() {
        let key = "app_019aa9a5-0000-7000-8000-000000000001";
        for length in 0..40 {
            let sealed = Sealed { ciphertext: (0..length).collect(), key: key.to_owned() };
            let mut text = String::new();
            Sealed::canonical_into(&mut text, &sealed.ciphertext, key);
            assert_eq!(text, canonical(&sealed).unwrap());
            assert_eq!(serde_json::from_str::<Sealed>(&text).unwrap(), sealed);
        }
    }
}
