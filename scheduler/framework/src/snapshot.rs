//! The cluster as a decision sees it, in columns.
//!
//! A node is a [`Slot`]: an index that is valid as long as the node lives. What filters and scorers read of every node
//! lies in flat columns indexed by slot; what they read of few lies in per-slot lists. Every change raises the
//! generation and is appended to a dirty log, so that whoever keeps an answer per node can re-evaluate only the slots
//! that changed since. What concerns all nodes at once raises the epoch instead: then everything is looked at again.

mod brief;
mod by_label;
mod claim_users;
mod columns;
mod derived;
mod dirty;
mod matching;
mod order;
mod terms;
mod topology;
pub mod view;

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

pub use brief::PodBrief;
pub use columns::{CPU_ID, EPHEMERAL_ID, MEMORY_ID, ResourceColumn, ResourceId};
pub use derived::Derived;
pub use dirty::Changed;
pub use matching::{NamespaceSet, PodColumn, PodQuery};
pub use terms::{TermNumber, Terms};
pub use topology::{NO_DOMAIN, TopologyColumn};
use view::NodeView;

use crate::Str;
use crate::bitset::BitSet;
use crate::images::ImageTable;
use crate::lineage::Lineage;
use crate::node::Node;
use crate::objects::Concern;
use crate::pod::Pod;
use crate::ports::UsedPorts;
use crate::resources::Amounts;
use claim_users::ClaimUsers;
use columns::ResourceColumns;
use dirty::{DirtyLog, Generations};
use matching::PodColumns;
use order::NodeOrder;
use topology::Topologies;

/// The index of a node in every column. A slot is reused after its node is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

impl Slot {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<usize> for Slot {
    /// # Panics
    /// Never for a real cluster: beyond four thousand million nodes the number wraps.
    fn from(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// The columns. Read by plugins, changed by the engine's cache only.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    nodes: Vec<Arc<Node>>,
    live: BitSet,
    free: Vec<Slot>,
    by_name: FxHashMap<Str, Slot>,
    order: NodeOrder,
    /// Made when it is asked for, after nodes came or went.
    name_ranks: OnceLock<Vec<u32>>,
    resources: ResourceColumns,
    pod_counts: Vec<i64>,
    allowed_pods: Vec<i64>,
    pods_left: Vec<i64>,
    nonzero_cpu: Vec<i64>,
    nonzero_memory: Vec<i64>,
    pods: Vec<Vec<Arc<Pod>>>,
    /// In the order of the pods.
    briefs: Vec<Vec<PodBrief>>,
    ports: Vec<UsedPorts>,
    /// Slots of cordoned nodes, and of nodes with any taint.
    cordoned: BitSet,
    tainted: BitSet,
    /// Slots with a pod that has any pod affinity term, and with one that has a required anti-affinity term.
    terms: Terms,
    with_affinity: BitSet,
    with_required_anti_affinity: BitSet,
    claim_users: ClaimUsers,
    images: ImageTable,
    /// Built when first asked for, by whichever worker asks, and kept up to date after.
    topologies: Topologies,
    /// Likewise.
    matching: PodColumns,
    dirty: DirtyLog,
    epoch: u64,
    images_revision: u64,
    /// The generation at which a storage object last changed that concerns the node.
    storage_changed: Generations,
    attempt: u64,
    lineage: Lineage,
}

/// What is asked of all nodes.
impl Snapshot {
    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// The length of every column: no slot in use is as large.
    pub fn slots(&self) -> usize {
        self.nodes.len()
    }

    /// The slots in use.
    pub fn live(&self) -> &BitSet {
        &self.live
    }

    /// The slot of the node called `name`.
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.by_name.get(name).copied()
    }

    /// The slots in kube-scheduler's search order: zone by zone in turn, nodes of a zone in order of arrival.
    pub fn order(&self) -> &[Slot] {
        self.order.slots()
    }

