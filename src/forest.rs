//! Forests of symmetric trees: scoring them and explaining their scores exactly.

pub mod score;
pub mod shap;
pub mod tree;

#[cfg(test)]
pub(crate) mod random;
