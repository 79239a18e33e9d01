//! One node, many pods: their requests lie side by side.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, MAX_SCORE, PerSeat, SEATS, Seats};
use longshore_framework::snapshot::{CPU_ID, EPHEMERAL_ID, MEMORY_ID, ResourceId};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};
use longshore_framework::view::NodeView;
use longshore_framework::wide::wide;

use super::filter::Needs;
use super::score::Strategy;
use super::score::columns::{Divide, Left, MAX_WEIGHTS, Share, Used};
use super::{NOT_SUMMED, NodeResourcesFit};
use crate::lanes::Check;

/// The resources that every node has a cell for.
const BASIC: [ResourceId; 3] = [CPU_ID, MEMORY_ID, EPHEMERAL_ID];

/// Numbers up to here can be added and taken away without care.
const SMALL: i64 = 1 << 61;

/// What is scored of one resource.
#[derive(Debug)]
struct Scored {
    weight: i64,
    resource: ResourceId,
    /// What each pod adds.
    amounts: PerSeat,
}

/// What the pods at the seats ask for.
#[derive(Debug)]
pub(super) struct FitSeats {
    strategy: Strategy,
    /// What each pod needs of the basic resources; [`SMALL`] below 0 where it needs none.
    needs: [PerSeat; 3],
    /// Pods that need more than these, and all that they need.
    by_hand: Vec<(usize, Arc<Needs>)>,
    scored: Vec<Scored>,
    /// Other resources that the profile scores: who requests one gets no seat.
    scalars: Vec<Str>,
}

impl FitSeats {
    pub(super) fn new(plugin: &NodeResourcesFit) -> Self {
        let mut seats = Self {
            strategy: plugin.strategy.clone(),
            needs: [[-SMALL; SEATS]; 3],
            by_hand: Vec::new(),
            scored: Vec::new(),
            scalars: Vec::new(),
        };
        for (name, weight) in &plugin.resources {
            match plugin.basic.iter().position(|basic| basic == name) {
                Some(at) => {
                    let scored = Scored { weight: *weight, resource: BASIC[at], amounts: [0; SEATS] };
                    seats.scored.push(scored);
                }
                None => seats.scalars.push(Arc::clone(name)),
            }
        }
        seats
    }

    /// What there is of a scored resource on the node, and what of that counts as used.
    fn cell(node: NodeView<'_>, resource: ResourceId) -> (i64, i64) {
        let (snapshot, at) = (node.snapshot(), node.slot().index());
        let used = match resource {
            CPU_ID => snapshot.nonzero_cpu()[at],
            MEMORY_ID => snapshot.nonzero_memory()[at],
            other => node.requested(other),
        };
        (node.allocatable(resource), used)
    }

    /// The scores, where all numbers are such that [lanes](crate::lanes) are exact.
    #[inline(always)]
    fn score_wide(scored: &[Scored], node: NodeView<'_>, share: impl Share) -> Option<PerSeat> {
        let weights = scored.iter().fold(0, |sum: i64, part| sum.saturating_add(part.weight));
        if !(1..MAX_WEIGHTS).contains(&weights) {
            return None;
        }
        let (divide, mut check) = (Divide::by(weights), Check::default());
        let mut scores = [0; SEATS];
        for part in scored {
            let reciprocal = node.snapshot().reciprocals(part.resource)?[node.slot().index()];
            let (_, used) = Self::cell(node, part.resource);
            let used = check.summand(used);
            for (percents, amount) in scores.iter_mut().zip(&part.amounts) {
                let percent = share.percent_used(check.sum(*amount, used), reciprocal);
                *percents += part.weight * check.percent(percent);
            }
        }
        let hundreds = MAX_SCORE * weights;
        for score in &mut scores {
            *score = divide.down(share.sum(*score, hundreds));
        }
        check.passed().then_some(scores)
    }
}

impl Seats for FitSeats {
    fn take(&mut self, seat: usize, cx: Cycle<'_>, state: &PluginState) -> Result<bool, PluginError> {
        let needs = state.get_or::<Arc<Needs>>(NOT_SUMMED)?;
        if self.scalars.iter().any(|name| cx.pod.resources.scored.get(name) != 0) {
            return Ok(false);
        }
        for part in &mut self.scored {
            part.amounts[seat] = cx.pod.resources.scored.get(cx.snapshot.resource_name(part.resource));
        }
        self.by_hand.retain(|(other, _)| *other != seat);
        for (of, basic) in self.needs.iter_mut().zip(BASIC) {
            of[seat] = needs.of(basic).unwrap_or(-SMALL);
        }
        let is_large = self.needs.iter().any(|of| of[seat] >= SMALL);
        if is_large || !needs.is_only_of(&BASIC) {
            self.by_hand.push((seat, Arc::clone(needs)));
            self.needs.iter_mut().for_each(|of| of[seat] = -SMALL);
        }
        Ok(true)
    }

    fn filter(&self, node: NodeView<'_>, _: &Objects, room: &mut PerSeat) -> u64 {
        if node.pod_count() >= node.allowed_pods() {
            room.fill(-1);
            return 0;
        }
        let free = BASIC.map(|resource| {
            let left = node.allocatable(resource).saturating_sub(node.requested(resource));
            left.clamp(-SMALL, SMALL)
        });
        for (left, needs) in free.into_iter().zip(&self.needs) {
            for (room, need) in room.iter_mut().zip(needs) {
                *room |= left - need;
            }
        }
        for (seat, needs) in &self.by_hand {
            if needs.judge(node) != Verdict::Pass {
                room[*seat] = -1;
            }
        }
        0
    }

    fn score(&self, node: NodeView<'_>, _: &Objects, scores: &mut PerSeat) {
        let scored = &*self.scored;
        let at_once = match &self.strategy {
            Strategy::LeastAllocated => wide(
                #[inline(always)]
                || Self::score_wide(scored, node, Left),
            ),
            Strategy::MostAllocated => wide(
                #[inline(always)]
                || Self::score_wide(scored, node, Used),
            ),
            Strategy::RequestedToCapacityRatio(_) => None,
        };
        *scores = at_once.unwrap_or_else(|| {
            std::array::from_fn(|seat| {
                let cells = scored.iter().map(|part| {
                    let (all, used) = Self::cell(node, part.resource);
                    (part.weight, used.saturating_add(part.amounts[seat]), all)
                });
                self.strategy.score_of(cells.filter(|(_, _, all)| *all != 0))
            })
        });
    }
}
