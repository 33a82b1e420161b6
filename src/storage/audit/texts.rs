//! The whole log in few pieces: many rows put together by the database, handed over as one.
//!
//! A driver hands rows over one by one, from one thread to another, column by column: more work than verifying them.

use sqlx::Row as _;

use super::super::{Error, Tx, dialect::on_each_backend};
use crate::audit::verify::Texts;

/// The columns in the order and form that [`Texts`] describes. Lengths are in bytes.
macro_rules! texts {
    ($hex:literal, $as_hex:literal) => {
        concat!(
            "SELECT COUNT(*), MAX(r.sequence), string_agg(r.line, ''), string_agg(r.entry, '') FROM \
             (SELECT e.sequence, concat(e.sequence, '\u{1f}', octet_length(e.entry), '\u{1f}', ",
            $hex,
            "e.leaf_hash",
            $as_hex,
            ", '\u{1f}', e.recorded_at, '\u{1f}', e.action, '\u{1f}', e.actor, '\u{1f}', e.request_id, '\u{1f}', \
             e.subject, '\u{1f}', d.audit_sequence, '\u{1f}', CASE WHEN d.leaf_hash = e.leaf_hash THEN '=' END, \
             '\u{1f}', d.application_id, '\u{1f}', d.number, '\u{1f}', d.id, '\u{1f}', d.decided_at, '\u{1f}', \
             d.outcome, '\u{1f}', d.automatic, '\u{1f}', d.score, '\u{1f}', \
             CASE WHEN a.external_reference IS NOT NULL THEN '=' END, a.external_reference, '\u{1f}', \
             a.submitted_by, '\u{1f}', a.received_at, '\u{1f}', a.status, '\u{1f}', a.outcome, '\u{1f}', a.version, \
             '\u{1f}', a.amount_minor, '\u{1f}', a.currency, '\u{1f}', a.segment, '\u{1e}') AS line, e.entry \
             FROM audit_entries e LEFT JOIN decisions d ON d.audit_sequence = e.sequence \
             LEFT JOIN applications a ON a.id = d.application_id \
             WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2) r"
        )
    };
}

const TEXTS_SQLITE: &str = texts!("hex(", ")");
const TEXTS_POSTGRES: &str = texts!("encode(", ", 'hex')");

/// The texts of one backend alone.
pub(super) const QUERIES_SQLITE: [&str; 1] = [TEXTS_SQLITE];
pub(super) const QUERIES_POSTGRES: [&str; 1] = [TEXTS_POSTGRES];

/// Reads so many rows behind a sequence, with their copies, in order, into `texts`; gives the sequence of the last of
/// them, `None` when there are none.
///
/// # Errors
/// Besides those of the database: a column holds what is no text. Row by row it can be found which.
pub async fn texts_to_verify(
    tx: &mut Tx,
    (after, limit): (i64, u32),
    texts: &mut Texts<'static>,
) -> Result<Option<i64>, Error> {
    on_each_backend!(tx, TEXTS_SQLITE, TEXTS_POSTGRES, |connection, text| {
        let row = sqlx::query(text).bind(after).bind(i64::from(limit)).fetch_one(connection).await?;
        texts.rows = row.try_get(0)?;
        // The database's own memory is free again before the next is asked for.
        refill(texts.lines.to_mut(), row.try_get(2)?);
        refill(texts.entries.to_mut(), row.try_get(3)?);
        Ok(row.try_get(1)?)
    })
}

fn refill(buffer: &mut String, text: Option<&str>) {
    buffer.clear();
    buffer.push_str(text.unwrap_or_default());
}
