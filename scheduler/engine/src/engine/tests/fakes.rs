//! Plugins for tests.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, is_placed,
};
use longshore_framework::plugin::*;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, PreBindWrite, StorageWrite};
use longshore_framework::profile::Profile;
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PermitVerdict, PluginError, Refusal, Rejection, Verdict};
use longshore_framework::view::NodeView;

use super::Log;

/// Does at each stage what the pod's label `<stage>.<name>` says.
struct Fake(&'static str, Log);

impl Fake {
    fn told<'p>(&self, stage: &str, pod: &'p Pod) -> Option<&'p str> {
        pod.meta.labels.get(&format!("{stage}.{}", self.0)).map(|v| &**v)
    }

    fn verdict(&self, stage: &str, pod: &Pod) -> Result<Verdict, PluginError> {
        match self.told(stage, pod) {
            None => Ok(Verdict::Pass),
            Some("error") => Err(PluginError::new("boom")),
            Some(reason) => Ok(Verdict::unschedulable(reason.to_string())),
        }
    }

    fn note(&self, what: &str) {
        self.1.lock().unwrap().push(format!("{what} {}", self.0));
    }
}

impl Plugin for Fake {
    fn name(&self) -> &str {
        self.0
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_LABEL),
            EventPattern::new(Resource::Pod, Action::POD_LABEL),
        ]
    }
}

impl PreEnqueue for Fake {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        let evicting = cx.evicting.then(|| Verdict::unresolvable("evicting".to_string()));
        evicting.or_else(|| self.verdict("gate", cx.pod).ok()).unwrap_or(Verdict::Pass)
    }
}

impl Filter for Fake {
    /// Rejects the node named in the label, or breaks: always, or [at a place](breaks).
    fn filter(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        match self.told("filter", cx.pod) {
            Some("error") => Err(PluginError::new("boom")),
            Some(name) if name == &**node.name() => Ok(Verdict::unresolvable("not here".to_string())),
            Some(told) if breaks(told, node) => Err(PluginError::new("boom")),
            _ => Ok(Verdict::Pass),
        }
    }
}

/// Whether the filter is to `breaks at` the node, or beside a pod that is there: only where there is room.
fn breaks(told: &str, node: NodeView<'_>) -> bool {
    let Some(at) = told.strip_prefix("breaks at ") else { return false };
    let beside = node.pods().iter().any(|other| *other.meta.name == *at);
    node.pod_count() < node.allowed_pods() && (beside || &**node.name() == at)
}

impl Score for Fake {
    /// The node's label `score`.
    fn score(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        self.verdict("score", cx.pod)?;
        Ok(node.node().labels.get("score").and_then(|s| s.parse().ok()).unwrap_or(0))
    }
}

impl Reserve for Fake {
    fn reserve(&self, cx: &mut ReserveContext<'_>, _: &mut PluginState) -> Result<Verdict, PluginError> {
        self.note("reserve");
        self.verdict("reserve", cx.pod)
    }

    fn unreserve(&self, _: &mut ReserveContext<'_>, _: &mut PluginState) {
        self.note("unreserve");
    }
}

impl Permit for Fake {
    fn permit(&self, cx: Cycle<'_>, _: &PluginState, _: Slot) -> Result<PermitVerdict, PluginError> {
        if let Some(seconds) = self.told("permit", cx.pod).and_then(|t| t.strip_prefix("wait ")) {
            return Ok(PermitVerdict::Wait(Duration::from_secs(seconds.parse().unwrap())));
        }
        Ok(match self.verdict("permit", cx.pod)? {
            Verdict::Pass => PermitVerdict::Allow,
            Verdict::Reject(rejection) => PermitVerdict::Reject(rejection),
        })
    }
}

impl PreBind for Fake {
    fn pre_bind(&self, cx: Cycle<'_>, _: &PluginState, _: Slot) -> Result<Vec<PreBindWrite>, Refusal> {
        let write =
            || StorageWrite::BindVolume { volume: "v".into(), namespace: "n".into(), claim: "c".into() };
        if let Some(reason) = self.told("prebind", cx.pod).and_then(|t| t.strip_prefix("no ")) {
            return Err(Refusal::Rejected(Rejection::unschedulable(reason.to_string())));
        }
        match self.verdict("prebind", cx.pod)? {
            Verdict::Pass => Ok(Vec::new()),
            Verdict::Reject(_) => Ok(vec![PreBindWrite::Storage(write())]),
        }
    }
}

