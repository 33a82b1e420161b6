//! The one integration binary: what a user, an integrator or an attacker meets.

#[path = "../architecture.rs"]
mod architecture;
#[path = "../licences.rs"]
mod licences;
