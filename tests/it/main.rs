//! The one integration binary: what a user, an integrator or an attacker meets.

#[path = "../architecture.rs"]
mod architecture;
#[path = "../licences.rs"]
mod licences;

mod app;

mod applications;
mod bodies;
mod documents;
mod envelope;
mod headers;
mod idempotency;
mod lists;
mod logs;
mod registry;
mod reviews;
mod roles;
mod serving;
mod stopping;
mod tokens;
