//! Flags of what is recorded.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longshore_service::options::RecordingOptions;

use super::PluginArgs;
use super::gates::RuleArgs;
use super::run::{ClusterArgs, LoggingArgs};
use super::values::{bytes, duration};

const HEADING: &str = "Recording";

/// What `longshore record` says at the end of its help.
pub(crate) const HELP: &str = "\
Everything that scheduling reads is watched, as `longshore run` watches it, and kept: no environment, no secrets, no \
annotations but those that scheduling reads. Nothing is written to the cluster and no Lease is taken: get, list and watch \
are all the rights that it needs (docs/recording.md has the role). It runs until it is told to end.

Examples:
  longshore record --from-cluster /var/lib/longshore/recording";

/// What `longshore run` records.
#[derive(Args, Clone, Debug)]
pub struct RecordArgs {
    /// Keep what is decided and from what in this folder, for `longshore replay` and `longshore explain --recording`
    #[arg(help_heading = HEADING, long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// How much is kept.
    #[command(flatten)]
    pub limits: KeepArgs,
}

/// How much of a recording is kept.
#[derive(Args, Clone, Copy, Debug)]
pub struct KeepArgs {
    /// How many bytes a recording has at the most, such as 512Mi or 4Gi; its oldest parts are removed
    #[arg(help_heading = HEADING, long, value_name = "SIZE", default_value = "1Gi", value_parser = bytes)]
    pub record_size: u64,
    /// How old the parts of a recording become before they are removed
    #[arg(help_heading = HEADING, long, value_name = "DURATION", default_value = "168h", value_parser = duration)]
    pub record_age: Duration,
}

impl From<&RecordArgs> for RecordingOptions {
    fn from(args: &RecordArgs) -> Self {
        Self { folder: args.record.clone(), limits: args.limits.into() }
    }
}

impl From<KeepArgs> for longshore_recording::Limits {
    fn from(args: KeepArgs) -> Self {
        Self::of(args.record_size, args.record_age)
    }
}

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
