//! Whatever is done to a stored row of the log, or to what is kept beside it, is found. `examples/tamper` does all of it.

use proptest::{prelude::*, sample::Index, test_runner::TestCaseError};

use super::*;

/// The tables that the log answers for, and in what order their rows stand.
const TABLES: [(&str, &str); 6] = [
    ("audit_entries", "sequence"),
    ("decisions", "audit_sequence"),
    ("applications", "id"),
    ("audit_nodes", "level"),
    ("audit_head", "id"),
    ("idempotency_keys", "key"),
];

#[derive(Debug, Clone)]
enum Tampering {
    /// One bit of one byte of a value.
    Change {
        row: Index,
        column: Index,
        place: f64,
        bit: u8,
    },
    Removal {
        row: Index,
    },
    /// Two rows change places: everything of them but by what they are found.
    Swap {
        row: Index,
        other: Index,
    },
    /// A row once more, under another key.
    Doubling {
        row: Index,
    },
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), index(), 0.0..=1.0, 0..7_u8)
            .prop_map(|(row, column, place, bit)| Tampering::Change { row, column, place, bit }),
        1 => index().prop_map(|row| Tampering::Removal { row }),
        1 => (index(), index()).prop_map(|(row, other)| Tampering::Swap { row, other }),
        1 => index().prop_map(|row| Tampering::Doubling { row }),
    ]
}

impl Copy {
    async fn ask<T>(&mut self, query: &str) -> Vec<T>
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut self.connection).await.unwrap()
    }

    /// How many rows a table has, and its columns; the first is what the rows are found by.
    async fn shape(&mut self, table: &str, order: &str) -> (usize, Vec<String>) {
        let rows = self.ask::<i64>(&format!("SELECT COUNT(*) FROM {table}")).await[0];
        let mut columns: Vec<String> = self.ask(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
        columns.sort_by_key(|column| column != order);
        (usize::try_from(rows).unwrap(), columns)
    }

    /// Does it; `false` where it would change nothing.
    async fn tamper(&mut self, (table, order): (&str, &str), tampering: &Tampering) -> bool {
        let (rows, columns) = self.shape(table, order).await;
        let at =
            |row: &Index| format!("(SELECT {order} FROM {table} ORDER BY {order} LIMIT 1 OFFSET {})", row.index(rows));
        match tampering {
            Tampering::Change { row, column, place, bit } => {
                let column = &columns[column.index(columns.len())];
                let at = format!("{order} = {}", at(row));
                let values = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {at} AND {column} IS NOT NULL");
                let Some(mut value) = self.ask::<Vec<u8>>(&values).await.pop() else { return false };
                let kind =
                    self.ask::<String>(&format!("SELECT typeof({column}) FROM {table} WHERE {at}")).await.remove(0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "a place within a short text"
                )]
                let index = (value.len().saturating_sub(1) as f64 * place).round() as usize;
                // A digit stays one: whatever else stood for a number would be none.
                let bit = if kind == "integer" { 0 } else { *bit };
                let Some(byte) = value.get_mut(index) else { return false };
                *byte ^= 1 << bit;
                let new = match kind.as_str() {
                    "integer" => "CAST(CAST($1 AS TEXT) AS INTEGER)",
                    "text" => "CAST($1 AS TEXT)",
                    _ => "$1",
                };
                let update = format!("UPDATE OR REPLACE {table} SET {column} = {new} WHERE {at}");
                sqlx::query(sqlx::AssertSqlSafe(update)).bind(value).execute(&mut self.connection).await.unwrap();
            }
            Tampering::Removal { row } => {
                self.execute(&format!("DELETE FROM {table} WHERE {order} = {}", at(row))).await;
            }
            Tampering::Swap { row, other } if row.index(rows) == other.index(rows) => return false,
            Tampering::Swap { row, other } => {
                let rest = columns[1..].join(", ");
                self.execute(&format!(
                    "CREATE TEMP TABLE two AS SELECT * FROM {table} WHERE {order} IN ({one}, {two}); \
                     UPDATE OR REPLACE {table} SET ({rest}) = (SELECT {rest} FROM two WHERE two.{order} <> {table}.{order}) \
                     WHERE {order} IN (SELECT {order} FROM two);",
                    one = at(row),
                    two = at(other),
                ))
                .await;
            }
            Tampering::Doubling { row } => {
                let rest = columns[1..].join(", ");
                self.execute(&format!(
                    "INSERT OR IGNORE INTO {table} ({order}, {rest}) SELECT {order} || '0', {rest} FROM {table} WHERE {order} = {}",
                    at(row)
                ))
                .await;
                return self.shape(table, order).await.0 > rows;
            }
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_done_to_a_stored_row_is_found(table in prop::sample::select(&TABLES[..]), tampering in tampering()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut copy = Copy::new().await;
            if copy.tamper(table, &tampering).await {
                let report = copy.verify().await;
                prop_assert!(!report.intact && report.message.is_some());
                let is_entry = table.0 == "audit_entries";
                prop_assert!(!is_entry || report.finding.is_some_and(|finding| finding.sequence.is_some()));
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
