//! Every query, so that one test prepares each on every backend.

use super::{
    Db, accounts, applications, audit, data_keys, decisions, entries, idempotency, legal_holds, registry, saved_views,
    sessions, sign_ins, summaries, tallies,
};

/// Every query that one backend alone is asked, because the other spells it otherwise.
#[must_use]
pub fn of_one(backend: &Db) -> Box<dyn Iterator<Item = &'static str>> {
    match backend {
        Db::Sqlite { .. } => Box::new(audit::queries_of_sqlite()),
        Db::Postgres { .. } => Box::new(audit::queries_of_postgres()),
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
