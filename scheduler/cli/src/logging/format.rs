//! How a line of the log is written.

use clap::ValueEnum;

/// Values of `--logging-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// klog's
    #[default]
    Text,
    /// One JSON object per line
    Json,
}
