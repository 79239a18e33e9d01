//! Tests of the whole.

/// Input that nobody means well.
mod hostile;
/// Who may import whom.
mod layering;
/// Random clusters and events.
mod properties;
/// Whole clusters and what becomes of them.
mod scenarios;
