//! An API server as far as pods are concerned: what it has, and the news of it in the order of the changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::{Pod, PodMeta};
use longshore_framework::port::Input;

#[derive(Default)]
pub(super) struct Server {
    pods: BTreeMap<Str, Arc<Pod>>,
    /// News that was not shown yet.
    news: std::collections::VecDeque<Input>,
    /// What whoever watches knows.
    shown: BTreeMap<Str, Arc<Pod>>,
    /// How many pods were deleted for a preemptor.
    pub(super) evicted: usize,
    pub(super) graceful: bool,
}

impl Server {
    pub(super) fn pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.values()
    }

    pub(super) fn pod(&self, uid: &str) -> Option<&Arc<Pod>> {
        self.pods.get(uid)
    }

    /// Creates a pod, or writes a new version of it.
    pub(super) fn write(&mut self, pod: Arc<Pod>) {
        self.pods.insert(Arc::clone(&pod.meta.uid), Arc::clone(&pod));
        self.news.push_back(Input::Pod(pod));
    }

    pub(super) fn change(&mut self, uid: &str, change: impl FnOnce(&mut PodMeta)) {
        if let Some(pod) = self.pods.get(uid) {
            let mut pod = Pod::clone(pod);
            change(&mut pod.meta);
            self.write(Arc::new(pod));
        }
    }

    /// Whether the pod is there and has no node yet.
    pub(super) fn bind(&mut self, uid: &str, node: &Str) -> bool {
        let free = self.pods.get(uid).filter(|pod| pod.meta.node_name.is_none() && !pod.meta.terminating);
        let Some(pod) = free.cloned() else { return false };
        let mut pod = Pod::clone(&pod);
        pod.meta.node_name = Some(Arc::clone(node));
        self.write(Arc::new(pod));
        true
    }

    /// Deletes a pod; one on a node may take its time. Whether it was there and nobody had deleted it before.
    pub(super) fn delete(&mut self, uid: &str) -> bool {
        let Some(pod) = self.pods.get(uid).filter(|pod| !pod.meta.terminating) else { return false };
        if self.graceful && pod.meta.node_name.is_some() {
            self.change(uid, |meta| meta.terminating = true);
        } else {
            self.end(uid);
        }
        true
    }

    /// Deletes a pod for a preemptor.
    pub(super) fn evict(&mut self, uid: &str) {
        if self.pods.get(uid).is_some_and(|pod| !pod.meta.terminating) {
            self.change(uid, |meta| meta.preempted = true);
            self.evicted += usize::from(self.delete(uid));
        }
    }

    /// The pod is no more.
    pub(super) fn end(&mut self, uid: &str) {
        if let Some(pod) = self.pods.remove(uid) {
            self.news.push_back(Input::PodDeleted { uid: Arc::clone(&pod.meta.uid) });
        }
    }

    /// The next news.
    pub(super) fn show(&mut self) -> Option<Input> {
        let news = self.news.pop_front()?;
        match &news {
            Input::PodDeleted { uid } => drop(self.shown.remove(uid)),
            Input::Pod(pod) => drop(self.shown.insert(Arc::clone(&pod.meta.uid), Arc::clone(pod))),
            _ => {}
        }
        Some(news)
    }

    /// All that was not shown, as the difference between what was shown last and what there is.
    pub(super) fn relist(&mut self) -> Vec<Input> {
        self.news.clear();
        let gone = self.shown.keys().filter(|uid| !self.pods.contains_key(*uid));
        let mut news: Vec<Input> = gone.map(|uid| Input::PodDeleted { uid: Arc::clone(uid) }).collect();
        let other = self.pods.values().filter(|pod| self.shown.get(&pod.meta.uid) != Some(*pod));
        news.extend(other.map(|pod| Input::Pod(Arc::clone(pod))));
        self.shown = self.pods.clone();
        news
    }
}
