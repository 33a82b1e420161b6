//! Reasons and factors in the language of whoever reads them.
//!
//! What decided has its texts in one language, under the hash by which decisions name it; a translation stands beside,
//! in `locales/`, by the code of a reason and the name of a factor. It is shown only where the recorded text is the very
//! text that was translated: a lender who says something else under the same code is shown, and quoted, as recorded.

use serde_json::Value;
use time::UtcOffset;

use super::{format::grouped, texts::Texts};
use crate::{
    domain::{language::Language, reason::Reason},
    features::schema::{Feature, Schema},
    policy::reasons::NOT_GIVEN,
};

/// A text in the reader's language, or as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    pub text: String,
    /// Whether it is in another language than the reader's: nobody has translated it.
    pub is_foreign: bool,
}

/// The language that the translations were made from.
const ORIGINAL: Texts = Texts::new(Language::English, UtcOffset::UTC);

impl Texts {
    /// What is stated under a code.
    #[must_use]
    pub fn reason(self, code: &str, recorded: &str) -> Translated {
        self.translate(&key("reasons", code), recorded)
    }

    /// A reason as it was recorded in a decision: of a factor that was missing it says so.
    #[must_use]
    pub fn stated(self, reason: &Reason) -> Translated {
        let missing = reason.feature.as_deref().zip(reason.text.strip_prefix(NOT_GIVEN));
        let Some((feature, label)) = missing else { return self.reason(reason.code.as_str(), &reason.text) };
        let Translated { text: factor, is_foreign } = self.factor(feature, label);
        let text = if self.language() == Language::English {
            reason.text.clone()
        } else {
            self.reasons_not_given(factor.as_str())
        };
        Translated { text, is_foreign }
    }

    /// What a factor is called: its label in the model, or its name where the model is not at hand.
    #[must_use]
    pub fn factor(self, name: &str, label: &str) -> Translated {
        self.translate(&key("factors", name), label)
    }

    /// As [`Texts::factor`], with the label of a schema.
    #[must_use]
    pub fn factor_of(self, name: &str, schema: &Schema) -> Translated {
        let feature = schema.features.iter().find(|feature| feature.name == name);
        let label = feature.map_or_else(|| name.replace('_', " "), Feature::display_label);
        self.factor(name, &label)
    }

    /// A factor's value as a person reads it: numbers in groups with at most four places, categories in words.
    #[must_use]
    pub fn factor_value(self, value: &Value) -> String {
        match value {
            Value::Null => "–".to_owned(),
            Value::String(category) => {
                self.translate(&key("factors-value", category), &category.replace('_', " ")).text
            }
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let places = if number.abs() < 1_000.0 { 4 } else { 0 };
                let text = format!("{number:.places$}");
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                let fraction = fraction.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "." };
                format!("{}{point}{fraction}", grouped(whole))
            }
            other => other.to_string(),
        }
    }

    fn translate(self, key: &str, recorded: &str) -> Translated {
        let as_recorded = |is_foreign| Translated { text: recorded.to_owned(), is_foreign };
        if self.language() == Language::English {
            return as_recorded(false);
        }
        let is_known = ORIGINAL.find(key).is_some_and(|original| original == recorded);
        match self.find(key).filter(|_| is_known) {
            Some(text) => Translated { text: text.into_owned(), is_foreign: false },
            // What has letters of the reader's own needs no translation: a Chinese lender's texts, say.
            None => as_recorded(!self.language().is_of(recorded)),
        }
    }
}

impl Language {
    /// Whether a text has letters of this language's script. English is not asked: whatever is recorded is shown to its
    /// readers as it is.
    fn is_of(self, text: &str) -> bool {
        match self {
            Self::English => true,
            Self::Chinese => text.chars().any(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}')),
        }
    }
}

