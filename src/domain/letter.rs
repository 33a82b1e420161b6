//! A letter to an applicant as it is recorded: every word of it, in the order in which it is read.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    fault::Refusal,
    form::{self, Choice, form},
    language::Language,
};

/// Which letter is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterOrder {
    pub language: Language,
}

form! {
    /// An order, as sent.
    SentOrder<'de> {
        #[validate(required)]
        language: Choice<Language>,
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
    pub language: Language,
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
            language: Language::English,
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
}
