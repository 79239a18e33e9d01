//! What the driver has to know of single pods, and what happens to pods and nodes that go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

use super::Driver;
use super::beside::What;
use super::manner::Manner;
use crate::objects::Made;

/// A pod of which there is something to know.
#[derive(Debug, Default)]
pub(super) struct Known {
    grace: Duration,
    run: Option<Duration>,
    beat: Duration,
    /// It stays when it is deleted.
    finalized: bool,
    /// They go with it.
    objects: Vec<Object>,
}

/// Pods of which there is something to know.
#[derive(Debug, Default)]
pub(super) struct KnownPods {
    by_uid: HashMap<Str, Known>,
    /// UIDs of pods whose names are those of their templates, by namespace and name.
    pub(super) by_name: HashMap<(String, String), Str>,
}

impl Driver<'_> {
    /// Takes down what has to be known of a pod; the objects that come with it, and the pod.
    pub(super) fn get_to_know(&mut self, made: Made, manner: &Manner) -> (Vec<Object>, Pod) {
        let Made { objects, pod, named, finalized, .. } = made;
        let meta = &pod.meta;
        if manner.deletable {
            let created = self.created.entry(meta.namespace.to_string()).or_default();
            created.push_back(Arc::clone(&meta.uid));
        }
        if named {
            let key = (meta.namespace.to_string(), meta.name.to_string());
            self.known.by_name.insert(key, Arc::clone(&meta.uid));
        }
        let run = manner.run_of(&meta.uid);
        if finalized || run.is_some() || !manner.grace.is_zero() {
            let owned = if run.is_some() { objects.clone() } else { Vec::new() };
            let known = Known { grace: manner.grace, run, beat: manner.beat, finalized, objects: owned };
            self.known.by_uid.insert(Arc::clone(&meta.uid), known);
        }
        (objects, pod)
    }

    /// A pod is bound: it is done some time later.
    pub(super) fn note_bound(&mut self, uid: &Str) {
        let Some(known) = self.known.by_uid.get(uid) else { return };
        let (Some(run), beat) = (known.run, known.beat) else { return };
        let end = self.clock.now(Instant::now(), self.placed) + run;
        let beats = end.as_nanos().div_ceil(beat.as_nanos().max(1));
        let end = match beat.is_zero() {
            true => end,
            false => beat.saturating_mul(u32::try_from(beats).unwrap_or(u32::MAX)),
        };
        self.agenda.plan(end, What::Gone(Arc::clone(uid)));
    }

    /// A pod is evicted: it goes at once, or when its time to terminate is over.
    pub(super) fn evict(&mut self, victim: &Pod) {
        let uid = &victim.meta.uid;
        let grace = self.known.by_uid.get(uid).map_or(Duration::ZERO, |known| known.grace);
        if grace.is_zero() {
            return self.remove_pod(uid);
        }
        self.terminate(uid);
        let end = self.clock.now(Instant::now(), self.placed) + grace;
        self.agenda.plan(end, What::Gone(Arc::clone(uid)));
    }

    /// Somebody deletes a pod: it goes, or it stays and is terminating.
    pub(super) fn delete(&mut self, uid: &Str) {
        match self.known.by_uid.get(uid).is_some_and(|known| known.finalized) {
            true => self.terminate(uid),
            false => self.remove_pod(uid),
        }
    }

    /// The watch tells that a pod is terminating.
    fn terminate(&mut self, uid: &Str) {
        self.show_bound();
        let placed =
            self.engine.cache().pod(uid).map(|(pod, node)| (Arc::clone(pod), Some(Arc::clone(node))));
        let waiting = || self.engine.waiting(uid).map(|queued| (Arc::clone(&queued.pod), None));
        let Some((pod, node)) = placed.or_else(waiting) else { return };
        let seen = self.stopwatch.pause(|| {
            let mut seen = node.map_or_else(|| Pod::clone(&pod), |node| crate::objects::on_node(&pod, &node));
            seen.meta.terminating = true;
            seen
        });
        self.apply(Input::Pod(Arc::new(seen)));
    }

    /// A pod is gone. What the watch had to say of it comes first, as it would.
    pub(super) fn remove_pod(&mut self, uid: &Str) {
        self.show_bound();
        self.apply(Input::PodDeleted { uid: Arc::clone(uid) });
        self.remove_extended_claim(uid);
        for object in self.known.by_uid.remove(uid).unwrap_or_default().objects {
            self.remove_object(object);
        }
    }

    /// An object is gone, with a claim its volume.
    fn remove_object(&mut self, object: Object) {
        if let Object::Claim(claim) = &object {
            let objects = self.engine.cache().objects();
            let key = (Arc::clone(&claim.namespace), Arc::clone(&claim.name));
            let volume = objects.claims.get(&key).and_then(|claim| objects.volumes.get(&claim.volume_name));
            if let Some(volume) = volume.cloned() {
                self.apply(Input::ObjectDeleted(Object::PersistentVolume(volume)));
            }
        }
        self.apply(Input::ObjectDeleted(object));
    }

    /// A node is gone, and its pods with it.
    pub(super) fn remove_node(&mut self, name: &Str) {
        self.show_bound();
        let snapshot = self.engine.snapshot();
        let pods = snapshot.slot(name).map(|slot| snapshot.pods(slot)).unwrap_or_default();
        let uids: Vec<Str> = pods.iter().map(|pod| Arc::clone(&pod.meta.uid)).collect();
        for uid in uids {
            self.remove_pod(&uid);
        }
        self.apply(Input::NodeDeleted { name: Arc::clone(name) });
    }
}
