//! How many devices of a class a node sees, for plugins that score extended resources which devices are given for.

use std::sync::Arc;

use longshore_framework::device::DeviceClass;
use longshore_framework::node::Node;
use longshore_framework::objects::Objects;

use super::allocator;
use super::gates::SliceRules;
use super::kept::Kept;

/// Counts, and keeps what it needs for that.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    kept: Kept,
}

impl Counter {
    /// The devices of the class on the node, and how many of them are in use; `None` where a selector of the class fails.
    pub(crate) fn on(&self, objects: &Objects, class: &DeviceClass, node: &Arc<Node>) -> Option<(i64, i64)> {
        // Taints do not change what is counted.
        let pools = self.kept.pools_of(&objects.slices, node, SliceRules::default());
        let in_use = objects.resource_claims.in_use();
        let (all, used) = allocator::count(&pools, class, node, in_use, &self.kept.selectors)?;
        Some((i64::try_from(all).unwrap_or(i64::MAX), i64::try_from(used).unwrap_or(i64::MAX)))
    }
}
