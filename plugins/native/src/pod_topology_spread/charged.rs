//! The pods that a `ScheduleAnyway` constraint counts, by node and by domain. Only nodes where such pods are take room: there is one
//! of these for each class of pods, and a class mostly has pods on few nodes.

use std::sync::Arc;

use longshore_framework::node::HOSTNAME;
use longshore_framework::snapshot::{NO_DOMAIN, Slot, Snapshot, TopologyColumn};
use rustc_hash::FxHashMap;

/// The pods of a node, and where they are summed up.
#[derive(Clone, Copy, Debug)]
struct OnNode {
    cell: u32,
    pods: i64,
}

/// Pods by node and by cell: a cell is a domain, or a node where the key is that of host names.
#[derive(Clone, Debug)]
pub(super) struct ChargedPods {
    /// As of the last count.
    column: Arc<TopologyColumn>,
    /// Keyed by hostname: every node is its own domain, and its pods are counted directly.
    by_node: bool,
    /// Whether nodes shared domains when the first was counted.
    shared: bool,
    /// The domain whose label is empty. Nodes without the key are counted with it, as in kube-scheduler.
    blank: Option<u32>,
    nodes: FxHashMap<Slot, OnNode>,
    /// By cell; empty when `by_node`.
    cells: FxHashMap<u32, i64>,
}

impl ChargedPods {
    /// With no pod counted yet.
    pub(super) fn new(column: Arc<TopologyColumn>) -> Self {
        Self {
            by_node: **column.key() == *HOSTNAME,
            shared: column.is_shared(),
            blank: column.find(""),
            column,
            nodes: FxHashMap::default(),
            cells: FxHashMap::default(),
        }
    }

    /// Takes the domains as they are now: those of nodes that are counted anew after this may be others. Whether there is a domain
    /// with an empty label now that was not there.
    pub(super) fn follow(&mut self, column: &Arc<TopologyColumn>) -> bool {
        self.column = Arc::clone(column);
        self.blank != column.find("")
    }

    /// Whether every node is its own domain.
    pub(super) fn is_by_node(&self) -> bool {
        self.by_node
    }

    /// Sets how many pods a node has; what it had before is taken back.
    pub(super) fn set(&mut self, node: Slot, pods: i64) {
        let before = match pods {
            0 => self.nodes.remove(&node),
            _ => self.nodes.insert(node, OnNode { cell: self.cell(node), pods }),
        };
        if self.by_node {
            return;
        }
        if let Some(OnNode { cell, pods }) = before {
            self.add(cell, pods.saturating_neg());
        }
        if pods != 0 {
            self.add(self.cell(node), pods);
        }
    }

    fn add(&mut self, cell: u32, pods: i64) {
        let sum = self.cells.entry(cell).or_default();
        *sum = sum.saturating_add(pods);
        if *sum == 0 {
            self.cells.remove(&cell);
        }
    }

    /// Where the pods of a node are summed up; [`NO_DOMAIN`] for nowhere.
    pub(super) fn cell(&self, node: Slot) -> u32 {
        match self.column.domain(node) {
            _ if self.by_node => node.0,
            NO_DOMAIN => self.blank.unwrap_or(NO_DOMAIN),
            domain => domain,
        }
    }

    /// Whether the node lacks the key.
    pub(super) fn lacks(&self, node: Slot) -> bool {
        self.column.domain(node) == NO_DOMAIN
    }

    /// Whether nodes share cells.
    pub(super) fn is_shared(&self) -> bool {
        !self.by_node && (self.shared || self.blank.is_some())
    }

    /// The pods of the cell of a node.
    pub(super) fn of(&self, node: Slot) -> i64 {
        match self.by_node {
            true => self.nodes.get(&node).map_or(0, |on_node| on_node.pods),
            false => self.cells.get(&self.cell(node)).copied().unwrap_or(0),
        }
    }

    /// The nodes that have pods, in no particular order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Slot> + '_ {
        self.nodes.keys().copied()
    }

    /// Whether every node has the key.
    pub(super) fn is_on_all(&self, snapshot: &Snapshot) -> bool {
        self.column.labelled() == snapshot.live().len()
    }
}
