//! From an untrusted form to a checked application, with every fault at once.
