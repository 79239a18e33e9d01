//! Columns of the snapshot as deltas for a guest's table.

mod values;

use std::ops::Range;
use std::sync::Arc;

use longshore_framework::bitset::BitSet;
use longshore_framework::node::Node;
use longshore_framework::raw::RawObjects;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::view::NodeView;

use super::bindings::longshore::scheduler::types::{Column, Delta, Patch};
use values::Source;

/// The columns of a manifest, told apart by what changes them.
pub(crate) struct Columns {
    columns: Vec<Column>,
    /// Places of columns that change with the node object only.
    fixed: Vec<u16>,
    /// Places of columns that change with the pods on the node.
    moving: Vec<u16>,
}

impl Columns {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        let place = |moves: bool| {
            let places = columns.iter().enumerate().filter(move |(_, c)| moves_with_pods(c) == moves);
            places.filter_map(|(at, _)| u16::try_from(at).ok()).collect()
        };
        Self { fixed: place(false), moving: place(true), columns }
    }

    /// Whether pods on nodes are wanted.
    pub(crate) fn pods(&self) -> bool {
        self.columns.iter().any(|c| matches!(c, Column::Pods))
    }

    /// Whether whole nodes are wanted.
    pub(crate) fn raw(&self) -> bool {
        self.columns.iter().any(|c| matches!(c, Column::Raw))
    }

    /// A patch of these columns for these slots.
    fn patch(&self, places: &[u16], slots: &[Slot], base: usize, source: Source<'_>) -> Patch {
        Patch {
            columns: places.to_vec(),
            rows: slots.iter().map(|slot| row(*slot, base)).collect(),
            values: places.iter().map(|at| source.values(&self.columns[usize::from(*at)], slots)).collect(),
        }
    }

    /// One row as it would be: what pods change.
    pub(crate) fn supposed(&self, view: NodeView<'_>, base: usize) -> Patch {
        Patch {
            columns: self.moving.clone(),
            rows: vec![row(view.slot(), base)],
            values: self
                .moving
                .iter()
                .map(|at| values::supposed(&self.columns[usize::from(*at)], view))
                .collect(),
        }
    }
}

fn moves_with_pods(column: &Column) -> bool {
    match column {
        Column::Requested(_)
        | Column::Free(_)
        | Column::NonzeroRequested(_)
        | Column::PodCount
        | Column::Pods => true,
        Column::Name
        | Column::Label(_)
        | Column::Annotation(_)
        | Column::Condition(_)
        | Column::Labels
        | Column::Taints
        | Column::Images
        | Column::Unschedulable
        | Column::Allocatable(_)
        | Column::AllowedPods
        | Column::Raw => false,
    }
}

/// A slot as a row of the instance whose range begins at `base`.
pub(crate) fn row(slot: Slot, base: usize) -> u32 {
    u32::try_from(slot.index().saturating_sub(base)).unwrap_or(u32::MAX)
}

/// What a guest's table holds.
#[derive(Default)]
pub(crate) struct Table {
    /// Which snapshot, and its generation.
    of: Option<(u64, u64)>,
    /// The node of each row, as it was told.
    nodes: Vec<Option<Arc<Node>>>,
}

impl Table {
    /// What the guest has to be told of the slots in `range`; `None` when it knows everything.
    pub(crate) fn delta(
        &mut self,
        columns: &Columns,
        snapshot: &Snapshot,
        range: Range<usize>,
        raw: &dyn RawObjects,
    ) -> Option<Delta> {
        let now = (snapshot.lineage(), snapshot.generation());
        if self.of == Some(now) {
            return None;
        }
        let known = self.of.filter(|of| of.0 == now.0).and_then(|of| snapshot.changed_since(of.1));
        let reset = known.is_none();
        let slots = match known {
            Some(changed) => {
                let mut slots: Vec<Slot> = changed.filter(|slot| range.contains(&slot.index())).collect();
                slots.sort_unstable();
                slots.dedup();
                slots
            }
            None => {
                self.nodes.clear();
                snapshot.live().within(range.start..range.end.min(snapshot.slots())).map(Slot::from).collect()
            }
        };
        self.of = Some(now);
        if slots.is_empty() && !reset {
            return None;
        }
        Some(self.describe(columns, snapshot, (reset, &slots), range.start, raw))
    }

    fn describe(
        &mut self,
        columns: &Columns,
        snapshot: &Snapshot,
        (reset, slots): (bool, &[Slot]),
        base: usize,
        raw: &dyn RawObjects,
    ) -> Delta {
        let (mut changed, mut live) = (Vec::new(), Vec::with_capacity(slots.len()));
        let mut came_or_went = reset;
        for slot in slots {
            let at = slot.index() - base;
            if self.nodes.len() <= at {
                self.nodes.resize(at + 1, None);
            }
            let node = snapshot.live().contains(slot.index()).then(|| snapshot.node(*slot));
            came_or_went |= node.is_some() != self.nodes[at].is_some();
            if let Some(node) = node {
                live.push(*slot);
                if !self.nodes[at].as_ref().is_some_and(|known| Arc::ptr_eq(known, node)) {
                    changed.push(*slot);
                }
            }
            self.nodes[at] = node.cloned();
        }
        let source = Source { snapshot, raw };
        let mut patches = Vec::with_capacity(2);
        for (places, slots) in [(&columns.fixed, &changed), (&columns.moving, &live)] {
            if !places.is_empty() && !slots.is_empty() {
                patches.push(columns.patch(places, slots, base, source));
            }
        }
        let alive = came_or_went.then(|| self.alive());
        Delta { reset, rows: u32::try_from(self.nodes.len()).unwrap_or(u32::MAX), alive, patches }
    }

    fn alive(&self) -> Vec<u64> {
        let mut alive = BitSet::default();
        for (at, _) in self.nodes.iter().enumerate().filter(|(_, node)| node.is_some()) {
            alive.insert(at);
        }
        let mut words = vec![0; self.nodes.len().div_ceil(64)];
        for at in alive.iter() {
            words[at / 64] |= 1 << (at % 64);
        }
        words
    }
}
