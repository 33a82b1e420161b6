//! What the trade talks about: applications, decisions, money, probabilities, reasons, principals.

pub mod account;
pub mod applicant_search;
pub mod application;
pub mod canonical;
pub mod decision;
pub mod fault;
mod form;
pub mod id;
pub mod intake;
pub mod language;
pub mod letter;
pub mod look;
pub mod money;
pub mod principal;
pub mod probability;
pub mod reason;
pub mod review;
pub mod text;
pub mod timestamp;
