//! Scoring: the same margin as the plain definition, to the bit, in a fraction of the time.
