//! Who is told what guests do.

use std::time::Duration;

use crate::failure::FailureKind;

/// Is told what guests do. Called from whichever thread runs the guest; must be quick.
pub trait Observe: Send + Sync {
    /// A guest was called, for so long, and answered, if only to say that it failed; or it did not answer.
    fn called(&self, _plugin: &str, _stage: &'static str, _took: Duration, _answered: bool) {}
    /// A call came to nothing.
    fn failed(&self, _plugin: &str, _stage: &'static str, _kind: FailureKind, _message: &str) {}
    /// The plugin is not called any more, or is called again.
    fn breaker(&self, _plugin: &str, _open: bool, _why: &str) {}
    /// An instance was made.
    fn instance_made(&self, _plugin: &str) {}
    /// An instance is gone.
    fn instance_gone(&self, _plugin: &str) {}
    /// So many bytes more, or less, are held by the plugin's instances.
    fn memory(&self, _plugin: &str, _change: i64) {}
    /// A line or an event of the plugin was dropped, because there were too many.
    fn dropped(&self, _plugin: &str) {}
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Observe for Nobody {}
