//! Flags about what is measured on nodes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;

/// What is measured on nodes.
#[derive(Args, Clone, Debug, Default)]
pub struct MetricsArgs {
    /// What is measured on nodes, for plugins that read it: the JSON of a load watcher, in place of what sources say
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// How old these values are, such as 5m
    #[arg(long, value_name = "DURATION", requires = "metrics", value_parser = values::duration)]
    pub metrics_age: Option<Duration>,
}