    /// The place of every node in the order of names, by slot; anything for slots that are not in use.
    pub fn name_ranks(&self) -> &[u32] {
        self.name_ranks.get_or_init(|| {
            let mut named: Vec<(&Str, Slot)> =
                self.by_name.iter().map(|(name, slot)| (name, *slot)).collect();
            named.sort_unstable();
            let mut ranks = vec![u32::MAX; self.slots()];
            for (rank, (_, slot)) in (0..).zip(named) {
                ranks[slot.index()] = rank;
            }
            ranks
        })
    }

    /// The number of a resource, if any node offers it or any pod holds some.
    pub fn resource(&self, name: &str) -> Option<ResourceId> {
        self.resources.id(name)
    }

    /// Names of all resources with a column, with their ids.
    pub fn resource_names(&self) -> impl Iterator<Item = (ResourceId, &Str)> {
        self.resources.names()
    }

    /// The name of a resource.
    pub fn resource_name(&self, resource: ResourceId) -> &Str {
        self.resources.name(resource)
    }

    /// What nodes offer of a resource, and what their pods hold.
    pub fn column(&self, resource: ResourceId) -> ResourceColumn<'_> {
        self.resources.column(resource)
    }

    /// By slot, 1 divided by what the node offers of a resource, for whoever would divide by that many times; not a number
    /// where the node offers nothing, less, or more than 2⁴⁴. `None` for a resource that has no cell for every node.
    pub fn reciprocals(&self, resource: ResourceId) -> Option<&[f64]> {
        self.resources.reciprocals(resource)
    }

    /// By slot, how much of a resource is left for more pods; −1 where pods hold more than there is. `None` for a resource
    /// that has no cell for every node.
    pub fn left(&self, resource: ResourceId) -> Option<&[i64]> {
        self.resources.left(resource)
    }

    /// The same of pods: how many more are allowed.
    pub fn pods_left(&self) -> &[i64] {
        &self.pods_left
    }

    /// How many cells there is memory for in the columns of all resources: it grows with what there is, and not with the
    /// number of nodes times that of resources.
    pub fn resource_cells(&self) -> usize {
        self.resources.allocated()
    }

    /// Number of pods, by slot.
    pub fn pod_counts(&self) -> &[i64] {
        &self.pod_counts
    }

    /// Allocatable pods, by slot.
    pub fn allowed_pods(&self) -> &[i64] {
        &self.allowed_pods
    }

    /// Thousandths of a core held by pods, those without a request counted with the default, by slot.
    pub fn nonzero_cpu(&self) -> &[i64] {
        &self.nonzero_cpu
    }

    /// Bytes held by pods, those without a request counted with the default, by slot.
    pub fn nonzero_memory(&self) -> &[i64] {
        &self.nonzero_memory
    }

    /// Slots of nodes with `spec.unschedulable`.
    pub fn cordoned(&self) -> &BitSet {
        &self.cordoned
    }

    /// Slots of nodes with a taint, whatever its effect.
    pub fn tainted(&self) -> &BitSet {
        &self.tainted
    }

    /// The affinity terms of the pods on nodes.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Slots with a pod that has any pod (anti-)affinity term.
    pub fn with_affinity(&self) -> &BitSet {
        &self.with_affinity
    }

    /// Slots with a pod that has a required anti-affinity term.
    pub fn with_required_anti_affinity(&self) -> &BitSet {
        &self.with_required_anti_affinity
    }

    /// How many pods on nodes name the claim; generic ephemeral volumes do not count.
    pub fn claim_users(&self, namespace: &Str, name: &Str) -> u32 {
        self.claim_users.named(namespace, name)
    }

    /// Whether a pod on a node uses the claim, also as a generic ephemeral volume.
    pub fn is_claim_used(&self, namespace: &Str, name: &Str) -> bool {
        !self.claim_users.slots(namespace, name).is_empty()
    }

    /// Whether a pod on a node may name the disk with this handle in its spec, without a claim.
    pub fn may_be_inline(&self, handle: &str) -> bool {
        self.claim_users.may_be_inline(handle)
    }

    /// Images of all nodes.
    pub fn images(&self) -> &ImageTable {
        &self.images
    }

    /// The domain of every node for a topology key.
    pub fn topology(&self, key: &Str) -> Arc<TopologyColumn> {
        self.topologies.get(key, &self.nodes, &self.live)
    }

