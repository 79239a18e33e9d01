//! What plugins and the engine have to say to each other outside the answers to questions.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::Str;
use crate::pod::Pod;

/// Requests that wait at the most. A plugin that asks for more in one call is not listened to.
const MAX_WAITING: usize = 1 << 16;

/// Something a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Let a pod go that waits for the plugin. Without effect when it does not.
    Allow {
        /// The pod.
        uid: Str,
        /// The plugin.
        plugin: Str,
    },
    /// Turn a pod away that waits for Permit.
    Reject {
        /// The pod.
        uid: Str,
        /// The plugin.
        plugin: Str,
        /// Why.
        message: Str,
    },
    /// Try a pod again that waits for another try, past events and backoff. Without effect on others.
    Activate {
        /// The pod.
        uid: Str,
    },
    /// Record an event about a pod. Without effect when the pod is not known.
    Event {
        /// The pod.
        uid: Str,
        /// The plugin.
        plugin: Str,
        /// Whether it is a warning.
        warning: bool,
        /// In CamelCase.
        reason: Str,
        /// For people.
        note: Str,
    },
}

/// A queue from plugins to the engine, and what the engine tells all plugins; every clone is the same. The engine takes what is in it at the end of
/// whatever it was doing when the plugins were called.
///
/// Requests are met in the order in which they were made. A plugin that makes them from several threads at once leaves
/// that order to chance, and with it what the engine decides.
#[derive(Clone, Default)]
pub struct Requests {
    waiting: Arc<Mutex<Vec<Request>>>,
    promised: Arc<Mutex<FxHashMap<Str, Vec<Arc<Pod>>>>>,
}

impl Requests {
    /// Asks for something; false when too much is asked for already.
    pub fn push(&self, request: Request) -> bool {
        let mut waiting = self.lock();
        let room = waiting.len() < MAX_WAITING;
        if room {
            waiting.push(request);
        }
        room
    }

    /// Takes everything that was asked for, the oldest first.
    pub fn drain(&self) -> Vec<Request> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Tells plugins to which pods a node is promised: all of them.
    pub fn promise(&self, node: &Str, pods: &[Arc<Pod>]) {
        let mut promised = lock(&self.promised);
        if pods.is_empty() {
            promised.remove(node);
        } else {
            promised.insert(Arc::clone(node), pods.to_vec());
        }
    }

    /// The pods that a node is promised to, in the order in which it was.
    pub fn promised(&self, node: &str) -> Vec<Arc<Pod>> {
        lock(&self.promised).get(node).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Request>> {
        lock(&self.waiting)
    }
}

/// Whoever panicked while holding it left something whole behind.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Requests({})", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clone_is_the_same_queue_and_it_has_an_end() {
        let (plugin, engine) = (Requests::default(), Requests::default());
        let allow = |at: usize| Request::Allow { uid: at.to_string().into(), plugin: "Gang".into() };
        assert!(plugin.push(allow(0)) && engine.is_empty());
        let shared = plugin.clone();
        for at in 1..MAX_WAITING {
            assert!(shared.push(allow(at)));
        }
        assert!(!plugin.push(allow(MAX_WAITING)));
        let all = shared.drain();
        assert_eq!((all.len(), &all[1]), (MAX_WAITING, &allow(1)));
        assert!(plugin.is_empty() && plugin.push(allow(0)));
    }
}
