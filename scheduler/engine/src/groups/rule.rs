//! What stands for groups where plugins are named: who keeps the pods of a group waiting.

use longshore_framework::plugin::Plugin;
use longshore_framework::profile::Profile;
use longshore_framework::registry::Instance;

/// The name.
pub(crate) const NAME: &str = "PodGroup";

/// A plugin that takes part in no stage, so that groups have an id and a name. No event wakes a pod for its sake: the table
/// of groups does.
struct Named;

impl Plugin for Named {
    fn name(&self) -> &str {
        NAME
    }
}

/// Gives the rule a name in every profile.
pub(crate) fn install(profiles: &mut [Profile]) {
    for profile in profiles {
        profile.add(Instance::of(Named).build());
    }
}