    /// How many pods on every node match the query. Counted once, then kept up to date. Whoever keeps the column over a
    /// change makes the change pay for a copy.
    pub fn matching(&self, query: &PodQuery) -> Arc<PodColumn> {
        self.matching.get(query, &self.pods, self.generation())
    }

    /// Which snapshot this is: every one that is made or cloned has a number of its own. Generations are comparable only
    /// where this is the same, so whoever keeps something by generation keeps this beside it.
    pub fn lineage(&self) -> u64 {
        self.lineage.get()
    }

    /// Rises when something changed that concerns every node and that no entry of the dirty log tells: there is a column
    /// for a resource that had none, numbers of resources were given back, or a topology key no longer tells nodes apart as
    /// it did.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Rises when a node reports other images, and when one comes or goes while any node has an image.
    pub fn images_revision(&self) -> u64 {
        self.images_revision
    }

    /// Rises with every change.
    pub fn generation(&self) -> u64 {
        self.dirty.generation()
    }

    /// The slots changed after `generation`, oldest change first and possibly repeated; `None` when the log no longer
    /// reaches back that far and everything has to be looked at.
    pub fn changed_since(&self, generation: u64) -> Option<impl Iterator<Item = Slot> + '_> {
        Some(self.dirty.since(generation)?.map(|(slot, _)| slot))
    }

    /// How many attempts to place a pod have begun. What a plugin learns of a pod from outside the snapshot, such as the time or
    /// whole objects, holds for one of them, however long the generation stays the same.
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The generation at which more changed of some node than its pods, the last time.
    pub fn anything_changed_at(&self) -> u64 {
        self.dirty.anything_changed_at()
    }

    /// The same as [`changed_since`](Self::changed_since) with what changed.
    pub fn changes_since(&self, generation: u64) -> Option<impl Iterator<Item = (Slot, Changed)> + '_> {
        self.dirty.since(generation)
    }
}

/// What is asked of one node. The slot must be in use.
impl Snapshot {
    /// The node.
    pub fn node(&self, slot: Slot) -> &Arc<Node> {
        &self.nodes[slot.index()]
    }

    /// The node with what its pods use.
    pub fn view(&self, slot: Slot) -> NodeView<'_> {
        NodeView::real(self, slot)
    }

    /// The pods on the node.
    pub fn pods(&self, slot: Slot) -> &[Arc<Pod>] {
        &self.pods[slot.index()]
    }

    /// What matters of them when room is made, in the same order.
    pub fn briefs(&self, slot: Slot) -> &[PodBrief] {
        &self.briefs[slot.index()]
    }

    /// The generation at which the node last changed, or its pods, or what they use.
    pub fn changed_at(&self, slot: Slot) -> u64 {
        self.dirty.changed_at(slot)
    }

    /// The generation at which a storage object last changed that [concerns](Self::concern) the node, or at which the node came.
    pub fn storage_changed_at(&self, slot: Slot) -> u64 {
        self.storage_changed.get(slot)
    }

    /// The host ports taken on the node.
    pub fn ports(&self, slot: Slot) -> &UsedPorts {
        &self.ports[slot.index()]
    }
}

/// Changes.
impl Snapshot {
    /// Another attempt to place a pod begins.
    pub fn begin_attempt(&mut self) {
        self.attempt += 1;
    }

    /// Marks a node as changed for a reason that lies outside the snapshot.
    pub fn touch(&mut self, slot: Slot) {
        self.log(slot, Changed::Anything);
    }

    /// Marks the nodes as changed that a change of a storage object concerns.
    pub fn concern(&mut self, concern: &Concern) {
        let (slots, changed): (Vec<Slot>, Changed) = match concern {
            Concern::Node(name) => (self.slot(name).into_iter().collect(), Changed::Anything),
            Concern::Attached(name) => (self.slot(name).into_iter().collect(), Changed::Pods),
            Concern::Users((namespace, name)) => {
                (self.claim_users.slots(namespace, name).to_vec(), Changed::Pods)
            }
            Concern::Reached { key, values } => {
                let column = self.topology(key);
                let found = values.iter().flat_map(|value| column.nodes_of(value));
                (found.collect(), Changed::Pods)
            }
        };
        for slot in slots {
            self.log(slot, changed);
            self.storage_changed.set(slot, self.dirty.generation());
        }
    }

