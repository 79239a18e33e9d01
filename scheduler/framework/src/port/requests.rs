//! What plugins ask of the engine while they run.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Str;

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

/// A queue between plugins and the engine; every clone is the same queue. The engine takes what is in it at the end of
/// whatever it was doing when the plugins were called.
///
/// Requests are met in the order in which they were made. A plugin that makes them from several threads at once leaves
/// that order to chance, and with it what the engine decides.
#[derive(Clone, Default)]
pub struct Requests(Arc<Mutex<Vec<Request>>>);

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

    fn lock(&self) -> MutexGuard<'_, Vec<Request>> {
        // Whoever panicked while holding it left a whole list behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
