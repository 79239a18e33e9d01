//! The filter: what the pod needs, against what the node has left.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::{Cycle, FilterSink, Room, RoomResource, Share};
use longshore_framework::reason::Reason;
use longshore_framework::snapshot::{
    CPU_ID, EPHEMERAL_ID, MEMORY_ID, ResourceColumn, ResourceId, Slot, Snapshot,
};
use longshore_framework::verdict::{PluginError, Reasons, RejectCode, Rejection, Verdict};
use longshore_framework::view::NodeView;
use longshore_framework::wide::wide;
use smallvec::SmallVec;

use super::NodeResourcesFit;
use crate::lanes::{Block, LANES, Lanes};

/// What is asked of one resource; more than nothing.
#[derive(Debug)]
struct Need {
    name: Str,
    amount: i64,
    /// `None`: no node offers it.
    column: Option<ResourceId>,
    /// A DeviceClass stands for it where nodes have none: then DynamicResources has the say.
    by_devices: bool,
}

impl Need {
    fn basic(name: &Str, amount: i64, column: ResourceId) -> Self {
        Self { name: Arc::clone(name), amount, column: Some(column), by_devices: false }
    }

    /// What of it the node has and its pods hold; `None` where no node offers it.
    fn share(&self, node: NodeView<'_>) -> Option<Share<'_>> {
        let column = self.column?;
        let resource = match column {
            CPU_ID => RoomResource::Cpu,
            MEMORY_ID => RoomResource::Memory,
            EPHEMERAL_ID => RoomResource::Ephemeral,
            _ => RoomResource::Scalar(&self.name),
        };
        let (allocatable, held) = (node.allocatable(column), node.requested(column));
        Some(Share { resource, needed: self.amount, allocatable, held })
    }

    /// Whether a node with so much of it leaves it to devices.
    fn is_left_to_devices(&self, allocatable: i64) -> bool {
        self.by_devices && allocatable == 0
    }
}

/// An amount needed, and how much of it each node has left.
type Column<'a> = (i64, &'a [i64]);

/// What the pod asks for, in the order in which reasons are given.
#[derive(Debug)]
pub(super) struct Needs(Vec<Need>);

impl Needs {
    /// The pod's request without what is 0 or ignored. The scalars come in name order.
    pub(super) fn resolve(plugin: &NodeResourcesFit, cx: Cycle<'_>) -> Self {
        let request = &cx.pod.resources.request;
        let [cpu, memory, ephemeral] = &plugin.basic;
        let basic = [
            Need::basic(cpu, request.milli_cpu, CPU_ID),
            Need::basic(memory, request.memory, MEMORY_ID),
            Need::basic(ephemeral, request.ephemeral_storage, EPHEMERAL_ID),
        ];
        let scalar = |(name, amount): &(Str, i64)| Need {
            name: Arc::clone(name),
            amount: *amount,
            column: cx.snapshot.resource(name),
            by_devices: plugin.leaves_to_devices && cx.objects.device_class_for(name).is_some(),
        };
        let scalars = request.scalars.iter().filter(|(name, _)| !plugin.ignores(name)).map(scalar);
        Self(basic.into_iter().chain(scalars).filter(|need| need.amount > 0).collect())
    }

    /// How much is needed of a resource, if any.
    pub(super) fn of(&self, resource: ResourceId) -> Option<i64> {
        self.0.iter().find(|need| need.column == Some(resource)).map(|need| need.amount)
    }

    /// Whether nothing is needed but these.
    pub(super) fn is_only_of(&self, resources: &[ResourceId]) -> bool {
        self.0.iter().all(|need| need.column.is_some_and(|column| resources.contains(&column)))
    }

