//! Score points from log-odds.
