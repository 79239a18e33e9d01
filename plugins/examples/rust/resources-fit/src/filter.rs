//! What the pod needs, against what the node has left.

use longshore_plugin::prelude::*;

use crate::ResourcesFit;
use crate::resources::{ALLOWED_PODS, POD_COUNT, Resource};

/// What is asked of one resource; more than nothing.
#[derive(Debug)]
pub struct Need {
    pub amount: i64,
    pub resource: &'static Resource,
}

impl Filter for ResourcesFit {
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        judge(&cycle.prepared.needs, node)
    }

    /// Most nodes fit, so they are told by the columns alone; only who fails is looked at again for the reasons.
    fn filter_all(&self, cycle: &Cycle<Self>, nodes: Nodes<'_>, verdicts: &mut Verdicts) {
        let needs = &cycle.prepared.needs;
        let (counts, allowed) = (nodes.numbers(POD_COUNT), nodes.numbers(ALLOWED_PODS));
        let columns: Vec<_> = needs
            .iter()
            .map(|need| {
                (need.amount, nodes.numbers(need.resource.allocatable), nodes.numbers(need.resource.held))
            })
            .collect();
        nodes.each(|node| {
            let at = node.row() as usize;
            let room =
                |(amount, has, held): &(i64, &[i64], &[i64])| *amount <= has[at].saturating_sub(held[at]);
            let fits = counts[at] < allowed[at] && columns.iter().all(room);
            if !fits && let Verdict::Reject(reject) = judge(needs, node) {
                verdicts.reject(node, reject);
            }
        });
    }
}

/// One node, with all reasons.
fn judge(needs: &[Need], node: Node<'_>) -> Verdict {
    let mut reasons: Vec<&'static str> = Vec::new();
    let mut code = RejectCode::Unschedulable;
    if node.number(POD_COUNT) >= node.number(ALLOWED_PODS) {
        reasons.push("Too many pods");
    }
    for Need { amount, resource } in needs {
        let (has, held) = (node.number(resource.allocatable), node.number(resource.held));
        if *amount <= has.saturating_sub(held) {
            continue;
        }
        reasons.push(resource.reason);
        if *amount > has {
            // Not even the empty node would do.
            code = RejectCode::UnschedulableAndUnresolvable;
        }
    }
    match reasons[..] {
        [] => Verdict::Fit,
        [reason] => Verdict::Reject(Reject { code, reason: reason.into() }),
        _ => Verdict::Reject(Reject { code, reason: reasons.join("\n").into() }),
    }
}
