//! Tests of the whole.

#![allow(clippy::unwrap_used, reason = "this crate is tests throughout")]

/// The Helm chart.
mod chart;
/// Extenders beside kept answers.
mod extended;
/// Input that nobody means well.
mod hostile;
/// Decisions from what is kept, in corners.
mod kept;
/// Who may import whom.
mod layering;
/// Pods that differ in labels only.
mod likeness;
/// Preemption in a large cluster.
mod preemption;
/// Random clusters and events.
mod properties;
/// What was recorded, run again.
mod recording;
/// What is published.
mod release;
/// Failures that are told again.
mod repeated;
/// Whole clusters and what becomes of them.
mod scenarios;
/// Classes that sit in panels, in corners.
mod seated;
/// What wakes pods.
mod waking;
