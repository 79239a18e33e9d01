//! DynamicResources: takes part as kube-scheduler's plugin does for pods without resource claims, and rejects pods with
//! claims in plain words, because devices are not allocated yet.
//!
//! Nodes, claims, device classes and slices may change its mind, and the claims generated for the pod.

pub mod allocator;
mod args;
pub mod cel;

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::features::{Features, Rule};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{
    Cycle, Dependence, EnqueueContext, Filter, FilterSink, Plugin, PostFilter, PostFilterContext,
    PostFilterOutcome, PreBind, PreEnqueue, PreFilter, Reserve, ReserveContext, Score,
};
use longshore_framework::pod::Pod;
use longshore_framework::port::PreBindWrite;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{
    PluginError, PreFilterVerdict, Reasons, Refusal, RejectCode, Rejection, Verdict,
};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "DynamicResources";

/// The plugin. Its two timeouts concern the allocation of devices, so they are only checked.
#[derive(Debug)]
pub struct DynamicResources {
    /// PostFilter says why it could not help.
    tells: bool,
}

impl DynamicResources {
    /// The plugin for these rules.
    fn new(features: Features) -> Self {
        Self { tells: !features.follow(Rule::NothingToDeallocate) }
    }
}

/// Makes the plugin from `DynamicResourcesArgs`.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    Instance::of(DynamicResources::new(context.features))
        .pre_enqueue()
        .pre_filter()
        .filter()
        .post_filter()
        .score()
        .reserve()
        .pre_bind()
        .args(args::read(args, problems))
        .build()
}

impl Plugin for DynamicResources {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        let fresh = Action::ADD | Action::UPDATE;
        let node = Action::ADD | Action::NODE_LABEL | Action::NODE_ALLOCATABLE;
        vec![
            EventPattern::new(Resource::Node, node),
            EventPattern::new(Resource::ResourceClaim, fresh),
            EventPattern::new(Resource::Pod, Action::POD_RESOURCE_CLAIM),
            EventPattern::new(Resource::DeviceClass, fresh),
            EventPattern::new(Resource::ResourceSlice, fresh),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Pod(_, Some(new)) => Hint::queue_if(same_pod(pod, new)),
            _ => Hint::Queue,
        }
    }

    /// By the spec alone.
    fn tell_apart(&self, _cx: Cycle<'_>, _likeness: &mut Likeness) {}
}

impl PreEnqueue for DynamicResources {
    fn pre_enqueue(&self, _cx: EnqueueContext<'_>) -> Verdict {
        Verdict::Pass
    }
}

/// That PreFilter ran in this cycle. Filter, PostFilter, Score and Reserve fail without it, as upstream: the failure
/// text shows it.
#[derive(Clone)]
struct Seen;

impl PreFilter for DynamicResources {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        state.put(Seen);
        let claims = &cx.pod.spec.resource_claims;
        if claims.is_empty() {
            return Ok(PreFilterVerdict::Skip);
        }
        let names: Vec<&str> = claims.iter().map(|claim| &*claim.name).collect();
        let text = format!("resource claims are not supported yet: {}", names.join(", "));
        Ok(PreFilterVerdict::Reject(Rejection::unresolvable(text)))
    }
}

impl Filter for DynamicResources {
    fn filter(&self, _: Cycle<'_>, state: &PluginState, _: NodeView<'_>) -> Result<Verdict, PluginError> {
        state.get::<Seen>()?;
        Ok(Verdict::Pass)
    }

    fn filter_range(
        &self,
        _: Cycle<'_>,
        state: &PluginState,
        _: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        state.get::<Seen>()?;
        Ok(())
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

impl PostFilter for DynamicResources {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        state.get::<Seen>()?;
        let text = match cx.pod.spec.resource_claims.is_empty() {
            true => "no new claims to deallocate",
            false => "still not schedulable",
        };
        let mut reasons = Reasons::new();
        if self.tells {
            reasons.push(Reason::Other(text.into()));
        }
        let rejected = Some(Rejection { code: RejectCode::Unschedulable, reasons });
        Ok(PostFilterOutcome { rejected, ..Default::default() })
    }

    /// Without claims there is nothing to deallocate.
    fn repeats(&self, pod: &Pod) -> bool {
        pod.spec.resource_claims.is_empty()
    }
}

impl Score for DynamicResources {
    fn score(&self, _: Cycle<'_>, state: &PluginState, _: NodeView<'_>) -> Result<i64, PluginError> {
        state.get::<Seen>()?;
        Ok(0)
    }

