//! The volumes that are attached to nodes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use longshore_framework::Str;
use longshore_framework::keyed::KeyedState;
use longshore_framework::objects::Objects;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;
use longshore_framework::volume::CsiNode;

use super::csi::{self, CsiVolume};
use super::pod_volumes::{Trouble, Volumes, Whose, collect};

/// The volumes of the pods on a node, and those of VolumeAttachments.
#[derive(Clone, Default)]
pub(super) struct OnNode {
    /// With how many times pods use each.
    of_pods: HashMap<CsiVolume, usize, KeyedState>,
    attached: Volumes,
    /// How many different ones there are, by driver.
    counts: Vec<(Str, i64)>,
}

impl OnNode {
    /// Whether a pod on the node uses the volume.
    pub(super) fn has(&self, volume: &CsiVolume) -> bool {
        self.of_pods.contains_key(volume)
    }

    /// How many of a driver's volumes there are.
    pub(super) fn count(&self, driver: &str) -> i64 {
        self.counts.iter().find(|(have, _)| **have == *driver).map_or(0, |(_, count)| *count)
    }

    /// Without pods.
    fn attached(node: &Str, objects: &Objects) -> Self {
        let mut found = Self::default();
        for volume in objects.attachments_on(node).filter_map(|a| csi::of_attachment(a, objects)) {
            found.count_by(&volume.driver, i64::from(!found.attached.contains(&volume)));
            found.attached.insert(volume);
        }
        found
    }

    fn add(&mut self, volumes: &[CsiVolume]) {
        for volume in volumes {
            match self.of_pods.get_mut(volume) {
                Some(uses) => *uses += 1,
                None => {
                    self.of_pods.insert(volume.clone(), 1);
                    self.count_by(&volume.driver, i64::from(!self.attached.contains(volume)));
                }
            }
        }
    }

    fn remove(&mut self, volumes: &[CsiVolume]) {
        for volume in volumes {
            match self.of_pods.get_mut(volume) {
                Some(uses) if *uses > 1 => *uses -= 1,
                Some(_) => {
                    self.of_pods.remove(volume);
                    self.count_by(&volume.driver, -i64::from(!self.attached.contains(volume)));
                }
                None => {}
            }
        }
    }

    fn count_by(&mut self, driver: &Str, more: i64) {
        match self.counts.iter_mut().find(|(have, _)| have == driver) {
            Some((_, count)) => *count += more,
            None => self.counts.push((Arc::clone(driver), more)),
        }
    }
}

/// A pod that is counted, and what it uses.
struct CountedPod {
    uid: Str,
    volumes: Box<[CsiVolume]>,
}

impl CountedPod {
    fn of(pod: &Pod, objects: &Objects) -> Result<Self, PluginError> {
        let mut volumes = Vec::new();
        let collected = collect(pod, objects, Whose::Existing, true, |volume, _| volumes.push(volume));
        collected.map_err(|trouble| match trouble {
            Trouble::MissingClaim(message) => PluginError::new(message),
            Trouble::Broken(error) => error,
        })?;
        Ok(Self { uid: Arc::clone(&pod.meta.uid), volumes: volumes.into() })
    }

    fn is(&self, pod: &Pod) -> bool {
        Arc::ptr_eq(&self.uid, &pod.meta.uid) || self.uid == pod.meta.uid
    }
}

/// What is attached to each node, as far as it was asked. A row follows its node: pods that came are added and those that left
/// are taken away; where anything else changed all is counted anew.
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
    /// The pods that are counted, in the order in which they lie on the node; of none when something broke.
    pods: Vec<CountedPod>,
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
        });
        match kept {
            Some(mut row) => {
                if row.is_limited() {
                    row.follow(node.pods(), objects);
                }
                Self { as_of, ..row }
            }
            None => Self { as_of, classes, ..Self::of(node, objects) },
        }
    }

    /// Takes in which pods are on the node now. One that leaves has its place taken by the last one, so few lie elsewhere than before.
    fn follow(&mut self, pods: &[Arc<Pod>], objects: &Objects) {
        let Ok(found) = &mut self.found else { return };
        let stay = self.pods.iter().zip(pods).take_while(|(counted, pod)| counted.is(pod)).count();
        let mut others = self.pods.split_off(stay);
        for pod in &pods[stay..] {
            if let Some(at) = others.iter().position(|counted| counted.is(pod)) {
                self.pods.push(others.swap_remove(at));
                continue;
            }
            match CountedPod::of(pod, objects) {
                Ok(counted) => {
                    found.add(&counted.volumes);
                    self.pods.push(counted);
                }
                Err(error) => {
                    (self.found, self.pods) = (Err(error), Vec::new());
                    return;
                }
            }
        }
        others.iter().for_each(|gone| found.remove(&gone.volumes));
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
            row.found = Ok(OnNode::attached(node.name(), objects));
            row.follow(node.pods(), objects);
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
