//! The cluster as a question finds it.

use longshore_framework::objects::Objects;
use longshore_framework::plugin::Cycle;
use longshore_framework::snapshot::Snapshot;

/// What an instance is told of before it is asked, as far as it is at hand.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cluster<'a> {
    pub(crate) snapshot: Option<&'a Snapshot>,
    pub(crate) objects: Option<&'a Objects>,
}

impl<'a> Cluster<'a> {
    /// All of it.
    pub(crate) fn of(snapshot: &'a Snapshot, objects: &'a Objects) -> Self {
        Self { snapshot: Some(snapshot), objects: Some(objects) }
    }

    /// All of it but pods and nodes.
    pub(crate) fn of_objects(objects: &'a Objects) -> Self {
        Self { snapshot: None, objects: Some(objects) }
    }
}

impl<'a> From<Cycle<'a>> for Cluster<'a> {
    fn from(cx: Cycle<'a>) -> Self {
        Self::of(cx.snapshot, cx.objects)
    }
}
