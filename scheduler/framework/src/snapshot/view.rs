//! One node with what its pods use: as it is, or as it would be.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{CPU_ID, EPHEMERAL_ID, MEMORY_ID, ResourceId, Slot, Snapshot};
use crate::Str;
use crate::node::Node;
use crate::pod::Pod;
use crate::ports::UsedPorts;
use crate::resources::Amounts;

/// A node to be judged. Copyable; all data stays in the snapshot or in the hypothesis.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a> {
    snapshot: &'a Snapshot,
    slot: Slot,
    changed: Option<&'a Hypothesis>,
}

impl<'a> NodeView<'a> {
    /// The node as it is.
    pub fn real(snapshot: &'a Snapshot, slot: Slot) -> Self {
        Self { snapshot, slot, changed: None }
    }

    /// The node as the hypothesis has it.
    pub fn supposed(snapshot: &'a Snapshot, hypothesis: &'a Hypothesis) -> Self {
        Self { snapshot, slot: hypothesis.slot, changed: Some(hypothesis) }
    }

    /// The node's slot.
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// The snapshot that the node is in.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Whether this is the node as it would be, not as it is.
    pub fn is_supposed(&self) -> bool {
        self.changed.is_some()
    }

    /// The node.
    pub fn node(&self) -> &'a Arc<Node> {
        self.snapshot.node(self.slot)
    }

    /// The node's name.
    pub fn name(&self) -> &'a Str {
        &self.node().name
    }

    /// The pods on the node.
    pub fn pods(&self) -> &'a [Arc<Pod>] {
        match self.changed {
            Some(h) => &h.pods,
            None => self.snapshot.pods(self.slot),
        }
    }

    /// Host ports taken.
    pub fn ports(&self) -> &'a UsedPorts {
        match self.changed {
            Some(h) => &h.ports,
            None => self.snapshot.ports(self.slot),
        }
    }

    /// Allocatable amount of a resource.
    pub fn allocatable(&self, resource: ResourceId) -> i64 {
        self.snapshot.column(resource).at(self.slot).0
    }

    /// Allocatable pods.
    pub fn allowed_pods(&self) -> i64 {
        self.snapshot.allowed_pods()[self.slot.index()]
    }

    /// Amount held by pods.
    pub fn requested(&self, resource: ResourceId) -> i64 {
        match self.changed {
            Some(h) => h.requested(resource, self.snapshot),
            None => self.snapshot.column(resource).at(self.slot).1,
        }
    }

    /// Number of pods.
    pub fn pod_count(&self) -> i64 {
        match self.changed {
            Some(h) => h.pods.len() as i64,
            None => self.snapshot.pod_counts()[self.slot.index()],
        }
    }
}

/// A copy of what one node's pods use, to try changes on: nominated pods added, victims removed.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    slot: Slot,
    pods: Vec<Arc<Pod>>,
    ports: UsedPorts,
    /// cpu, memory and ephemeral storage.
    requested: [i64; 3],
    /// All else that its pods hold, by name.
    scalars: SmallVec<[(Str, i64); 2]>,
}

impl Hypothesis {
    /// The node as it is.
    pub fn of(snapshot: &Snapshot, slot: Slot) -> Self {
        let pods = snapshot.pods(slot).to_vec();
        let requested = [CPU_ID, MEMORY_ID, EPHEMERAL_ID].map(|id| snapshot.column(id).at(slot).1);
        let ports = snapshot.ports(slot).clone();
        let mut supposed = Self { slot, pods: Vec::new(), ports, requested, scalars: SmallVec::new() };
        for pod in &pods {
            supposed.count_scalars(&pod.resources.usage, 1);
        }
        Self { pods, ..supposed }
    }

    /// The node's slot.
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// The pods on it.
    pub fn pods(&self) -> &[Arc<Pod>] {
        &self.pods
    }

    /// Adds a pod.
    pub fn add(&mut self, pod: Arc<Pod>) {
        self.count(&pod.resources.usage, 1);
        self.ports.add(pod.host_ports());
        self.pods.push(pod);
    }

    /// Removes a pod; without effect when it is not there.
    pub fn remove(&mut self, pod: &Pod) {
        let Some(at) = self.pods.iter().position(|p| p.meta.uid == pod.meta.uid) else { return };
        self.pods.remove(at);
        self.ports.remove(pod.host_ports());
        self.count(&pod.resources.usage, -1);
    }

    fn requested(&self, resource: ResourceId, snapshot: &Snapshot) -> i64 {
        if let Some(amount) = self.requested.get(resource.index()) {
            return *amount;
        }
        let name = snapshot.resource_name(resource);
        self.scalars.iter().find(|(other, _)| other == name).map_or(0, |(_, amount)| *amount)
    }

    fn count(&mut self, amounts: &Amounts, sign: i64) {
        let basic = [amounts.milli_cpu, amounts.memory, amounts.ephemeral_storage];
        for (cell, amount) in self.requested.iter_mut().zip(basic) {
            *cell = cell.saturating_add(amount.saturating_mul(sign));
        }
        self.count_scalars(amounts, sign);
    }

    fn count_scalars(&mut self, amounts: &Amounts, sign: i64) {
        for (name, amount) in &amounts.scalars {
            let amount = amount.saturating_mul(sign);
            match self.scalars.iter_mut().find(|(other, _)| other == name) {
                Some((_, cell)) => *cell = cell.saturating_add(amount),
                None => self.scalars.push((Arc::clone(name), amount)),
            }
        }
    }
}
