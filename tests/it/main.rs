//! Tests of the whole.

/// Who may import whom.
mod layering;