    /// What the node has left of what is needed; `None` where no node offers some of it.
    pub(super) fn room(&self, node: NodeView<'_>) -> Option<Room<'_>> {
        let is_asked =
            |need: &&Need| !need.is_left_to_devices(need.column.map_or(0, |id| node.allocatable(id)));
        let shares = self.0.iter().filter(is_asked).map(|need| need.share(node)).collect::<Option<_>>()?;
        Some(Room { allowed_pods: node.allowed_pods(), pods: node.pod_count(), shares })
    }

    /// Judges one node, hypothetical or not, with all reasons.
    pub(super) fn judge(&self, node: NodeView<'_>) -> Verdict {
        let mut reasons = Reasons::new();
        let mut code = RejectCode::Unschedulable;
        if node.pod_count() >= node.allowed_pods() {
            reasons.push(Reason::TooManyPods);
        }
        for need in &self.0 {
            let (allocatable, requested) =
                need.column.map_or((0, 0), |id| (node.allocatable(id), node.requested(id)));
            if need.is_left_to_devices(allocatable) || need.amount <= allocatable.saturating_sub(requested) {
                continue;
            }
            reasons.push(Reason::Insufficient(Arc::clone(&need.name)));
            if need.amount > allocatable {
                // Not even the empty node would do.
                code = RejectCode::UnschedulableAndUnresolvable;
            }
        }
        if reasons.is_empty() { Verdict::Pass } else { Verdict::Reject(Rejection { code, reasons }) }
    }

    /// How a node is rejected that lacks nothing but a resource which few nodes have, or none, where the pod needs one such.
    fn lone_rejection(&self, snapshot: &Snapshot) -> Option<Rejection> {
        let is_rare = |need: &&Need| need.column.is_none_or(|id| snapshot.left(id).is_none());
        let mut rare = self.0.iter().filter(is_rare);
        let (need, None) = (rare.next()?, rare.next()) else { return None };
        let reasons = Reasons::from_iter([Reason::Insufficient(Arc::clone(&need.name))]);
        let code = RejectCode::UnschedulableAndUnresolvable;
        (!need.by_devices).then_some(Rejection { code, reasons })
    }

    /// Judges all nodes of a range as they are. Most pass, so they are told by the columns alone, if possible many at
    /// once; only who fails is looked at again for the reasons.
    pub(super) fn sift(&self, snapshot: &Snapshot, nodes: &mut FilterSink<'_>) -> Result<(), PluginError> {
        // Where devices may be given, each node is looked at by itself.
        let offered = self.0.iter().all(|need| need.column.is_some() && !need.by_devices);
        let mut flat: SmallVec<[Column<'_>; 4]> = SmallVec::new();
        flat.push((1, snapshot.pods_left()));
        let mut sparse: SmallVec<[(i64, ResourceColumn<'_>); 1]> = SmallVec::new();
        for (amount, id) in self.0.iter().filter_map(|need| Some((need.amount, need.column?))) {
            match snapshot.left(id) {
                Some(left) => flat.push((amount, left)),
                None => sparse.push((amount, snapshot.column(id))),
            }
        }
        let lone = self.lone_rejection(snapshot);
        let judge = |slot: Slot| {
            let at = slot.index();
            if !flat.iter().all(|(amount, left)| *amount <= left[at]) {
                return Ok(self.judge(snapshot.view(slot)));
            }
            let (mut fits, mut has_any) = (offered, false);
            for (amount, column) in &sparse {
                let (has, held) = column.at(slot);
                fits &= *amount <= has.saturating_sub(held);
                has_any |= has > 0;
            }
            match &lone {
                _ if fits => Ok(Verdict::Pass),
                Some(lone) if !has_any => Ok(Verdict::Reject(lone.clone())),
                _ => Ok(self.judge(snapshot.view(slot))),
            }
        };
        match *flat {
            _ if !offered || !sparse.is_empty() => nodes.retain(judge),
            [pods] => sift_blocks(&[pods], nodes, judge),
            [pods, a] => sift_blocks(&[pods, a], nodes, judge),
            [pods, a, b] => sift_blocks(&[pods, a, b], nodes, judge),
            [pods, a, b, c] => sift_blocks(&[pods, a, b, c], nodes, judge),
            _ => nodes.retain(judge),
        }
    }
}

/// Judges those nodes one by one that are not in a block where all have room.
fn sift_blocks<const N: usize>(
    columns: &[Column<'_>; N],
    nodes: &mut FilterSink<'_>,
    judge: impl FnMut(Slot) -> Result<Verdict, PluginError>,
) -> Result<(), PluginError> {
    let (mut rooms, mut lacks) = ([[0; LANES]; N], [[0; LANES]; 2]);
    wide(
        #[inline(always)]
        || {
            nodes.retain_blocks(
                #[inline(always)]
                |nodes| all_fit(nodes, columns, &mut rooms, &mut lacks),
                judge,
            )
        },
    )
}

/// Whether each of some nodes, in ascending order, has room for all that is needed.
#[inline(always)]
fn all_fit<const N: usize>(
    nodes: &[Slot],
    columns: &[Column<'_>; N],
    rooms: &mut [Lanes; N],
    lacks: &mut [Lanes; 2],
) -> bool {
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return true };
    let (first, span) = (first.index(), last.index() + 1 - first.index());
    let in_rows = span <= 2 * LANES && 2 * nodes.len() >= span;
    let block = if in_rows { Block::Row(first) } else { Block::Nodes(nodes) };
    let any = lacks_of(block, columns, rooms, &mut lacks[0]);
    if !in_rows || span == nodes.len() && span == LANES {
        return any >= 0;
    }
    // Among the slots in between may be such that nobody asks about.
    if span > LANES {
        lacks_of(Block::Row(first + LANES), columns, rooms, &mut lacks[1]);
    }
    let of_node = |slot: &Slot| {
        let at = slot.index() - first;
        lacks[at / LANES % 2][at % LANES]
    };
    nodes.iter().fold(0, |any, slot| any | of_node(slot)) >= 0
}

/// For each place of a block a number that is negative if there is too little of anything; all bits of these numbers.
#[inline(always)]
fn lacks_of<const N: usize>(
    block: Block<'_>,
    columns: &[Column<'_>; N],
    rooms: &mut [Lanes; N],
    lacks: &mut Lanes,
) -> i64 {
    let mut cells = [(0, &[0; LANES]); N];
    for ((cell, room), (amount, left)) in cells.iter_mut().zip(rooms).zip(columns) {
        *cell = (*amount, block.of_column(left, room));
    }
    // An amount is more than nothing and what is left at least −1, so no difference overflows.
    let mut any = 0;
    for at in 0..LANES {
        lacks[at] = cells.iter().fold(0, |lacks, (amount, left)| lacks | left[at].wrapping_sub(*amount));
        any |= lacks[at];
    }
    any
}
