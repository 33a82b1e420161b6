//! A letter to an applicant as it is recorded: every word of it, in the order in which it is read.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    fault::Refusal,
    form::{self, Choice, form},
};

/// The language of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum LetterLanguage {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-Hans")]
    Chinese,
}

impl LetterLanguage {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The tag (BCP 47) that stands in entries and forms.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-Hans",
        }
    }

    /// The language of a tag.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}

/// Which letter is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterOrder {
    pub language: LetterLanguage,
}

form! {
    /// An order, as sent.
    SentOrder<'de> {
        #[validate(required)]
        language: Choice<LetterLanguage>,
    }
}

/// Reads which letter is asked for.
///
/// # Errors
/// As [`super::intake::parse`].
pub fn parse_order(json: &[u8]) -> Result<LetterOrder, Refusal> {
    let (slot, faults) = form::read::<SentOrder<'_>>(json)?;
    let order = slot.value().and_then(|form| Some(LetterOrder { language: form.language.value()?.0 }));
    form::settle(order, faults)
}

/// A letter. It names the applicant: personal data, sealed wherever it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    pub language: LetterLanguage,
    /// Name and address of whoever writes, a line each.
    pub sender: Vec<String>,
    /// Name and address of the applicant, a line each.
    pub addressee: Vec<String>,
    /// The day of the letter, as it is written.
    pub date: String,
    pub subject: String,
    pub salutation: String,
    pub body: Vec<Block>,
    /// The lines at the end.
    pub closing: Vec<String>,
}

/// A part of a letter's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    Heading {
        text: String,
    },
    Paragraph {
        text: String,
    },
    /// Numbered: the first matters most.
    List {
        items: Vec<String>,
    },
    /// Lines that belong together, such as an address.
    Lines {
        lines: Vec<String>,
    },
}

/// The letter as plain text.
impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\n{}\n\n{}\n", self.sender.join("\n"), self.addressee.join("\n"), self.date)?;
        writeln!(f, "{}\n\n{}", self.subject, self.salutation)?;
        for block in &self.body {
            writeln!(f)?;
            match block {
                Block::Heading { text } | Block::Paragraph { text } => writeln!(f, "{text}")?,
                Block::Lines { lines } => writeln!(f, "{}", lines.join("\n"))?,
                Block::List { items } => {
                    for (number, item) in (1..).zip(items) {
                        writeln!(f, "{number}. {item}")?;
                    }
                }
            }
        }
        writeln!(f, "\n{}", self.closing.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_plain_text_in_the_order_in_which_it_is_read() {
        let text = |text: &str| text.to_owned();
        let letter = Letter {
            language: LetterLanguage::English,
            sender: vec![text("Bank"), text("1 Main St")],
            addressee: vec![text("Ada")],
            date: text("22 Nov 2026"),
            subject: text("A decision"),
            salutation: text("Dear Ada,"),
            body: vec![
                Block::Heading { text: text("Why") },
                Block::List { items: vec![text("one"), text("two")] },
                Block::Paragraph { text: text("So it is.") },
                Block::Lines { lines: vec![text("Agency"), text("2 Side St")] },
            ],
            closing: vec![text("Bank")],
        };
        assert_eq!(
            letter.to_string(),
            "Bank\n1 Main St\n\nAda\n\n22 Nov 2026\n\nA decision\n\nDear Ada,\n\nWhy\n\n1. one\n2. two\n\nSo it is.\n\n\
             Agency\n2 Side St\n\nBank\n"
        );
        let json = serde_json::to_string(&letter).expect("JSON");
        assert_eq!(serde_json::from_str::<Letter>(&json).expect("a letter"), letter);
    }

    #[test]
    fn a_language_is_known_by_its_tag_alone() {
        for language in LetterLanguage::ALL {
            assert_eq!(LetterLanguage::parse(language.tag()), Some(language));
            assert_eq!(serde_json::to_value(language).expect("JSON"), language.tag());
        }
        assert_eq!(LetterLanguage::parse("EN"), None);
    }
}
