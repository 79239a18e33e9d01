//! One node, many pods: what they request lies side by side.

use longshore_framework::Str;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, PerSeat, SEATS, Seats};
use longshore_framework::resources::is_scalar;
use longshore_framework::snapshot::ResourceId;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;
use longshore_framework::wide::wide;

use super::pairs::at_most_1;
use super::{HALF, balance, pair_percent};
use crate::lanes::{self, Check};

/// A resource that is compared, and how much of it each pod adds.
#[derive(Debug)]
struct Compared {
    name: Str,
    resource: Option<ResourceId>,
    amounts: PerSeat,
}

/// What the pods at the seats add to what is compared.
#[derive(Debug)]
pub(super) struct BalanceSeats {
    compared: Vec<Compared>,
    /// Resources that count only for pods that request them: these get no seat.
    scalars: Vec<Str>,
}

impl BalanceSeats {
    pub(super) fn new(resources: &[Str]) -> Self {
        let (scalars, basic): (Vec<Str>, Vec<Str>) =
            resources.iter().cloned().partition(|name| is_scalar(name));
        let compared = |name| Compared { name, resource: None, amounts: [0; SEATS] };
        Self { compared: basic.into_iter().map(compared).collect(), scalars }
    }

    /// What the node offers and what its pods hold, of the resources that it offers, with what the pods at the seats add.
    fn cells<'s>(&'s self, node: NodeView<'s>) -> impl Iterator<Item = (i64, i64, &'s PerSeat)> + Clone {
        self.compared.iter().filter_map(move |part| {
            let (all, used) = (node.allocatable(part.resource?), node.requested(part.resource?));
            (all != 0).then_some((all, used, &part.amounts))
        })
    }
}

impl Seats for BalanceSeats {
    fn take(&mut self, seat: usize, cx: Cycle<'_>, _: &PluginState) -> Result<bool, PluginError> {
        if self.scalars.iter().any(|name| cx.pod.resources.usage.get(name) != 0) {
            return Ok(false);
        }
        for part in &mut self.compared {
            part.resource = cx.snapshot.resource(&part.name);
            part.amounts[seat] = cx.pod.resources.usage.get(&part.name);
        }
        Ok(true)
    }

    fn score(&self, node: NodeView<'_>, _: &Objects, scores: &mut PerSeat) {
        let mut cells = self.cells(node);
        if let (Some(a), Some(b), None) = (cells.next(), cells.next(), cells.next())
            && let Some(pairs) = wide(
                #[inline(always)]
                || pair_gains(a, b),
            )
        {
            *scores = pairs;
            return;
        }
        let before = balance(self.cells(node).map(|(all, used, _)| (used, all)));
        for (seat, score) in scores.iter_mut().enumerate() {
            let with = self.cells(node).map(|(all, used, amounts)| (used.saturating_add(amounts[seat]), all));
            *score = HALF + (HALF + balance(with) - before) / 2;
        }
    }
}

/// The scores where two resources are compared; `None` where a number is too large for [lanes].
#[inline(always)]
fn pair_gains(
    (all_a, used_a, more_a): (i64, i64, &PerSeat),
    (all_b, used_b, more_b): (i64, i64, &PerSeat),
) -> Option<PerSeat> {
    let mut check = Check::default();
    let (all_a, used_a) = (check.divisor(all_a), check.number(used_a));
    let (all_b, used_b) = (check.divisor(all_b), check.number(used_b));
    let before = lanes::whole(pair_percent(at_most_1(used_a / all_a), at_most_1(used_b / all_b)));
    let mut scores = [0; SEATS];
    for at in 0..SEATS {
        let (more_a, more_b) = (check.number(more_a[at]), check.number(more_b[at]));
        let with = pair_percent(at_most_1((used_a + more_a) / all_a), at_most_1((used_b + more_b) / all_b));
        // As for blocks of nodes: the difference and 50 is not negative.
        let gained = HALF.wrapping_add(lanes::whole(with)).wrapping_sub(before);
        scores[at] = HALF.wrapping_add((gained as u64 >> 1) as i64);
    }
    check.passed().then_some(scores)
}
