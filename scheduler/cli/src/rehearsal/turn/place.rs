//! Reserve, Permit, PreBind, Bind and PostBind on the chosen node.

use longshore_framework::plugin::{Cycle, ReserveContext};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PermitVerdict, Verdict};

use super::super::Scene;
use super::Asked;
use super::answer::Kind;

impl Asked<'_> {
    /// Puts the pod on the node; what any stage turned away is taken back. A pod that Permit would keep waiting goes on
    /// as if it had been allowed.
    pub(super) fn place(&mut self, scene: &mut Scene, slot: Slot) {
        scene.assume(self.pod, slot);
        let placed = self.reserve(scene, slot) && self.permit(scene, slot) && self.bind(scene, slot);
        if !placed {
            self.unreserve(scene, slot);
            scene.snapshot.remove_pod(slot, &self.pod.meta.uid);
        }
    }

    fn reserve(&mut self, scene: &mut Scene, slot: Slot) -> bool {
        let Some(plugin) = &self.instance.reserve else { return true };
        let mut cx = ReserveContext {
            snapshot: &scene.snapshot,
            objects: &mut scene.objects,
            pod: self.pod,
            node: slot,
        };
        let answer = plugin.reserve(&mut cx, &mut self.state);
        let good = matches!(answer, Ok(Verdict::Pass));
        self.say(Stage::Reserve, answer.map_or_else(|error| Kind::failed(&error), Kind::verdict));
        good
    }

    fn unreserve(&mut self, scene: &mut Scene, slot: Slot) {
        let Some(plugin) = &self.instance.reserve else { return };
        let mut cx = ReserveContext {
            snapshot: &scene.snapshot,
            objects: &mut scene.objects,
            pod: self.pod,
            node: slot,
        };
        plugin.unreserve(&mut cx, &mut self.state);
    }

    fn permit(&mut self, scene: &Scene, slot: Slot) -> bool {
        let Some(plugin) = &self.instance.permit else { return true };
        let cx = Cycle { snapshot: &scene.snapshot, objects: &scene.objects, pod: self.pod };
        let (kind, good) = match plugin.permit(cx, &self.state, slot) {
            Err(error) => (Kind::failed(&error), false),
            Ok(PermitVerdict::Allow) => (Kind::Pass, true),
            Ok(PermitVerdict::Reject(no)) => (Kind::Rejected(no), false),
            Ok(PermitVerdict::Wait(time)) => {
                (Kind::Wait(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)), true)
            }
        };
        self.say(Stage::Permit, kind);
        good
    }

    fn bind(&mut self, scene: &Scene, slot: Slot) -> bool {
        let cx = Cycle { snapshot: &scene.snapshot, objects: &scene.objects, pod: self.pod };
        if let Some(plugin) = &self.instance.pre_bind {
            let answer = plugin.pre_bind(cx, &self.state, slot);
            let kind = answer.as_ref().map_or_else(Kind::refused, |_| Kind::Pass);
            self.say(Stage::PreBind, kind);
            if answer.is_err() {
                return false;
            }
        }
        if let Some(plugin) = &self.instance.bind {
            let (kind, good) = match plugin.bind(cx, &self.state, slot) {
                Err(refusal) => (Kind::refused(&refusal), false),
                Ok(None) => (Kind::Left, true),
                Ok(Some(binding)) => {
                    let pair = |(key, value): (_, _)| (format!("{key}"), format!("{value}"));
                    (Kind::Bound(binding.annotations.into_iter().map(pair).collect()), true)
                }
            };
            self.say(Stage::Bind, kind);
            if !good {
                return false;
            }
        }
        if let Some(plugin) = &self.instance.post_bind {
            plugin.post_bind(cx, &self.state, slot);
            self.say(Stage::PostBind, Kind::Pass);
        }
        true
    }
}
