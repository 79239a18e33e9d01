//! What the engine wants done, done at once.

use std::sync::Arc;

use anyhow::Context;
use longshore_framework::Str;
use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, Effect, Input, PreBindWrite, StorageWrite};

use super::Driver;
use crate::objects::{self, Mark, on_node};

/// Bound pods that are told of together. The watch of a real cluster tells of them some time after the binding too.
const SEEN_TOGETHER: usize = 1000;

impl Driver<'_> {
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Bind { pod, binding, .. } => self.bind(pod, binding),
                Effect::PreBind { pod, node, writes } => {
                    let written = writes.iter().try_for_each(|write| match write {
                        PreBindWrite::Storage(write) => self.write(write, &node),
                        PreBindWrite::Claim(write) => self.write_claim(&pod, write),
                        PreBindWrite::AwaitDevices(_) => {
                            Err(anyhow::anyhow!("nobody sets the conditions of devices here"))
                        }
                    });
                    if let Err(error) = written {
                        self.problem.get_or_insert(error);
                    }
                    self.apply(Input::PreBound { uid: uid(&pod), result: Ok(()) });
                }
                Effect::Evict { preemptor, victims, .. } => {
                    for victim in &victims {
                        self.evict(victim);
                    }
                    self.evicted += victims.len();
                    self.apply(Input::Evicted { uid: uid(&preemptor), result: Ok(()) });
                }
                Effect::Failed { pod, nominated_node: Some(node), .. } => self.nominate(&pod, Some(node)),
                Effect::ReleaseClaims { pod, releases } => self.release_claims(&pod, &releases),
                Effect::ClearNomination { pod } => self.nominate(&pod, None),
                // Conditions and events are written and come to nothing here.
                Effect::Failed { .. }
                | Effect::Preempted { .. }
                | Effect::Waiting { .. }
                | Effect::Gated { .. }
                | Effect::PluginEvent { .. }
                | Effect::GroupStatus { .. }
                | Effect::Scheduled { .. } => {}
            }
        }
    }

    pub(super) fn apply(&mut self, input: Input) {
        let effects = self.engine.apply(input);
        if !effects.is_empty() {
            self.perform(effects);
        }
    }

    fn bind(&mut self, pod: Arc<Pod>, binding: Binding) {
        let Binding { uid, node, .. } = binding;
        if !self.engine.still_fits(&uid, &node) {
            return;
        }
        match Mark::of(&uid) {
            Mark::Measured => self.placed += 1,
            Mark::Unfit => self.misplaced += 1,
            Mark::Plain => {}
        }
        self.note_bound(&uid);
        self.apply(Input::Bound { uid, result: Ok(()) });
        self.unseen.push((pod, node));
        if self.unseen.len() >= SEEN_TOGETHER {
            self.show_bound();
        }
    }

    /// The watch tells of the pods that were bound. Making its objects is not measured: other threads do that.
    pub(super) fn show_bound(&mut self) {
        if self.unseen.is_empty() {
            return;
        }
        let unseen = std::mem::take(&mut self.unseen);
        let seen: Vec<_> =
            self.stopwatch.pause(|| unseen.into_iter().map(|(pod, node)| on_node(&pod, &node)).collect());
        for pod in seen {
            self.apply(Input::Pod(Arc::new(pod)));
        }
    }

    /// A volume or a claim is written, and what a volume controller and a provisioner make of it is seen. Making the objects
    /// is not measured.
    fn write(&mut self, write: &StorageWrite, node: &Str) -> anyhow::Result<()> {
        let known = self.engine.cache().objects();
        let key =
            |namespace: &Str, claim: &Str| -> NamespacedName { (Arc::clone(namespace), Arc::clone(claim)) };
        let (claim, volume) = match write {
            StorageWrite::BindVolume { volume, namespace, claim } => {
                let claim = known.claims.get(&key(namespace, claim)).context("the claim is gone")?;
                let volume = known.volumes.get(volume).context("the volume is gone")?;
                self.stopwatch.pause(|| objects::bind(claim, volume))
            }
            StorageWrite::Provision { namespace, claim, .. } => {
                let claim = known.claims.get(&key(namespace, claim)).context("the claim is gone")?;
                let class = claim.class.as_ref().and_then(|class| known.classes.get(class));
                let class = class.context("the class of the claim is gone")?;
                let snapshot = self.engine.snapshot();
                let node = snapshot.node(snapshot.slot(node).context("the node is gone")?);
                let make = || anyhow::Ok(objects::bind(claim, &objects::provision(claim, class, node)?));
                self.stopwatch.pause(make)?
            }
        };
        self.apply(Input::Object(Object::PersistentVolume(volume)));
        self.apply(Input::Object(Object::Claim(claim)));
        Ok(())
    }

    /// The watch tells of the node that was written into the status of a waiting pod.
    fn nominate(&mut self, pod: &Arc<Pod>, node: Option<Str>) {
        let node = node.filter(|node| !node.is_empty());
        if pod.meta.nominated_node != node && self.engine.waiting(&pod.meta.uid).is_some() {
            let mut seen = Pod::clone(pod);
            seen.meta.nominated_node = node;
            self.apply(Input::Pod(Arc::new(seen)));
        }
    }
}

fn uid(pod: &Pod) -> Str {
    Arc::clone(&pod.meta.uid)
}
