//! Exact Shapley values by table look-up.
