//! `longshore record`.

use std::path::PathBuf;

use clap::Args;

use super::PluginArgs;
use super::gates::RuleArgs;
use super::keep::KeepArgs;
use super::run::{ClusterArgs, LoggingArgs};

/// What `longshore record` says at the end of its help.
pub(crate) const HELP: &str = "\
Everything that scheduling reads is watched, as `longshore run` watches it, and kept: no environment, no secrets, no \
annotations but those that scheduling reads. Nothing is written to the cluster and no Lease is taken: get, list and watch \
are all the rights that it needs (docs/recording.md has the role). It runs until it is told to end.

Examples:
  longshore record --from-cluster /var/lib/longshore/recording";

/// `longshore record`.
#[derive(Args, Debug)]
pub struct RecordCommandArgs {
    /// The cluster is watched, and another scheduler serves it
    #[arg(long, required = true)]
    pub from_cluster: bool,
    /// Where the recording is kept; made if it is not there
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How much is kept.
    #[command(flatten)]
    pub limits: KeepArgs,
    /// A KubeSchedulerConfiguration, by which the recording is explained and compared later. Without it the default profile
    /// stands for that of the other scheduler
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Plugins in WebAssembly.
    #[command(flatten)]
    pub plugins: PluginArgs,
    /// Whose rules are followed.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The log.
    #[command(flatten)]
    pub logging: LoggingArgs,
}