    fn log(&mut self, slot: Slot, changed: Changed) {
        self.epoch += u64::from(self.topologies.make_room());
        self.dirty.push(slot, changed, self.nodes.len());
    }

    /// Adds a node or replaces the one of that name; pods on it stay. A node that is equal to what is known changes
    /// nothing: kubelets report often and say the same.
    pub fn set_node(&mut self, node: Arc<Node>) -> Slot {
        match self.slot(&node.name) {
            Some(slot) if *self.node(slot) == node => slot,
            Some(slot) => {
                self.replace_node(slot, node);
                slot
            }
            None => self.add_node(node),
        }
    }

    fn add_node(&mut self, node: Arc<Node>) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        self.live.insert(slot.index());
        self.by_name.insert(Arc::clone(&node.name), slot);
        self.name_ranks.take();
        self.order.insert(slot, node.zone());
        self.fill(slot, &Amounts::default(), &node);
        self.images.add(slot.index(), &node.images);
        self.set_topologies(slot, Some(&node));
        self.nodes[slot.index()] = node;
        self.images_revision += u64::from(!self.images.is_empty());
        self.touch(slot);
        // Nobody marked it for what changed while it was not there.
        self.storage_changed.set(slot, self.dirty.generation());
        slot
    }

    fn replace_node(&mut self, slot: Slot, node: Arc<Node>) {
        let old = Arc::clone(self.node(slot));
        if old.zone() != node.zone() {
            self.order.remove(slot);
            self.order.insert(slot, node.zone());
        }
        self.fill(slot, &old.allocatable, &node);
        if old.labels != node.labels {
            self.set_topologies(slot, Some(&node));
        }
        let other_images = self.images.replace(slot.index(), &old.images, &node.images);
        self.images_revision += u64::from(other_images);
        self.nodes[slot.index()] = node;
        self.touch(slot);
    }

    /// Removes a node; the pods that were on it are returned.
    pub fn remove_node(&mut self, name: &str) -> Option<Vec<Arc<Pod>>> {
        let slot = self.by_name.remove(name)?;
        self.name_ranks.take();
        let orphans = self.pods[slot.index()].clone();
        for pod in orphans.iter().rev() {
            self.remove_known(slot, pod);
        }
        let node = std::mem::take(&mut self.nodes[slot.index()]);
        self.images_revision += u64::from(!self.images.is_empty());
        self.images.remove(slot.index(), &node.images);
        self.set_topologies(slot, None);
        self.order.remove(slot);
        for set in [&mut self.live, &mut self.cordoned, &mut self.tainted] {
            set.remove(slot.index());
        }
        let none = Amounts::default();
        self.epoch += u64::from(self.resources.set_allocatable(slot, &node.allocatable, &none));
        self.allowed_pods[slot.index()] = 0;
        self.count_pods_left(slot);
        self.free.push(slot);
        self.touch(slot);
        Some(orphans)
    }

    /// Puts a pod on a node.
    pub fn add_pod(&mut self, slot: Slot, pod: Arc<Pod>) {
        self.count_pod(slot, &pod, 1);
        let at = slot.index();
        self.ports[at].add(pod.host_ports());
        if pod.has_pod_affinity() {
            self.terms.add(&pod);
            self.with_affinity.insert(at);
        }
        if pod.has_required_anti_affinity() {
            self.with_required_anti_affinity.insert(at);
        }
        self.claim_users.add(slot, &pod);
        self.briefs[at].push(PodBrief::of(&pod));
        self.pods[at].push(pod);
        self.log(slot, Changed::Pods);
    }

    /// Takes a pod off a node and returns it; `None` when it was not there. As in kube-scheduler the last pod of the node
    /// takes its place in the list.
    pub fn remove_pod(&mut self, slot: Slot, uid: &str) -> Option<Arc<Pod>> {
        // Pods that came last are the first to be asked for.
        let index = self.pods[slot.index()].iter().rposition(|p| &*p.meta.uid == uid)?;
        Some(self.take_pod(slot, index))
    }

    /// The same for a pod that is at hand: it is found without a look at the others.
    pub fn remove_known(&mut self, slot: Slot, pod: &Arc<Pod>) -> Option<Arc<Pod>> {
        let index = self.pods[slot.index()].iter().rposition(|p| Arc::ptr_eq(p, pod))?;
        Some(self.take_pod(slot, index))
    }

    /// Puts a newer version of a pod in its place. Nothing changes by that: the caller has seen that the pods
    /// [count the same](Pod::counts_as).
    pub fn renew_pod(&mut self, slot: Slot, old: &Arc<Pod>, new: Arc<Pod>) {
        let (pods, briefs) = (&mut self.pods[slot.index()], &mut self.briefs[slot.index()]);
        if let Some((place, brief)) = pods.iter_mut().zip(briefs).rfind(|(p, _)| Arc::ptr_eq(p, old)) {
            self.matching.renew(slot, old, &new);
            *brief = PodBrief::of(&new);
            *place = new;
        }
    }

    fn take_pod(&mut self, slot: Slot, index: usize) -> Arc<Pod> {
        let at = slot.index();
        let pod = self.pods[at].swap_remove(index);
        self.briefs[at].swap_remove(index);
        self.count_pod(slot, &pod, -1);
        self.ports[at].remove(pod.host_ports());
        if pod.has_pod_affinity() {
            self.terms.remove(&pod);
            self.with_affinity.set(at, self.pods[at].iter().any(|p| p.has_pod_affinity()));
        }
        if pod.has_required_anti_affinity() && !self.pods[at].iter().any(|p| p.has_required_anti_affinity()) {
            self.with_required_anti_affinity.remove(at);
        }
        self.claim_users.remove(slot, &pod);
        self.log(slot, Changed::Pods);
        pod
    }

    fn count_pod(&mut self, slot: Slot, pod: &Arc<Pod>, sign: i64) {
        let at = slot.index();
        self.epoch += u64::from(self.resources.count(slot, &pod.resources.usage, sign));
        let (cpu, memory) = pod.resources.nonzero_usage;
        self.nonzero_cpu[at] = self.nonzero_cpu[at].saturating_add(cpu.saturating_mul(sign));
        self.nonzero_memory[at] = self.nonzero_memory[at].saturating_add(memory.saturating_mul(sign));
        self.pod_counts[at] += sign;
        self.count_pods_left(slot);
        // The change is logged behind this.
        let with = (self.nodes.len(), self.generation() + 1);
        self.matching.count(slot, pod, if sign > 0 { 1 } else { -1 }, with);
    }

    fn fill(&mut self, slot: Slot, offered: &Amounts, node: &Node) {
        self.epoch += u64::from(self.resources.set_allocatable(slot, offered, &node.allocatable));
        self.allowed_pods[slot.index()] = node.allocatable_pods;
        self.count_pods_left(slot);
        self.cordoned.set(slot.index(), node.unschedulable);
        self.tainted.set(slot.index(), !node.taints.is_empty());
    }

    fn count_pods_left(&mut self, slot: Slot) {
        let at = slot.index();
        self.pods_left[at] = columns::left(self.allowed_pods[at], self.pod_counts[at]);
    }

    fn set_topologies(&mut self, slot: Slot, node: Option<&Node>) {
        self.epoch += u64::from(self.topologies.set(slot, node));
    }

    fn grow(&mut self) -> Slot {
        let slot = Slot::from(self.nodes.len());
        self.nodes.push(Arc::default());
        self.pods.push(Vec::new());
        self.briefs.push(Vec::new());
        self.ports.push(UsedPorts::default());
        self.resources.grow();
        for column in [
            &mut self.pod_counts,
            &mut self.allowed_pods,
            &mut self.pods_left,
            &mut self.nonzero_cpu,
            &mut self.nonzero_memory,
        ] {
            column.push(0);
        }
        slot
    }
}

#[cfg(test)]
mod tests;
