//! Where watches report to, and their times.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::told::{Bystander, Tell};

/// Where the watches of all kinds report to.
#[derive(Clone)]
pub struct Reporting {
    /// The scheduling thread.
    pub tell: Tell,
    /// Somebody else.
    pub bystander: Arc<dyn Bystander>,
    /// When something is made of an error, or of silence.
    pub times: Times,
    /// Ends every watch.
    pub stop: CancellationToken,
}

/// When something is made of an error, or of silence.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// A watch that went on and has not failed for this long works, though nothing may happen for hours. Longer than it
    /// takes to notice that nobody answers.
    pub mended_after: Duration,
    /// A watch in which nothing has happened for so long has time to tidy up.
    pub quiet_after: Duration,
    /// A kind that is forbidden from the start is believed to be so after this long: an API server that has just started
    /// does not know its own roles yet.
    pub forbidden_for: Duration,
    /// A kind of plugins that the API server says it does not have is believed to be gone after this long.
    pub missing_for: Duration,
    /// How often it is asked for kinds of plugins that it does not have.
    pub look_again: Duration,
    /// How long the first list of kinds is waited for that plugins read which are about to be exchanged for those in force.
    pub first_list: Duration,
    /// Credentials that were never accepted, and are refused for this long, will not be.
    pub refused_for: Duration,
    /// The same once they were accepted. Longer than it takes until a token that was exchanged is read: a minute.
    pub refused_later_for: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            mended_after: Duration::from_secs(37),
            quiet_after: Duration::from_secs(10),
            forbidden_for: Duration::from_secs(5),
            missing_for: Duration::from_secs(5),
            look_again: Duration::from_secs(10),
            first_list: Duration::from_secs(30),
            refused_for: Duration::from_secs(20),
            refused_later_for: Duration::from_secs(120),
        }
    }
}
