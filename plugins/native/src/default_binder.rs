//! DefaultBinder: binds the pod to its node with the pod's own binding subresource.
//!
//! It rejects nothing, so no event concerns it.

use longshore_framework::event::EventPattern;
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Bind, Cycle, Plugin};
use longshore_framework::port::Binding;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::Refusal;
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "DefaultBinder";

/// The plugin.
#[derive(Debug, Default)]
pub struct DefaultBinder;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(DefaultBinder).bind().build()
}

impl Plugin for DefaultBinder {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        Vec::new()
    }

    /// By the spec alone.
    fn tell_apart(&self, _cx: Cycle<'_>, _likeness: &mut Likeness) {}
}

impl Bind for DefaultBinder {
    fn bind(&self, cx: Cycle<'_>, _state: &PluginState, node: Slot) -> Result<Option<Binding>, Refusal> {
        Ok(Some(Binding::of(cx.pod, &cx.snapshot.node(node).name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::objects::Objects;
    use longshore_framework::snapshot::Snapshot;

    #[test]
    fn the_binding_names_the_pod_with_its_uid_and_the_node() {
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").build());
        let (pod, objects) = (pod("p").namespace("shop").build(), Objects::default());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        let got = DefaultBinder.bind(cx, &PluginState::default(), slot).unwrap();
        let want = Binding {
            namespace: "shop".into(),
            name: "p".into(),
            uid: "shop/p".into(),
            node: "n".into(),
            annotations: Vec::new(),
        };
        assert_eq!(got, Some(want));
    }
}
