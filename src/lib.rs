//! Underwright decides loan applications.
//!
//! Reading order: [`domain`] says what an application and a decision are; [`features`] turns an
//! application into numbers; [`forest`] scores and explains them; [`model`] is a forest with its
//! calibration, reasons and proof of identity; [`policy`] turns a probability into an outcome;
//! [`decide`] is all of that in one pure function; [`audit`] is the log that proves what was
//! decided. Everything above [`training`] is pure: no input or output, no clock, no randomness.
//! The edges follow: [`training`], [`storage`], [`auth`]; then the use cases in [`service`], the
//! only place where a transaction is opened; then [`http`] and [`cli`].

pub mod domain;
pub mod features;
pub mod forest;
pub mod model;
pub mod policy;

pub mod decide;

pub mod audit;

pub mod monitor;

pub mod training;

pub mod clock;
pub mod config;
pub mod crypto;
pub mod telemetry;

pub mod storage;

pub mod export;

pub mod auth;

pub mod service;

pub mod cli;
pub mod http;

#[cfg(test)]
#[path = "../tests/support/store.rs"]
mod store;
