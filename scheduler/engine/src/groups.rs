//! Pods of groups.
//!
//! A group is to be started as a whole, which this scheduler does not do yet. So its pods wait: to start some of them would
//! hold room for work that cannot begin. This is a rule of the engine and not of a plugin, because no profile may switch it
//! off, and because it is the queue that will hand out groups one day. Then their pods do not come here any more.

use longshore_framework::event::{
    Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject, same_pod,
};
use longshore_framework::objects::{GroupOf, Object, Objects};
use longshore_framework::plugin::Plugin;
use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Instance;
use longshore_framework::verdict::Rejection;

/// What stands for the rule where plugins are named.
const NAME: &str = "PodGroup";

/// A plugin that takes part in no stage, so that the rule has an id, a name, and events that wake its pods.
struct Named;

impl Plugin for Named {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::PodGroup, Action::ALL),
            EventPattern::new(Resource::Pod, Action::POD_LABEL),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        let is_its = |object: &Option<Object>| match object {
            Some(Object::PodGroup(group)) => group.namespace == pod.meta.namespace,
            _ => false,
        };
        match &event.subject {
            Subject::Pod(_, Some(new)) => Hint::queue_if(same_pod(pod, new)),
            Subject::Object(old, new) => Hint::queue_if(is_its(old) || is_its(new)),
            _ => Hint::Skip,
        }
    }
}

/// Gives the rule a name in every profile.
pub(crate) fn install(profiles: &mut [Profile]) {
    for profile in profiles {
        profile.add(Instance::of(Named).build());
    }
}

/// Whether the pod waits for its group.
pub(crate) fn holds_back(objects: &Objects, pod: &Pod) -> bool {
    match objects.group_of(pod) {
        Some(GroupOf::Known(group)) => group.is_gang,
        Some(GroupOf::Missing(_)) => true,
        None => false,
    }
}

/// Why the pod is not tried, if it waits for its group.
pub(crate) fn held_back(profile: &Profile, objects: &Objects, pod: &Pod) -> Option<(PluginId, Rejection)> {
    if !holds_back(objects, pod) {
        return None;
    }
    let namespace = &pod.meta.namespace;
    let text = match objects.group_of(pod)? {
        GroupOf::Known(group) => format!(
            "the pod belongs to pod group {namespace}/{}, and this scheduler does not start groups yet",
            group.name
        ),
        GroupOf::Missing(name) => {
            format!("the pod belongs to pod group {namespace}/{name}, which does not exist")
        }
    };
    Some((profile.id(NAME)?, Rejection::unresolvable(text)))
}
