//! The probabilities that part applications into approve, review and decline.
