//! What stands for groups where plugins are named: who keeps the pods of a group waiting.

use longshore_framework::event::{Action, EventPattern, Resource};
use longshore_framework::plugin::Plugin;
use longshore_framework::profile::Profile;
use longshore_framework::registry::Instance;

/// Who keeps pods waiting for others of their group.
pub(crate) const NAME: &str = "PodGroup";

/// Who keeps a group waiting until the cluster has what it asks for.
pub(crate) const MIN_RESOURCES: &str = "PodGroupMinResources";

/// A plugin that takes part in no stage, so that groups have an id and a name.
struct Named(&'static str);

impl Plugin for Named {
    fn name(&self) -> &str {
        self.0
    }

    /// No event helps a group that lacks pods: the table of groups knows when it has them.
    fn events(&self) -> Vec<EventPattern> {
        if self.0 == NAME {
            return Vec::new();
        }
        vec![
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_ALLOCATABLE),
            EventPattern::new(Resource::AssignedPod, Action::DELETE),
            EventPattern::new(Resource::PodGroup, Action::UPDATE),
        ]
    }
}

/// Gives both a name in every profile.
pub(crate) fn install(profiles: &mut [Profile]) {
    for profile in profiles {
        for name in [NAME, MIN_RESOURCES] {
            profile.add(Instance::of(Named(name)).build());
        }
    }
}
