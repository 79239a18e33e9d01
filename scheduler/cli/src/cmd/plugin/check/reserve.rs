//! Reserve and Unreserve: what is set aside is counted once, given back whole, and not lost with an instance.

use std::sync::Arc;

use longshore_framework::plugin::{Cycle, ReserveContext};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;

use super::compare::compare;
use super::{Outcome, Trial};
use crate::rehearsal::{Last, Scene, Subject, Turn, take};

/// What was said to reserve, and what became of the other pods.
type Reserved = (Vec<String>, Vec<Turn>);

/// The first pod, held by a plugin on a node.
struct Held<'a> {
    subject: &'a Subject,
    scene: Scene,
    pod: &'a Pod,
    slot: Slot,
    state: PluginState,
}

impl<'a> Held<'a> {
    /// The first pod on the node that the plugin would choose, with nothing reserved yet; `None` when it chooses none.
    fn new(trial: &'a Trial<'_>, subject: &'a Subject) -> Option<Self> {
        let mut scene = trial.scene.clone();
        let pod = &trial.pods[0];
        let chosen = take(&subject.instance, &mut scene, pod, Last::Score).chosen?;
        let slot = scene.snapshot.slot(&chosen)?;
        let mut state = PluginState::default();
        if let Some(plugin) = &subject.instance.pre_filter {
            let cx = Cycle { snapshot: &scene.snapshot, objects: &scene.objects, pod };
            plugin.pre_filter(cx, &mut state).ok()?;
        }
        scene.assume(pod, slot);
        Some(Self { subject, scene, pod, slot, state })
    }

    fn reserve(&mut self) -> Result<String, String> {
        let Some(plugin) = &self.subject.instance.reserve else { return Ok(String::new()) };
        let mut cx = ReserveContext {
            snapshot: &self.scene.snapshot,
            objects: &mut self.scene.objects,
            pod: self.pod,
            node: self.slot,
        };
        let said = plugin.reserve(&mut cx, &mut self.state);
        said.map(|verdict| format!("{verdict:?}")).map_err(|error| format!("Reserve: {error}"))
    }

    fn unreserve(&mut self) {
        let Some(plugin) = &self.subject.instance.reserve else { return };
        let mut cx = ReserveContext {
            snapshot: &self.scene.snapshot,
            objects: &mut self.scene.objects,
            pod: self.pod,
            node: self.slot,
        };
        plugin.unreserve(&mut cx, &mut self.state);
    }

    /// The pod is off its node again.
    fn release(mut self) -> Scene {
        self.scene.snapshot.remove_pod(self.slot, &self.pod.meta.uid);
        self.scene
    }
}

impl Trial<'_> {
    /// What becomes of the other pods, each put on its node before the next.
    fn others(&self, subject: &Subject, mut scene: Scene) -> Vec<Turn> {
        let rest = self.pods.iter().skip(1);
        rest.map(|pod| take(&subject.instance, &mut scene, pod, Last::PostBind)).collect()
    }

    fn rest(&self) -> &[Arc<Pod>] {
        &self.pods[1..]
    }

    /// With the first pod reserved so many times: the answers, and what becomes of the others.
    fn reserved(&self, times: usize) -> anyhow::Result<Result<Reserved, String>> {
        let subject = self.load(None, true)?;
        let Some(mut held) = Held::new(self, &subject) else { return Ok(Ok(Default::default())) };
        let said: Result<Vec<String>, String> = (0..times).map(|_| held.reserve()).collect();
        let scene = held.scene;
        Ok(said.map(|said| (said, self.others(&subject, scene))))
    }

    pub(super) fn reserve_twice(&self) -> Outcome {
        let (once, twice) = (self.reserved(1)?, self.reserved(2)?);
        Ok(once.and_then(|once| Ok((once, twice?))).and_then(|((_, once), (said, twice))| {
            if let [first, second, ..] = &*said
                && first != second
            {
                return Err(format!("pod {}: first {first}, then {second}", self.pods[0].key()));
            }
            compare(self.rest(), ("reserved once", &once), ("reserved twice", &twice))
        }))
    }

    pub(super) fn unreserve(&self) -> Outcome {
        let untouched = self.others(&self.load(None, true)?, self.scene.clone());
        let subject = self.load(None, true)?;
        let Some(mut held) = Held::new(self, &subject) else { return Ok(Ok(())) };
        let said = held.reserve();
        held.unreserve();
        let scene = held.release();
        Ok(said.and_then(|_| {
            let after = self.others(&subject, scene);
            compare(self.rest(), ("never reserved", &untouched), ("reserved and unreserved", &after))
        }))
    }

    pub(super) fn unreserve_unknown(&self) -> Outcome {
        let untouched = self.others(&self.load(None, true)?, self.scene.clone());
        let subject = self.load(None, true)?;
        let Some(mut held) = Held::new(self, &subject) else { return Ok(Ok(())) };
        let before = subject.guest.status().failures;
        held.unreserve();
        held.unreserve();
        if subject.guest.status().failures > before {
            return Ok(Err(format!("Unreserve of pod {} failed; -v says more", self.pods[0].key())));
        }
        let after = self.others(&subject, held.release());
        Ok(compare(self.rest(), ("never reserved", &untouched), ("unreserved only", &after)))
    }

    pub(super) fn outlives(&self) -> Outcome {
        let same = self.reserved(1)?;
        let (old, new) = (self.load(None, true)?, self.load(None, true)?);
        let Some(mut held) = Held::new(self, &old) else { return Ok(Ok(())) };
        let said = held.reserve();
        new.guest.take_over(&old.guest);
        let scene = held.scene;
        Ok(same.and_then(|(_, same)| {
            said?;
            let after = self.others(&new, scene);
            compare(self.rest(), ("the same instance", &same), ("another instance", &after))
        }))
    }
}
