//! The volumes that are attached to nodes.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use longshore_framework::Str;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;
use longshore_framework::volume::CsiNode;

use super::csi::{self, CsiVolume};
use super::pod_volumes::{Trouble, Volumes, Whose, collect};

/// The volumes of the pods on a node, and those of VolumeAttachments that no pod accounts for.
#[derive(Clone, Default)]
pub(super) struct OnNode {
    of_pods: Volumes,
    lingering: Volumes,
    /// How many of both there are, by driver.
    counts: Vec<(Str, i64)>,
}

impl OnNode {
    /// Whether a pod on the node uses the volume.
    pub(super) fn has(&self, volume: &CsiVolume) -> bool {
        self.of_pods.contains(volume)
    }

    /// How many of a driver's volumes there are.
    pub(super) fn count(&self, driver: &str) -> i64 {
        self.counts.iter().find(|(have, _)| **have == *driver).map_or(0, |(_, count)| *count)
    }

    /// By looking at everything.
    pub(super) fn of(node: NodeView<'_>, objects: &Objects) -> Result<Self, PluginError> {
        let mut found = Self::default();
        for volume in objects.attachments_on(node.name()).filter_map(|a| csi::of_attachment(a, objects)) {
            if found.lingering.insert(volume.clone()) {
                found.count_one(&volume.driver);
            }
        }
        node.pods().iter().try_for_each(|pod| found.add(pod, objects))?;
        Ok(found)
    }

    fn add(&mut self, pod: &Pod, objects: &Objects) -> Result<(), PluginError> {
        let collected = collect(pod, objects, Whose::Existing, true, |volume, _| {
            if self.of_pods.insert(volume.clone()) && !self.lingering.remove(&volume) {
                self.count_one(&volume.driver);
            }
        });
        collected.map_err(|trouble| match trouble {
            Trouble::MissingClaim(message) => PluginError::new(message),
            Trouble::Broken(error) => error,
        })
    }

    fn count_one(&mut self, driver: &Str) {
        match self.counts.iter_mut().find(|(have, _)| have == driver) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((Arc::clone(driver), 1)),
        }
    }
}

/// What is attached to each node, as far as it was asked. A row follows its node: pods that came are added, and anything
/// else is counted anew.
#[derive(Default)]
pub(super) struct Nodes(RwLock<Rows>);

#[derive(Default)]
struct Rows {
    /// The snapshot that the slots are of.
    lineage: u64,
    rows: Vec<Option<Row>>,
}

/// A node with its limits and what is attached.
pub(super) struct Row {
    node: Str,
    pub(super) csi_node: Option<Arc<CsiNode>>,
    /// UIDs of the pods that are counted, in the order in which they lie on the node.
    pods: Vec<Str>,
    /// The generation of the node's last change that is counted.
    as_of: u64,
    /// Which drivers and classes there were.
    classes: u64,
    /// Where there is a limit; else nothing is counted.
    pub(super) found: Result<OnNode, PluginError>,
}

impl Row {
    fn is_current(&self, snapshot: &Snapshot, slot: Slot, objects: &Objects) -> bool {
        self.as_of == snapshot.changed_at(slot) && self.classes == objects.anywhere_revision()
    }

    /// The row as it is now, from what it was.
    fn next(before: Option<Self>, node: NodeView<'_>, objects: &Objects) -> Self {
        let (snapshot, slot) = (node.snapshot(), node.slot());
        let classes = objects.anywhere_revision();
        let as_of = snapshot.changed_at(slot);
        let kept = before.filter(|row| {
            row.node == *node.name()
                && row.classes == classes
                && row.as_of >= snapshot.storage_changed_at(slot)
                && row.found.is_ok()
                && row.pods.len() <= node.pods().len()
                && row.pods.iter().zip(node.pods()).all(|(uid, pod)| is_same(uid, &pod.meta.uid))
        });
        match kept {
            Some(mut row) if row.is_limited() => {
                for pod in &node.pods()[row.pods.len()..] {
                    row.pods.push(Arc::clone(&pod.meta.uid));
                    row.found = row.found.and_then(|mut found| found.add(pod, objects).map(|()| found));
                }
                Self { as_of, ..row }
            }
            Some(row) => Self { as_of, ..row },
            None => Self { as_of, classes, ..Self::of(node, objects) },
        }
    }

    /// The row of a node by looking at everything.
    pub(super) fn of(node: NodeView<'_>, objects: &Objects) -> Self {
        let mut row = Self {
            node: Arc::clone(node.name()),
            csi_node: objects.csi_nodes.get(node.name()).cloned(),
            pods: Vec::new(),
            as_of: 0,
            classes: 0,
            found: Ok(OnNode::default()),
        };
        if row.is_limited() {
            row.pods.extend(node.pods().iter().map(|pod| Arc::clone(&pod.meta.uid)));
            row.found = OnNode::of(node, objects);
        }
        row
    }

    fn is_limited(&self) -> bool {
        self.csi_node.as_ref().is_some_and(|csi_node| has_limit(csi_node))
    }
}

/// Whether the CSINode limits any driver.
pub(super) fn has_limit(csi_node: &CsiNode) -> bool {
    csi_node.drivers.iter().any(|(_, limit)| limit.is_some())
}

fn is_same(a: &Str, b: &Str) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

impl Nodes {
    /// For reading the rows of nodes as they are.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { nodes: self, rows: None }
    }

    /// Puts a row in its place, and returns what was there.
    fn place(&self, snapshot: &Snapshot, slot: Slot, row: Option<Row>) -> Option<Row> {
        let mut rows = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if rows.lineage != snapshot.lineage() {
            *rows = Rows { lineage: snapshot.lineage(), rows: Vec::new() };
        }
        if rows.rows.len() <= slot.index() {
            rows.rows.resize_with(snapshot.slots().max(slot.index() + 1), || None);
        }
        std::mem::replace(&mut rows.rows[slot.index()], row)
    }
}

/// Reads one row after the other, and brings those up to date that are not.
pub(super) struct Reader<'a> {
    nodes: &'a Nodes,
    rows: Option<RwLockReadGuard<'a, Rows>>,
}

impl Reader<'_> {
    /// What `read` finds in the row of a node as it is.
    pub(super) fn read<R>(
        &mut self,
        node: NodeView<'_>,
        objects: &Objects,
        read: impl FnOnce(&Row) -> R,
    ) -> R {
        let (snapshot, slot) = (node.snapshot(), node.slot());
        let lock = || self.nodes.0.read().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows.get_or_insert_with(lock);
        let row = rows.rows.get(slot.index()).and_then(Option::as_ref);
        let row = row.filter(|_| rows.lineage == snapshot.lineage());
        if let Some(row) = row.filter(|row| row.is_current(snapshot, slot, objects)) {
            return read(row);
        }
        self.rows = None;
        let before = self.nodes.place(snapshot, slot, None);
        let row = Row::next(before, node, objects);
        let answer = read(&row);
        self.nodes.place(snapshot, slot, Some(row));
        answer
    }
}

impl std::fmt::Debug for Nodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nodes")
    }
}
