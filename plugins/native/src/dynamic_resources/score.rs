//! Score: of alternatives the first is best.

use longshore_framework::plugin::{Cycle, Dependence, Score, scale_to_max};
use longshore_framework::pod::Pod;
use longshore_framework::resource_claim::{Allocation, ClaimSpec, Wanted};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;

use super::DynamicResources;
use super::work::{Inner, Work};

/// How many alternatives a request has at the most; the first of them counts so much.
const MOST_ALTERNATIVES: i64 = 8;

impl Score for DynamicResources {
    fn score(&self, _: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        let Work(work) = state.get()?;
        Ok(if self.gates.alternatives { score(work, node.name()) } else { 0 })
    }

    fn even_score(&self, _: Cycle<'_>, state: &PluginState) -> Option<i64> {
        let Work(work) = state.get().ok()?;
        let of_one = |spec: &ClaimSpec| spec.requests.iter().all(|r| matches!(r.wanted, Wanted::Exactly(_)));
        let even = !self.gates.alternatives || work.claims.iter().all(|claim| of_one(&claim.spec));
        even.then_some(0)
    }

    fn normalise(
        &self,
        _: Cycle<'_>,
        _: &PluginState,
        _: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        scale_to_max(scores, false);
        Ok(())
    }

    /// Of pods that are not [asked about every time](super::likeness): by alternatives, which only claims have.
    fn depends_on(&self, pod: &Pod) -> Dependence {
        if pod.spec.resource_claims.is_empty() { Dependence::Static } else { Dependence::Node }
    }
}

/// The sum over all claims, those that had something before too.
fn score(work: &Inner, node: &str) -> i64 {
    let found = work.found(node);
    let found = found.iter().flat_map(|found| &found.claims);
    let new = found.filter_map(|(at, allocation)| Some((&work.claims.get(*at)?.spec, allocation)));
    let old = work.claims.iter().filter_map(|claim| Some((&claim.spec, claim.allocation.as_ref()?)));
    new.chain(old).map(|(spec, allocation)| of_claim(spec, allocation)).sum()
}

fn of_claim(spec: &ClaimSpec, allocation: &Allocation) -> i64 {
    let mut sum = 0;
    for request in &spec.requests {
        let Wanted::FirstAvailable(alternatives) = &request.wanted else { continue };
        for (at, (alternative, _)) in alternatives.iter().enumerate() {
            let is_it = |name: &str| {
                name.split_once('/').is_some_and(|(of, name)| *of == *request.name && *name == **alternative)
            };
            if allocation.devices.iter().any(|device| is_it(&device.request)) {
                sum += MOST_ALTERNATIVES.saturating_sub(i64::try_from(at).unwrap_or(i64::MAX));
            }
        }
    }
    sum
}
