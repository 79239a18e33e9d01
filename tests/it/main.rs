//! Tests of the whole.

/// Who may import whom.
mod layering;
/// Random clusters and events.
mod properties;
