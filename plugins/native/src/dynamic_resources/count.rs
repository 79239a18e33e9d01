//! How many devices of a class a node sees, for plugins that score extended resources which devices are given for.

use std::sync::Arc;

use longshore_framework::device::DeviceClass;
use longshore_framework::node::Node;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::Cycle;
use longshore_framework::snapshot::Slot;

use super::allocator;
use super::gates::SliceRules;
use super::kept::Kept;

/// The devices that count for a resource on nodes which do not have it themselves.
pub(crate) struct OfResource<'a> {
    cx: Cycle<'a>,
    class: &'a DeviceClass,
    counter: &'a Counter,
}

impl<'a> OfResource<'a> {
    /// Those of the class that stands for the resource, if there is one.
    pub(crate) fn find(cx: Cycle<'a>, resource: &str, counter: &'a Counter) -> Option<Self> {
        Some(Self { cx, class: cx.objects.device_class_for(resource)?, counter })
    }

    /// What the node has, and what of that counts as used, given what it has itself.
    pub(crate) fn at(&self, slot: Slot, own: (i64, i64)) -> (i64, i64) {
        if own.0 != 0 {
            return own;
        }
        let counted = self.counter.on(self.cx.objects, self.class, self.cx.snapshot.node(slot));
        counted.filter(|(all, _)| *all > 0).unwrap_or(own)
    }
}

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
