//! How long guests may take, and what becomes of those that fail.

use std::time::Duration;

/// A call may take so many times as long as `limits.time` says where the cluster stands still, and no less than
/// [`AT_LEAST`]: only a call without end takes that long, however busy the machine is.
const TIMES: u32 = 20;
/// The least that a call may take then.
const AT_LEAST: Duration = Duration::from_secs(30);

/// How long guests may take, and what becomes of those that fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// A cluster waits: limits hold to the millisecond, and a plugin that keeps failing is not asked for a while.
    #[default]
    Live,
    /// The cluster stands still, and the same input is to give the same answer however busy the machine is: a plugin is
    /// asked whatever it did before, and a call is ended only when nothing else would end it.
    Endless,
}

impl Patience {
    /// How long a call may take that has `limit` by its settings.
    pub(crate) fn with(self, limit: Duration) -> Duration {
        match self {
            Self::Live => limit,
            Self::Endless => limit.saturating_mul(TIMES).max(AT_LEAST),
        }
    }
}
