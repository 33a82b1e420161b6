//! Many rows in a few texts.

use std::borrow::Cow;

use super::{ApplicationCopy, DecisionCopy, Row};

/// Ends a field of a line.
const FIELD_END: char = '\u{1f}';
/// Ends a line.
const LINE_END: char = '\u{1e}';

/// Neighbouring rows with their copies, put together by the database, so that they are handed over in one piece.
///
/// A column may hold anything, the signs that end fields and lines too. Then there are more fields or lines than
/// there should be, because as many ends are written for each row whatever it holds, and `rows` is counted apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts<'a> {
    pub rows: i64,
    /// A line for each row: its short columns, and the length of its entry.
    pub lines: Cow<'a, str>,
    /// The entries, one behind the other.
    pub entries: Cow<'a, str>,
}

impl Texts<'_> {
    /// As the database puts rows together.
    #[must_use]
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Self {
        let mut texts = Self::default();
        for row in rows {
            texts.push(row);
        }
        texts
    }

    fn push(&mut self, row: &Row) {
        let (no_decision, no_application) = (DecisionCopy::default(), ApplicationCopy::default());
        let decision = row.decision.as_ref().unwrap_or(&no_decision);
        let application = row.application.as_ref().unwrap_or(&no_application);
        let if_so = |is_so: bool, text: String| if is_so { text } else { String::new() };
        let (decided, applied) = (row.decision.is_some(), row.application.is_some());
        let fields: [String; FIELDS] = [
            row.sequence.to_string(),
            row.entry.len().to_string(),
            hex::encode(&row.leaf_hash),
            row.recorded_at.clone(),
            row.action.clone(),
            row.actor.clone(),
            row.request_id.clone(),
            row.subject.clone(),
            if_so(decided, row.sequence.to_string()),
            if_so(decided && decision.leaf_hash == row.leaf_hash, "=".to_owned()),
            decision.application_id.clone(),
            if_so(decided, decision.number.to_string()),
            decision.id.clone(),
            decision.decided_at.clone(),
            decision.outcome.clone(),
            if_so(decided, i64::from(decision.automatic).to_string()),
            if_so(decided, decision.score.to_string()),
            application.external_reference.as_ref().map_or_else(String::new, |reference| format!("={reference}")),
            application.submitted_by.clone(),
            application.received_at.clone(),
            application.status.clone(),
            application.outcome.clone(),
            if_so(applied, application.version.to_string()),
            if_so(applied, application.amount_minor.to_string()),
            application.currency.clone(),
            if_so(applied, application.segment.to_string()),
        ];
        self.rows += 1;
        self.lines.to_mut().push_str(&fields.join(&FIELD_END.to_string()));
        self.lines.to_mut().push(LINE_END);
        self.entries.to_mut().push_str(&row.entry);
    }

    /// Parts the texts into rows again; `None` when there are none, or they do not come out even.
    pub(super) fn rows(&self) -> Option<Vec<RowText<'_>>> {
        let mut rows = Vec::with_capacity(usize::try_from(self.rows).ok()?);
        let (mut lines, mut entries) = (&*self.lines, &*self.entries);
        loop {
            let mut row = RowText::read(&mut lines)?;
            row.entry = cut(&mut entries, row.entry_length.parse().ok()?)?;
            rows.push(row);
            if lines.is_empty() {
                break;
            }
        }
        (entries.is_empty() && i64::try_from(rows.len()) == Ok(self.rows)).then_some(rows)
    }
}

/// Takes the beginning off a text.
fn cut<'a>(rest: &mut &'a str, length: usize) -> Option<&'a str> {
    let (beginning, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(beginning)
}

/// Takes a field off, and the `end` behind it; `None` when another control character stands before that.
fn field<'a>(rest: &mut &'a str, end: char) -> Option<&'a str> {
    let place = first_control(rest.as_bytes())?;
    let (field, behind) = rest.split_at_checked(place)?;
    *rest = behind.strip_prefix(end)?;
    Some(field)
}

/// Where the first control character stands. Eight bytes are looked at together.
fn first_control(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        // What is borrowed reaches only the bytes behind one that is found.
        let found = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes[at..].iter().position(|byte| *byte < 0x20).map(|place| at + place)
}

macro_rules! row_text {
    ($($(#[$doc:meta])* $field:ident),+ $(,)?) => {
        /// One row. A number is written as such; what is not there is empty.
        #[derive(Debug)]
        pub(super) struct RowText<'a> {
            $($(#[$doc])* pub(super) $field: &'a str,)+
            /// What stands in another text than the fields.
            pub(super) entry: &'a str,
        }

        /// How many fields a line has.
        const FIELDS: usize = [$(stringify!($field)),+].len();

        impl<'a> RowText<'a> {
            /// Takes a line off, without its entry; `None` when it has fewer fields or more.
            fn read(rest: &mut &'a str) -> Option<Self> {
                let mut left = FIELDS;
                $(
                    left -= 1;
                    let $field = field(rest, if left == 0 { LINE_END } else { FIELD_END })?;
                )+
                Some(Self { $($field,)+ entry: "" })
            }
        }
    };
}

row_text! {
    sequence,
    entry_length,
    /// In hexadecimal.
    leaf_hash,
    recorded_at,
    action,
    actor,
    request_id,
    subject,
    /// The sequence that the decision names; empty when there is none.
    decided,
    /// `=` when the decision has the same leaf hash.
    has_same_hash,
    application_id,
    number,
    id,
    decided_at,
    outcome,
    automatic,
    score,
    /// Behind `=`; empty when there is none.
    external_reference,
    submitted_by,
    received_at,
    status,
    /// The outcome at which the application stands.
    stands_at,
    version,
    amount_minor,
    currency,
    segment,
}
