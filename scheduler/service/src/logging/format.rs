//! How a line of the log is written.

/// Values of `--logging-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// klog's.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}
