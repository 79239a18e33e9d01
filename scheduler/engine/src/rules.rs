//! The profiles' answers to the queue's questions.

use std::sync::Arc;

use longshore_framework::event::{Action, ClusterEvent, Hint, HintContext, Resource, Subject};
use longshore_framework::features::{Features, Gate};
use longshore_framework::group::GroupApi;
use longshore_framework::plugin::{EnqueueContext, PreEnqueue, Queued, Rank};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::verdict::{Rejection, Verdict};

use crate::cache::Cache;
use crate::evictions::Evictions;
use crate::groups::{self, Group};
use crate::plugin_set::PluginSet;
use crate::pods::QueuedPod;
use crate::queue::Rules;

/// Everything the queue's questions are answered from.
pub(crate) struct EngineRules<'a> {
    pub(crate) profiles: &'a [Arc<Profile>],
    pub(crate) cache: &'a Cache,
    /// Preemptors and the victims they wait for.
    pub(crate) evictions: &'a Evictions,
    pub(crate) features: Features,
}

impl EngineRules<'_> {
    fn profile(&self, pod: &QueuedPod) -> &Profile {
        &self.profiles[pod.profile]
    }
}

impl Rules for EngineRules<'_> {
    /// The QueueSort of the first profile; all have the same.
    fn rank(&self, queued: &QueuedPod) -> Rank {
        let sort = self.profiles.first().and_then(|p| p.queue_sort());
        let objects = self.cache.objects();
        let is_new = queued.stands_for.is_some() && queued.unschedulable_count + queued.error_count == 0;
        let group = is_new.then(|| objects.group_of(&queued.pod)).flatten().map(|group| &**group);
        let queued = Queued { pod: &queued.pod, since: queued.since, objects, group };
        sort.map_or(Rank::default(), |s| s.rank(queued))
    }

    fn gate(&self, pod: &QueuedPod) -> Option<(PluginId, Rejection)> {
        let profile = self.profile(pod);
        let cx = EnqueueContext {
            pod: &pod.pod,
            evicting: self.evictions.rests(&pod.pod.meta.uid),
            objects: self.cache.objects(),
        };
        let keeps_out = |(id, plugin): (PluginId, &Arc<dyn PreEnqueue>)| match plugin.pre_enqueue(cx) {
            Verdict::Pass => None,
            Verdict::Reject(rejection) => Some((id, rejection)),
        };
        let plugins = || profile.at(Stage::PreEnqueue, |i| i.pre_enqueue.as_ref());
        let Some(last) = pod.gated_by else { return plugins().find_map(keeps_out) };
        let others = plugins().filter(|(id, _)| *id != last);
        plugins().filter(|(id, _)| *id == last).chain(others).find_map(keeps_out)
    }

    fn gate_of_group(&self, pod: &QueuedPod, group: &Group) -> Option<(PluginId, Rejection)> {
        let why = match self.features.enabled(Gate::GenericWorkload) && group.key.api == GroupApi::Kubernetes
        {
            true => group.kind.lacks_upstream(&group.key, group.known()),
            false => group.kind.lacks(&group.key, group.known()),
        };
        Some((self.group_plugin(pod)?, Rejection::unresolvable(why?)))
    }

    fn gate_of_evictions(&self, pod: &QueuedPod) -> Option<(PluginId, Rejection)> {
        self.evictions.rests(&pod.pod.meta.uid).then(|| self.gate(pod)).flatten()
    }

    fn group_plugin(&self, pod: &QueuedPod) -> Option<PluginId> {
        self.profile(pod).id(groups::NAME)
    }

    fn rests(&self, pod: &QueuedPod, plugin: PluginId) -> bool {
        let Some(instance) = self.profile(pod).plugins().get(plugin.index()) else { return false };
        let cx = EnqueueContext { pod: &pod.pod, evicting: false, objects: self.cache.objects() };
        self.evictions.rests(&pod.pod.meta.uid)
            && instance.pre_enqueue.as_ref().is_some_and(|plugin| plugin.pre_enqueue(cx) == Verdict::Pass)
    }

    fn listeners(&self, resource: Resource, action: Action) -> Vec<PluginSet> {
        let event = ClusterEvent::new(resource, action, Subject::None);
        let hears = |(at, plugin): (usize, &Instance)| {
            let id = PluginId(u16::try_from(at).ok()?);
            (covers(plugin, &event) || hears_of_taints(plugin, &event)).then_some(id)
        };
        let of = |profile: &Arc<Profile>| profile.plugins().iter().enumerate().filter_map(hears).collect();
        self.profiles.iter().map(of).collect()
    }

    fn hint(&self, pod: &QueuedPod, plugin: PluginId, event: &ClusterEvent) -> Option<Hint> {
        let instance = self.profile(pod).plugins().get(plugin.index())?;
        if !covers(instance, event) {
            return hears_of_taints(instance, event).then_some(Hint::Queue);
        }
        let cluster = HintContext { snapshot: self.cache.snapshot(), objects: self.cache.objects() };
        Some(instance.plugin.hint(&pod.pod, event, cluster))
    }
}

fn covers(plugin: &Instance, event: &ClusterEvent) -> bool {
    plugin.events.iter().any(|e| e.covers(event))
}

/// Who waits for new nodes is told of changed taints too, whether it asked or not: a node may be tainted when it is new
/// and of no use until the taint goes.
fn hears_of_taints(plugin: &Instance, event: &ClusterEvent) -> bool {
    let hears_of = |action: Action| {
        let of_nodes = |r: Resource| r == Resource::Node || r == Resource::Any;
        plugin.events.iter().any(|e| of_nodes(e.resource) && e.action.overlaps(action))
    };
    event.resource == Resource::Node
        && event.action == Action::NODE_TAINT
        && hears_of(Action::ADD)
        && !hears_of(Action::NODE_TAINT)
}
