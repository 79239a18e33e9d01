//! Filter: whether what is asked fits into single NUMA nodes.

use std::borrow::Cow;

use catalogue_common::Quantity;
use catalogue_common::pod::Amounts;
use longshore_plugin::Verdict;

use crate::demand::{Demand, Kind, is_aligned, is_of_the_node};
use crate::topology::{Scope, Zone};

/// Whether the pod fits.
pub(crate) fn fits(demand: &Demand, scope: Scope, zones: &[Zone]) -> Verdict {
    match scope {
        Scope::Pod if lowest(demand, &demand.whole, zones).is_some() => Verdict::Fit,
        Scope::Pod => Verdict::unschedulable("cannot align pod"),
        Scope::Container => containers_fit(demand, Cow::Borrowed(zones)),
    }
}

/// Init containers run one after the other, so each has everything; containers share.
fn containers_fit(demand: &Demand, mut zones: Cow<'_, [Zone]>) -> Verdict {
    for (at, part) in demand.parts.iter().enumerate() {
        let Some(id) = lowest(demand, &part.requests, &zones) else {
            return Verdict::unschedulable(match part.kind {
                Kind::Init => "cannot align init container",
                Kind::Sidecar => "cannot align sidecar container",
                Kind::Container => "cannot align container",
            });
        };
        if part.kind == Kind::Container && at + 1 < demand.parts.len() {
            for zone in zones.to_mut().iter_mut().filter(|zone| zone.id == id) {
                take(demand, &part.requests, zone);
            }
        }
    }
    Verdict::Fit
}

fn take(demand: &Demand, requests: &Amounts, zone: &mut Zone) {
    for (resource, wanted) in requests {
        if !demand.guaranteed && is_aligned(resource) {
            continue;
        }
        if let Some(amount) = zone.amounts.get_mut(resource) {
            *amount = amount.minus(*wanted).max(Quantity::ZERO);
        }
    }
}

/// The lowest id of those NUMA nodes where everything fits.
fn lowest(demand: &Demand, requests: &Amounts, zones: &[Zone]) -> Option<usize> {
    // A bit for each id.
    let mut fitting = u64::MAX;
    for (resource, wanted) in requests.iter().filter(|(_, wanted)| !wanted.is_zero()) {
        let known = zones.iter().filter_map(|zone| Some((zone.id, *zone.amounts.get(resource)?)));
        let (mut listed, mut enough) = (false, 0);
        for (id, there) in known {
            listed = true;
            if demand.is_enough(resource, *wanted, there) {
                enough |= 1 << id;
            }
        }
        if listed || !is_of_the_node(resource) {
            fitting &= enough;
        }
    }
    (fitting != 0).then(|| fitting.trailing_zeros() as usize)
}