impl Bind for Fake {
    fn bind(&self, cx: Cycle<'_>, _: &PluginState, node: Slot) -> Result<Option<Binding>, Refusal> {
        if let Verdict::Reject(rejection) = self.verdict("bind", cx.pod)? {
            return Err(Refusal::Rejected(rejection));
        }
        let mut binding = Binding::of(cx.pod, &cx.snapshot.node(node).name);
        if let Some(key) = self.told("annotate", cx.pod) {
            binding.annotations.push((key.into(), "yes".into()));
        }
        Ok(Some(binding))
    }
}

impl PostBind for Fake {
    fn post_bind(&self, _: Cycle<'_>, _: &PluginState, _: Slot) {
        self.note("bound");
    }
}

/// The queue order, the number of pods on a node, and preemption of the first node where it helps; for a group as one, if so.
struct Room(bool, Duration);

impl Plugin for Room {
    fn name(&self) -> &str {
        "Room"
    }

    fn events(&self) -> Vec<EventPattern> {
        let node = Action::ADD | Action::NODE_ALLOCATABLE;
        vec![EventPattern::new(Resource::Pod, Action::DELETE), EventPattern::new(Resource::Node, node)]
    }

    fn holds_places(&self) -> Duration {
        self.1
    }

    fn hint(&self, _: &Pod, event: &ClusterEvent, _: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Pod(Some(gone), None) => Hint::queue_if(is_placed(gone)),
            _ => Hint::Queue,
        }
    }
}

impl QueueSort for Room {
    fn rank(&self, queued: Queued<'_>) -> Rank {
        Rank([-i64::from(queued.pod.spec.priority), queued.since.0])
    }
}

impl Filter for Room {
    fn filter(&self, _: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let full = node.pod_count() >= node.allowed_pods();
        Ok(if full { Verdict::unschedulable("full".to_string()) } else { Verdict::Pass })
    }
}

impl PostFilter for Room {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        _: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        let tried = cx.engine.dry_run(0, cx.engine.resolvable())?;
        let candidate = |(_, run): &'_ Tried| match &**run {
            DryRun::Candidate(candidate) => Some(candidate.clone()),
            DryRun::Rejected { .. } => None,
        };
        let candidates: Vec<Candidate> = tried.iter().filter_map(candidate).collect();
        let candidates: Vec<&Candidate> = candidates.iter().collect();
        let left = cx.engine.ask_extenders(&candidates)?;
        let left = left.unwrap_or_else(|| candidates.into_iter().cloned().collect());
        if let Some(first) = left.into_iter().next() {
            return Ok(PostFilterOutcome {
                nomination: Nomination::Node(Arc::clone(&cx.snapshot.node(first.node).name)),
                victims: first.victims,
                lapsed: cx.engine.lower_nominations(first.node),
                ..PostFilterOutcome::default()
            });
        }
        let rejected = Some(Rejection::unschedulable("nobody to evict".to_string()));
        Ok(PostFilterOutcome { rejected, nomination: Nomination::Clear, ..PostFilterOutcome::default() })
    }

    fn evicts_by_priority(&self) -> bool {
        self.0
    }
}

/// Plugins A and B at every stage they can be at, and Room.
pub(super) fn profile(log: &Log) -> Profile {
    profile_with(log, Room(false, Duration::ZERO))
}

/// The same; room for a group is made `as_one`, or for one pod after the other.
pub(super) fn profile_of(log: &Log, as_one: bool) -> Profile {
    profile_with(log, Room(as_one, Duration::ZERO))
}

/// The same; places are held for a group for so long at a time.
pub(super) fn profile_holding(log: &Log, time: Duration) -> Profile {
    profile_with(log, Room(true, time))
}

fn profile_with(log: &Log, room: Room) -> Profile {
    let mut profile = Profile::new("default-scheduler");
    let fake = |name| {
        let fake = Instance::of(Fake(name, Arc::clone(log))).pre_enqueue().filter().score().reserve();
        fake.permit().pre_bind().bind().post_bind().build()
    };
    let a = profile.add(fake("A"));
    let b = profile.add(fake("B"));
    let room = profile.add(Instance::of(room).queue_sort().filter().post_filter().build());
    for stage in [Stage::PreEnqueue, Stage::Filter, Stage::Reserve, Stage::Permit, Stage::PreBind] {
        assert!(profile.enable(stage, a) && profile.enable(stage, b));
    }
    for (stage, id) in [
        (Stage::Score, a),
        (Stage::Bind, a),
        (Stage::PostBind, a),
        (Stage::QueueSort, room),
        (Stage::Filter, room),
        (Stage::PostFilter, room),
    ] {
        assert!(profile.enable(stage, id));
    }
    profile.set_weight(a, 1);
    profile
}
