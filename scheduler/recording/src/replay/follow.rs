//! Where the recording is followed: a replay that begins with a checkpoint.

use std::sync::Arc;

use longshore_engine::Attempt;
use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

use super::Replay;
use crate::done::{Done, Ended, Tried};

/// How far a replay goes its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// It decides by itself, and everything is compared.
    Compare,
    /// It tries the pods that were tried and takes the node that was taken, if that is among the best.
    Recording,
}

impl Replay {
    /// Tells the engine something. Returns what it wants done.
    pub(super) fn told(&mut self, input: Input) -> Vec<Done> {
        if self.follow == Follow::Recording
            && let Input::Bound { uid, result } | Input::PreBound { uid, result } = &input
            && let Some(pod) = self.in_flight.get(uid).cloned()
        {
            if result.is_err() {
                self.in_flight.remove(uid);
                self.put_back(&pod);
            }
            return Vec::new();
        }
        self.engine.apply(input).iter().map(Done::of).collect()
    }

    /// The attempt that was recorded, made again.
    pub(super) fn attempt(&mut self, recorded: &[Tried]) -> Option<Attempt> {
        let first = recorded.first()?;
        if self.follow == Follow::Compare {
            return self.engine.step();
        }
        self.in_flight.remove(&first.pod);
        let node = match &first.ended {
            Ended::Node(node) => Some(Arc::clone(node)),
            _ => None,
        };
        self.engine.prefer(node);
        let mut attempt = self.engine.step_pod(&first.pod);
        if attempt.is_none()
            && let Some(pod) = self.known(&first.pod)
        {
            self.put_back(&pod);
            attempt = self.engine.step_pod(&first.pod);
        }
        self.engine.prefer(None);
        attempt
    }

    /// A pod that the engine has on a node, or keeps back.
    fn known(&self, uid: &Str) -> Option<Arc<Pod>> {
        let placed = self.engine.cache().pod(uid).map(|(pod, _)| Arc::clone(pod));
        placed.or_else(|| self.engine.waiting(uid).map(|queued| Arc::clone(&queued.pod)))
    }

    /// Lets a pod wait that was thought to be on its way to a node.
    fn put_back(&mut self, pod: &Arc<Pod>) {
        let mut waiting = Pod::clone(pod);
        waiting.meta.node_name = None;
        self.engine.apply(Input::PodDeleted { uid: Arc::clone(&pod.meta.uid) });
        self.engine.apply(Input::Pod(Arc::new(waiting)));
    }

    /// The first attempts that came to something else: as recorded, and as they came out.
    pub(super) fn unlike(&self, recorded: &[Tried], came: &[Tried]) -> Option<(String, String)> {
        let exact = self.follow == Follow::Compare;
        let like = |was: &Tried, is: &Tried| {
            if exact { was == is } else { was.pod == is.pod && same_end(&was.ended, &is.ended) }
        };
        if recorded.len() == came.len() && recorded.iter().zip(came).all(|(was, is)| like(was, is)) {
            return None;
        }
        let place = recorded.iter().zip(came).take_while(|(was, is)| like(was, is)).count();
        let shown = |tried: Option<&Tried>| match tried {
            Some(tried) => {
                let name = self.names.get(&tried.pod).map_or_else(|| tried.pod.to_string(), Clone::clone);
                let (number, feasible) = (tried.number, tried.feasible);
                format!("{name}, attempt {number}, fits on {feasible}: {}", tried.ended.shown())
            }
            None => "no more pods of the group".to_string(),
        };
        Some((shown(recorded.get(place)), shown(came.get(place))))
    }
}

/// Whether two attempts came to the same, whatever was promised.
fn same_end(was: &Ended, is: &Ended) -> bool {
    match (was, is) {
        (Ended::Node(was), Ended::Node(is)) => was == is,
        (Ended::Unschedulable { .. }, Ended::Unschedulable { .. })
        | (Ended::Broken(_), Ended::Broken(_))
        | (Ended::Terminating, Ended::Terminating) => true,
        _ => false,
    }
}
