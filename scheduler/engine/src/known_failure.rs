//! Why a pod fits nowhere, as it is told of every pod of its class as long as nothing changes.

use longshore_framework::plugin::Nomination;

use crate::attempt::RejectedNodes;
use crate::plugin_set::PluginSet;

/// What came of a pod that fits nowhere and for which nothing could be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownFailure {
    /// All that is said to people, what PostFilter said included.
    pub(crate) message: String,
    pub(crate) rejected_by: PluginSet,
    pub(crate) pending_on: PluginSet,
    /// What becomes of a nomination; `None` when there was no PostFilter to ask.
    pub(crate) nomination: Option<Nomination>,
    /// By reason, when it is kept with attempts.
    pub(crate) rejected: Vec<RejectedNodes>,
}
