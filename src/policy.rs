//! The lender's policy: rules, cut-offs, score scaling, grades, and which reasons are stated.

pub mod cut_offs;
pub mod reasons;
pub mod rules;