    fn score_range(
        &self,
        _: Cycle<'_>,
        state: &PluginState,
        _: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        state.get::<Seen>()?;
        scores.fill(0);
        Ok(())
    }

    fn even_score(&self, _: Cycle<'_>, state: &PluginState) -> Option<i64> {
        state.get::<Seen>().is_ok().then_some(0)
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

impl Reserve for DynamicResources {
    fn reserve(&self, _: &mut ReserveContext<'_>, state: &mut PluginState) -> Result<Verdict, PluginError> {
        state.get::<Seen>()?;
        Ok(Verdict::Pass)
    }

    fn unreserve(&self, _: &mut ReserveContext<'_>, _: &mut PluginState) {}
}

impl PreBind for DynamicResources {
    fn pre_bind(&self, _: Cycle<'_>, _: &PluginState, _: Slot) -> Result<Vec<PreBindWrite>, Refusal> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use longshore_framework::features::Minor;
    use longshore_framework::fixture::pod;
    use longshore_framework::objects::Objects;
    use longshore_framework::plugin::{Nomination, PreemptionEngine, Tried};
    use longshore_framework::pod::{ClaimSource, PodClaim};
    use longshore_framework::snapshot::Snapshot;

    fn named(name: &&str) -> PodClaim {
        PodClaim { name: (*name).into(), source: ClaimSource::Claim((*name).into()) }
    }

    #[track_caller]
    fn check(claims: &[&str], want: PreFilterVerdict) {
        let pod = pod("p").spec(|s| s.resource_claims = claims.iter().map(named).collect()).build();
        let (snapshot, objects, mut state) =
            (Snapshot::default(), Objects::default(), PluginState::default());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        let plugin = DynamicResources::new(Features::default());
        assert_eq!(plugin.pre_filter(cx, &mut state), Ok(want));
        assert!(state.get::<Seen>().is_ok(), "PostFilter needs the state, whatever the verdict");
    }

    #[test]
    fn only_pods_without_claims_go_on() {
        check(&[], PreFilterVerdict::Skip);
        let text = "resource claims are not supported yet: gpu, net".to_string();
        check(&["gpu", "net"], PreFilterVerdict::Reject(Rejection::unresolvable(text)));
    }

    struct NoPreemption;

    impl PreemptionEngine for NoPreemption {
        fn rejection(&self, _: Slot) -> Option<RejectCode> {
            None
        }
        fn dry_run(&self, _: usize, _: usize) -> Result<Vec<Tried>, PluginError> {
            Ok(Vec::new())
        }
        fn random(&mut self, _: usize) -> usize {
            0
        }
        fn lower_nominations(&self, _: Slot) -> Vec<Arc<Pod>> {
            Vec::new()
        }
    }

    #[test]
    fn the_failure_text_tells_whether_an_earlier_plugin_ended_the_prefilter() {
        let (pod, snapshot, objects) = (pod("p").build(), Snapshot::default(), Objects::default());
        let mut state = PluginState::default();
        let plugin = DynamicResources::new(Features::of(Minor::V1_36));
        let ask = |state: &PluginState| {
            let engine = &mut NoPreemption;
            let mut cx = PostFilterContext { snapshot: &snapshot, objects: &objects, pod: &pod, engine };
            plugin.post_filter(&mut cx, state)
        };
        assert_eq!(ask(&state).unwrap_err().to_string(), "not found");
        let (mut nodes, mut rejected) = (vec![], vec![]);
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        let sink = &mut FilterSink::new(&mut nodes, &mut rejected);
        assert!(plugin.filter_range(cx, &state, sink).is_err(), "without PreFilter");
        assert!(plugin.score_range(cx, &state, &[], &mut []).is_err(), "without PreFilter");
        plugin.pre_filter(cx, &mut state).unwrap();
        let outcome = ask(&state).unwrap();
        let text = "no new claims to deallocate".to_string();
        assert_eq!(outcome.rejected, Some(Rejection::unschedulable(text)));
        assert_eq!(outcome.nomination, Nomination::Keep);
        let engine = &mut NoPreemption;
        let mut cx = PostFilterContext { snapshot: &snapshot, objects: &objects, pod: &pod, engine };
        let silent = DynamicResources::new(Features::default()).post_filter(&mut cx, &state).unwrap();
        assert_eq!(silent.rejected.unwrap().message(), "", "since 1.37 there is nothing to say");
    }
}
