//! Every query, so that one test prepares each on every backend.

use super::{
    accounts, applications, audit, data_keys, decisions, entries, idempotency, legal_holds, registry, saved_views,
    sessions, sign_ins, summaries, tallies,
};

/// The text of every query.
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
