//! `longshore replay`.

use std::path::PathBuf;

use clap::Args;
use longshore_framework::Timestamp;

use super::values::time;
use super::{DataFormat, PluginArgs, Verbosity};

/// What `longshore replay` says at the end of its help.
pub(crate) const HELP: &str = "\
A recording has one or more stretches: one for each start of the scheduler, and one after each place where something is \
missing. What begins at the start of a scheduler has to come out the same in everything, ties included; the first thing that \
does not is shown with the call of the engine that it came from. Where the oldest part was removed a stretch begins with a \
checkpoint: there the recorded node is taken among equally good ones. The exit code is 1 when something differs, or \
cannot be read.

Examples:
  # Does everything come out as it was decided?
  longshore replay /var/lib/longshore/recording

  # Every attempt at a pod
  longshore replay /var/lib/longshore/recording --pod shop/checkout-7d9f4";

/// `longshore replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// The folder of the recording
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// No further than this time, such as 2026-03-01T04:05:06Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,
    /// Show every attempt at this pod, NAMESPACE/NAME
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub pod: Option<String>,
    /// This KubeSchedulerConfiguration in place of the one that was recorded, where modules of plugins are elsewhere now
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Plugins in WebAssembly.
    #[command(flatten)]
    pub plugins: PluginArgs,
    /// Output as a document in place of text
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<DataFormat>,
}
