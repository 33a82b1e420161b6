//! Training a model from a file of past loans.
