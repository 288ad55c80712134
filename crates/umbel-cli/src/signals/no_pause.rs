//! Ctrl-Z, where terminals have no such thing.

/// Does nothing.
pub fn pause_tidily() {}
