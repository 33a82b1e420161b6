//! Every query, so that one test prepares each on every backend.

use super::{
    Db, accounts, applications, audit, data_keys, decisions, entries, idempotency, legal_holds, registry,
    rows::{Insertion, MOST_ROWS},
    saved_views, sessions, sign_ins, summaries, tallies,
};

/// Every query that one backend alone is asked, because the other spells it otherwise.
#[must_use]
pub fn of_one(backend: &Db) -> Vec<String> {
    let insertions: [&Insertion; 6] = [
        &applications::INSERT,
        &audit::INSERT_ENTRIES,
        &audit::INSERT_NODES,
        &data_keys::INSERT,
        &decisions::INSERT,
        &idempotency::INSERT,
    ];
    match backend {
        Db::Sqlite { .. } => {
            let numbers = [1, MOST_ROWS];
            let of_numbers = numbers.into_iter().flat_map(|number| {
                let insertions = insertions.into_iter().map(move |insertion| insertion.of_rows(number));
                insertions.chain([idempotency::find_in_sqlite(number)])
            });
            audit::queries_of_sqlite().map(str::to_owned).chain(of_numbers).collect()
        }
        Db::Postgres { .. } => {
            let of_arrays = insertions.into_iter().map(|insertion| insertion.of_arrays);
            let fixed = audit::queries_of_postgres().chain(idempotency::QUERIES_OF_POSTGRES);
            fixed.chain(of_arrays).map(str::to_owned).collect()
        }
    }
}

/// The text of every query that both are asked.
pub fn all() -> impl Iterator<Item = &'static str> {
    applications::queries()
        .chain(audit::queries())
        .chain(data_keys::queries())
        .chain(decisions::queries())
        .chain(entries::queries())
        .chain(idempotency::queries())
        .chain(registry::queries())
        .chain(legal_holds::QUERIES)
        .chain(accounts::QUERIES)
        .chain(sessions::QUERIES)
        .chain(sign_ins::QUERIES)
        .chain(saved_views::QUERIES)
        .chain(summaries::QUERIES)
        .chain(tallies::QUERIES)
}
