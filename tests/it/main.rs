//! The one integration binary: what a user, an integrator or an attacker meets.

#[path = "../architecture.rs"]
mod architecture;
#[expect(dead_code, reason = "the example that takes pictures asks for more of it")]
#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/crash.rs"]
mod crash;
#[path = "../licences.rs"]
mod licences;
#[expect(dead_code, reason = "the load generator measures with it too")]
#[path = "../support/peer.rs"]
mod peer;
#[expect(dead_code, reason = "the tests of the store ask for more of it")]
#[path = "../support/store.rs"]
mod store;

mod app;

mod applications;
mod backups;
mod bodies;
mod canary;
mod chromium;
mod commands;
mod console;
mod crashes;
mod deployment;
mod documents;
mod envelope;
mod exports;
mod faults;
mod headers;
mod idempotency;
mod imports;
mod interrupted;
mod lists;
mod logs;
mod notices;
mod overload;
mod promotions;
mod registry;
mod replicas;
mod reviews;
mod roles;
mod serving;
mod stopping;
mod taking_away;
mod tokens;
mod traces;
mod users;
