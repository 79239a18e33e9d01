//! One plugin alone: loaded as a profile would load it, and asked stage by stage about a cluster that stands still.
//!
//! ```text
//! source ──▶ bytes ─┐
//! given ──▶ settings ├─▶ subject ─┐
//!                    │            ├─▶ turn: what it answers at every stage
//! manifests ──▶ scene ┴───────────┘
//! ```

pub(crate) mod given;
pub(crate) mod hear;
pub(crate) mod made_up;
pub(crate) mod report;
pub(crate) mod scene;
pub(crate) mod source;
pub(crate) mod subject;
pub(crate) mod turn;

pub(crate) use scene::Scene;
pub(crate) use subject::{Setup, Subject};
pub(crate) use turn::{Last, Turn, take};
