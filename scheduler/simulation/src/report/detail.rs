//! What `--detail` adds to a document: everything that the page of `-o html` shows.

use serde::Serialize;

use super::{Capacity, NodeUse, Step, Unplaced};

/// The cluster before and after, and what was done in between.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// The nodes at the end, where the document has no such list anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<NodeUse>>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// What is left of the nodes at the end.
    pub capacity: Vec<Capacity>,
    /// Pending pods by workload and reason.
    pub unplaced: Vec<Unplaced>,
}
