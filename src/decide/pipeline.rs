//! Application + model + policy + now → decision.
