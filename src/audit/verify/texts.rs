//! Many rows in a few texts.

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
pub struct Texts {
    pub rows: i64,
    /// A line for each row: its short columns, and the length of its entry.
    pub lines: String,
    /// The entries, one behind the other.
    pub entries: String,
}

impl Texts {
    /// As the database puts rows together.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
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
            application.external_reference.as_ref().map_or_else(String::new, |reference| format!("={reference}")),
            application.submitted_by.clone(),
            application.received_at.clone(),
            application.status.clone(),
            application.outcome.clone(),
            if_so(applied, application.version.to_string()),
            if_so(applied, application.amount_minor.to_string()),
            application.currency.clone(),
        ];
        self.rows += 1;
        self.lines.push_str(&fields.join(&FIELD_END.to_string()));
        self.lines.push(LINE_END);
        self.entries.push_str(&row.entry);
    }

    /// Parts the texts into rows again; `None` when they do not come out even.
    pub(super) fn rows(&self) -> Option<Vec<RowText<'_>>> {
        let mut rows = Vec::with_capacity(usize::try_from(self.rows).ok()?);
        let mut entries = self.entries.as_str();
        for line in self.lines.strip_suffix(LINE_END)?.split(LINE_END) {
            let mut row = RowText::read(line)?;
            row.entry = cut(&mut entries, row.entry_length.parse().ok()?)?;
            rows.push(row);
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
            /// Reads a line, without its entry; `None` when it has fewer fields or more.
            fn read(line: &'a str) -> Option<Self> {
                let mut fields = line.split(FIELD_END);
                $(let $field = fields.next()?;)+
                fields.next().is_none().then_some(Self { $($field,)+ entry: "" })
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
}
