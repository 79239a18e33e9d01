//! Flags of what is kept of a recording.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longshore_service::options::RecordingOptions;

use super::values::{bytes, duration};

const HEADING: &str = "Recording";

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