/// The key of a code or a name: keys are lower case, parted by hyphens.
fn key(area: &str, name: &str) -> String {
    format!("{area}-{}", name.to_ascii_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use serde_json::json;

    use super::*;
    use crate::{model::reasons::standard, policy::reasons::BUILT_IN};

    const CHINESE: Texts = Texts::new(Language::Chinese, UtcOffset::UTC);

    fn reason(code: &str, text: &str, feature: Option<&str>) -> Reason {
        let code = crate::domain::reason::ReasonCode::new(code).expect("a code");
        Reason { code, text: text.to_owned(), feature: feature.map(str::to_owned), contribution: None }
    }

    #[test]
    fn a_recorded_text_is_translated_and_any_other_text_of_its_code_stands_as_recorded() {
        let translated = CHINESE.stated(&reason("UW-INCOME", "Income is low", None));
        assert_eq!(translated, Translated { text: "收入较低".to_owned(), is_foreign: false });
        for text in ["Your income", "Income is low.", ""] {
            let shown = CHINESE.stated(&reason("UW-INCOME", text, None));
            assert_eq!(shown, Translated { text: text.to_owned(), is_foreign: true });
        }
        let unknown = CHINESE.stated(&reason("XY-VISITS", "Branch visits", None));
        assert!(unknown.is_foreign && unknown.text == "Branch visits");
        let own = CHINESE.stated(&reason("XY-VISITS", "到访网点次数", None));
        assert!(!own.is_foreign, "what stands in Chinese already is not foreign");
        let english = ORIGINAL.stated(&reason("UW-INCOME", "Your income", None));
        assert_eq!(english, Translated { text: "Your income".to_owned(), is_foreign: false });
    }

    #[test]
    fn a_factor_that_was_missing_is_said_to_be_so() {
        let recorded = format!("{NOT_GIVEN}Annual income");
        let income = reason("UW-INCOME", &recorded, Some("annual_income"));
        assert_eq!(CHINESE.stated(&income).text, "未提供或未知：年收入");
        assert_eq!(ORIGINAL.stated(&income).text, recorded);
        let other = CHINESE.stated(&reason("XY-VISITS", &format!("{NOT_GIVEN}Branch visits"), Some("visits")));
        assert_eq!(other, Translated { text: "未提供或未知：Branch visits".to_owned(), is_foreign: true });
    }

    #[test]
    fn no_code_or_name_reaches_a_text_that_is_not_its_own() {
        for (code, text) in [("NOT-GIVEN", "Not given or not known: {$factor}"), ("AS-RECORDED", "x"), ("É", "x")] {
            assert_eq!(CHINESE.reason(code, text).text, text, "{code}");
        }
        assert_eq!(CHINESE.factor("value_car", "Value of the car").text, "Value of the car");
        assert_eq!(CHINESE.factor("", "").text, "");
    }

    /// The English files must say what the code and the shipped files say, or nothing would be translated.
    #[test]
    fn every_text_of_the_shipped_model_and_policy_is_translated() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let policy = std::fs::read_to_string(root.join("config/policy.toml")).expect("the shipped policy");
        let policy: toml::Value = toml::from_str(&policy).expect("TOML");
        let text = |rule: &toml::Value, name: &str| rule[name].as_str().expect("a text").to_owned();
        let rules = policy["rule"].as_array().expect("rules");
        let mut texts: BTreeMap<String, String> =
            rules.iter().map(|rule| (text(rule, "reason"), text(rule, "text"))).collect();
        texts.extend(standard().map(|(code, text)| (code.to_owned(), text.to_owned())));
        texts.extend(BUILT_IN.map(|reason| (reason.code.to_owned(), reason.text.to_owned())));
        for (code, text) in &texts {
            let shown = CHINESE.reason(code, text);
            assert!(!shown.is_foreign && shown.text != *text, "{code}: {text}");
        }
        let model = std::fs::read_to_string(root.join("models/personal-loan/1/model.json")).expect("the model");
        let model: Value = serde_json::from_str(&model).expect("JSON");
        let schema: Schema = serde_json::from_value(model["schema"].clone()).expect("a schema");
        assert!(schema.features.len() > 10);
        for feature in &schema.features {
            assert!(!CHINESE.factor_of(&feature.name, &schema).is_foreign, "{}", feature.name);
            for category in &feature.categories {
                assert_ne!(CHINESE.factor_value(&json!(category)), category.replace('_', " "), "{category}");
            }
        }
    }

    #[test]
    fn a_value_is_shown_as_a_person_reads_it() {
        let shown = |value| ORIGINAL.factor_value(&value);
        assert_eq!(shown(json!(0.431)), "0.431");
        assert_eq!(shown(json!(64000.0)), "64,000");
        assert_eq!(shown(json!(4106.796)), "4,107");
        assert_eq!(shown(json!(36)), "36");
        assert_eq!(shown(json!(7.123_456)), "7.1235");
        assert_eq!(shown(json!("debt_consolidation")), "debt consolidation");
        assert_eq!(shown(Value::Null), "–");
        assert_eq!(shown(json!(true)), "true");
        assert_eq!(CHINESE.factor_value(&json!("debt_consolidation")), "债务合并");
    }
}
