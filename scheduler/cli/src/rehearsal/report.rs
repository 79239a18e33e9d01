//! What `longshore plugin` found out.

mod bench;
mod check;
mod inspection;
mod run;
mod test;

pub(crate) use bench::{Measured, PluginBench};
pub(crate) use check::{Checked, PluginCheck, Verdict};
pub(crate) use inspection::PluginInspection;
pub(crate) use run::{EventOf, NodeResult, PluginRun, StageResult};
pub(crate) use test::{CaseResult, PluginTest};
