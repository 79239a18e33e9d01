//! Filter: whether the pod's claims can be used from a node, and what those that have nothing yet would get there.

use std::sync::{Arc, LazyLock};

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::plugin::{Cycle, Dependence, Filter, FilterSink};
use longshore_framework::pod::Pod;
use longshore_framework::port::GeneratedClaim;
use longshore_framework::reason::Reason;
use longshore_framework::resource_claim::{ClaimSpec, ResourceClaim};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};
use longshore_framework::view::NodeView;

use super::allocator::{AllocationError, Claim, Known, Pools, allocate};
use super::extended::{PLACEHOLDER, Wish};
use super::ready::Readiness;
use super::work::{Extended, Found, Inner, Solution, Solved, Work};
use super::{DynamicResources, extended, ready};

impl Filter for DynamicResources {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let Work(work) = state.get()?;
        if work.is_empty() {
            return Ok(Verdict::Pass);
        }
        self.judge(cx, work, node)
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let Work(work) = state.get()?;
        if work.is_empty() {
            return Ok(());
        }
        nodes.retain(|slot| self.judge(cx, work, cx.snapshot.view(slot)))
    }

    /// Of pods that are not [asked about every time](super::likeness).
    fn depends_on(&self, pod: &Pod) -> Dependence {
        let may_get_devices = !pod.spec.resource_claims.is_empty() || extended::may_be_served_to(pod);
        if may_get_devices { Dependence::Node } else { Dependence::Static }
    }
}

/// What a node gives of extended resources.
pub(super) enum OfNode {
    /// Nothing by devices.
    Nothing,
    /// Devices, by this claim.
    Devices(GeneratedClaim),
    /// One that it does not have.
    Lacking,
}

impl DynamicResources {
    fn judge(&self, cx: Cycle<'_>, work: &Inner, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let made = match made(cx.pod, work, node.node()) {
            Ok(made) => made,
            Err(why) => return Ok(Verdict::unresolvable(why)),
        };
        let found = match self.allocate(cx, work, made, node)? {
            Ok(found) => found,
            Err(why) => return Ok(Verdict::unresolvable(why)),
        };
        let mut is_available = true;
        for at in self.unavailable(work, node) {
            is_available = false;
            work.note_unavailable(at);
        }
        if !is_available {
            return Ok(Verdict::unresolvable(why(&NOT_AVAILABLE)));
        }
        work.keep(node.name(), found);
        Ok(Verdict::Pass)
    }

    /// The claims by their number whose devices are of no use on the node: they cannot be reached from there, or will not get
    /// ready.
    fn unavailable(&self, work: &Inner, node: NodeView<'_>) -> impl Iterator<Item = usize> {
        let is_unavailable = move |claim: &ResourceClaim| {
            let Some(allocation) = &claim.allocation else { return false };
            if allocation.node_selector.as_ref().is_some_and(|selector| !selector.matches(node.node())) {
                return true;
            }
            self.gates.conditions
                && match ready::readiness(claim, allocation) {
                    Readiness::Ready => false,
                    Readiness::Failed => true,
                    Readiness::Waiting => {
                        ready::has_timed_out(claim, allocation, self.binding_timeout, self.now())
                    }
                }
        };
        work.claims.iter().enumerate().filter(move |(_, claim)| is_unavailable(claim)).map(|(at, _)| at)
    }

    /// What the claims get that have nothing yet, or why the node is rejected.
    pub(super) fn allocate(
        &self,
        cx: Cycle<'_>,
        work: &Inner,
        made: Option<GeneratedClaim>,
        node: NodeView<'_>,
    ) -> Result<Solution, PluginError> {
        if made.is_none() && work.waiting().next().is_none() {
            return Ok(Ok(Arc::clone(&work.nothing)));
        }
        let in_use = cx.objects.resource_claims.in_use();
        let pools = self.kept.pools_of(&cx.objects.slices, node.node(), self.gates.slices);
        if !pools.is_uniform() {
            return self.search(cx, work, (&pools, made), node);
        }
        let as_of = (in_use.lineage(), in_use.revision());
        if let Some(solution) = work.solution(&pools, as_of, made.as_ref()) {
            return Ok(solution);
        }
        let solution = self.search(cx, work, (&pools, made.clone()), node)?;
        work.keep_solution(Solved { pools, as_of, made, solution: solution.clone() });
        Ok(solution)
    }

    /// Looks for devices.
    fn search(
        &self,
        cx: Cycle<'_>,
        work: &Inner,
        (pools, made): (&Pools, Option<GeneratedClaim>),
        node: NodeView<'_>,
    ) -> Result<Solution, PluginError> {
        let mut claims: Vec<Claim<'_>> = work.waiting().map(|(_, claim)| of_claim(claim)).collect();
        if let Some(made) = &made {
            claims.push(Claim { namespace: &cx.pod.meta.namespace, name: PLACEHOLDER, spec: &made.spec });
        }
        let class = |name: &Str| cx.objects.device_classes.get(name).cloned();
        let known = Known {
            in_use: cx.objects.resource_claims.in_use(),
            selectors: &self.kept.selectors,
            class: &class,
            patience: self.patience,
            lists_once: self.gates.lists_once,
            fractional: self.gates.fractional,
            shares: self.gates.slices.shares,
        };
        let allocations = match allocate(node.node(), pools, &claims, known) {
            Ok(Some(allocations)) => allocations,
            Ok(None) => return Ok(Err(why(&NOTHING_FOUND))),
            Err(invalid @ AllocationError::InvalidPools) => {
                return Ok(Err(Reason::Other(invalid.to_string().into())));
            }
            Err(why @ AllocationError::GaveUp) => {
                return Err(PluginError::new(format!("node {}: {why}", node.name())));
            }
            Err(why @ AllocationError::Broken(_)) => return Err(PluginError::new(why.to_string())),
        };
        let mut allocations = allocations.into_iter().map(Arc::new);
        let claims = work.waiting().map(|(at, _)| at).zip(allocations.by_ref()).collect();
        Ok(Ok(Arc::new(Found { claims, extended: made.zip(allocations.next()) })))
    }
}

