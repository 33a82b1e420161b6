//! Leaving no copy of what was deleted.

use super::{Db, Error};

impl Db {
    /// Clears the files beside the database of what was deleted; what is deleted in the file itself is overwritten by
    /// `secure_delete`. False when a reader still needs the write-ahead log: the next checkpoint clears it then.
    pub async fn scrub(&self) -> Result<bool, Error> {
        match self {
            Self::Sqlite { writer, .. } => {
                let (busy, _, _): (i64, i64, i64) =
                    sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&writer.pool()).await?;
                Ok(busy == 0)
            }
            // A deleted row stays in the table's file until it is vacuumed, which is the operator's to say: it is in
            // docs/privacy.md.
            Self::Postgres { .. } => Ok(true),
        }
    }
}
