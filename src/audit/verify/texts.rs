//! Many rows in a few texts.

use super::{ApplicationCopy, DecisionCopy, Row};

/// Ends a field of a line.
const FIELD_END: char = '\u{1f}';
/// Ends a line.
const LINE_END: char = '\u{1e}';
/// How many fields a line has.
const FIELDS: usize = 24;

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
            let mut fields = [""; FIELDS];
            let mut parts = line.split(FIELD_END);
            for field in &mut fields {
                *field = parts.next()?;
            }
            if parts.next().is_some() {
                return None;
            }
            let [
                sequence,
                entry_length,
                leaf_hash,
                recorded_at,
                action,
                actor,
                request_id,
                subject,
                decided,
                has_same_hash,
                application_id,
                number,
                id,
                decided_at,
                outcome,
                automatic,
                external_reference,
                submitted_by,
                received_at,
                status,
                stands_at,
                version,
                amount_minor,
                currency,
            ] = fields;
            rows.push(RowText {
                sequence,
                leaf_hash,
                recorded_at,
                action,
                actor,
                request_id,
                subject,
                decided,
                has_same_hash,
                application_id,
                number,
                id,
                decided_at,
                outcome,
                automatic,
                external_reference,
                submitted_by,
                received_at,
                status,
                stands_at,
                version,
                amount_minor,
                currency,
                entry: cut(&mut entries, entry_length.parse().ok()?)?,
            });
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

/// One row. A number is written as such; what is not there is empty.
#[derive(Debug)]
pub(super) struct RowText<'a> {
    pub(super) sequence: &'a str,
    /// In hexadecimal.
    pub(super) leaf_hash: &'a str,
    pub(super) recorded_at: &'a str,
    pub(super) action: &'a str,
    pub(super) actor: &'a str,
    pub(super) request_id: &'a str,
    pub(super) subject: &'a str,
    /// The sequence that the decision names; empty when there is none.
    pub(super) decided: &'a str,
    /// `=` when the decision has the same leaf hash.
    pub(super) has_same_hash: &'a str,
    pub(super) application_id: &'a str,
    pub(super) number: &'a str,
    pub(super) id: &'a str,
    pub(super) decided_at: &'a str,
    pub(super) outcome: &'a str,
    pub(super) automatic: &'a str,
    /// Behind `=`; empty when there is none.
    pub(super) external_reference: &'a str,
    pub(super) submitted_by: &'a str,
    pub(super) received_at: &'a str,
    pub(super) status: &'a str,
    /// The outcome at which the application stands.
    pub(super) stands_at: &'a str,
    pub(super) version: &'a str,
    pub(super) amount_minor: &'a str,
    pub(super) currency: &'a str,
    pub(super) entry: &'a str,
}
