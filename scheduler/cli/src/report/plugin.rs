//! What `longshore plugin` found out.

mod bench;
mod check;
mod inspection;
mod run;
mod test;

pub use bench::{Measured, PluginBench};
pub use check::{Checked, PluginCheck, Verdict};
pub use inspection::PluginInspection;
pub use run::{EventOf, NodeResult, PluginRun, StageResult, TurnedAway};
pub use test::{CaseResult, PluginTest};
