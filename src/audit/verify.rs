//! Recomputing a log, and naming the first entry that is not what it was.