/// Reasons that many nodes are rejected for.
static NOTHING_FOUND: LazyLock<Str> = LazyLock::new(|| "cannot allocate all claims".into());
static NOT_AVAILABLE: LazyLock<Str> = LazyLock::new(|| "resourceclaim not available on the node".into());

fn why(text: &LazyLock<Str>) -> Reason {
    Reason::Other(Str::clone(text))
}

/// The claim that would be made on the node for extended resources, if there is one, or why the node is rejected.
pub(super) fn made(pod: &Pod, work: &Inner, node: &Node) -> Result<Option<GeneratedClaim>, Reason> {
    match &work.extended {
        None => Ok(None),
        // PostFilter deletes it.
        Some(Extended::Stale(_)) => Err("cannot schedule extended resource claim".to_string().into()),
        Some(Extended::Wanted(wishes)) => match of_node(pod, wishes, node) {
            OfNode::Nothing => Ok(None),
            OfNode::Devices(made) => Ok(Some(made)),
            OfNode::Lacking => Err("cannot fit resource".to_string().into()),
        },
    }
}

fn of_claim(claim: &ResourceClaim) -> Claim<'_> {
    Claim { namespace: &claim.namespace, name: &claim.name, spec: &claim.spec }
}

/// Whether the node has something of a resource itself, as a device plugin reports it.
fn has_itself(node: &Node, resource: &str) -> Option<i64> {
    node.allocatable.scalars.iter().find(|(name, _)| &**name == resource).map(|(_, amount)| *amount)
}

/// Which of the pod's extended resources are given by devices on a node. A pod whose resources a device plugin gives needs no claim for
/// them, whatever other claims it has.
pub(super) fn of_node(pod: &Pod, wishes: &[Wish], node: &Node) -> OfNode {
    let mut by_devices = Vec::new();
    for wish in wishes {
        match (has_itself(node, &wish.resource), &wish.class) {
            (None | Some(0), Some(class)) => by_devices.push((&wish.resource, class)),
            (None, None) => return OfNode::Lacking,
            _ => {}
        }
    }
    if by_devices.is_empty() {
        return OfNode::Nothing;
    }
    let extended::Requests { requests, mappings } = extended::requests(pod, by_devices.into_iter());
    let spec = Arc::new(ClaimSpec { requests, ..ClaimSpec::default() });
    OfNode::Devices(GeneratedClaim { spec, requests: mappings })
}
