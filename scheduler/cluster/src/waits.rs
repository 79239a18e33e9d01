//! Who waits for a change of which claim, and for whom waiting is of no use any more.

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use longshore_framework::Str;
use longshore_framework::objects::NamespacedName;
use rustc_hash::FxBuildHasher;
use tokio::sync::Notify;

/// What can end a wait, or its pause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// A PersistentVolumeClaim, or a volume that is for it, changed.
    Claim(NamespacedName),
    /// A ResourceClaim changed.
    DeviceClaim(NamespacedName),
    /// The pod of this UID is gone.
    Pod(Str),
    /// The node of this name is gone.
    Node(Str),
}

/// Everybody who waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Arc<DashMap<Key, Vec<Arc<Wait>>, FxBuildHasher>>);

/// One who waits.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    changed: Notify,
    over: OnceLock<String>,
}

/// Waits as long as it lives.
pub(crate) struct Waiting {
    waits: Waits,
    keys: Vec<Key>,
    wait: Arc<Wait>,
}

impl Waits {
    /// Begins to wait. Whatever changes from now on is noticed.
    pub(crate) fn begin(&self, keys: Vec<Key>) -> Waiting {
        let wait = Arc::<Wait>::default();
        for key in &keys {
            self.0.entry(key.clone()).or_default().push(Arc::clone(&wait));
        }
        Waiting { waits: self.clone(), keys, wait }
    }

    /// There is reason to look again.
    pub(crate) fn wake(&self, key: &Key) {
        for wait in self.0.get(key).iter().flat_map(|list| list.iter()) {
            wait.changed.notify_one();
        }
    }

    /// There is no use in waiting on.
    pub(crate) fn end(&self, key: &Key, why: &str) {
        for wait in self.0.get(key).iter().flat_map(|list| list.iter()) {
            // The first reason stands.
            let _ = wait.over.set(why.to_string());
            wait.changed.notify_one();
        }
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Waiting {
    /// Returns when something changed since it was asked last.
    pub(crate) async fn changed(&self) {
        self.wait.changed.notified().await;
    }

    /// Why waiting is of no use any more.
    pub(crate) fn over(&self) -> Option<&str> {
        self.wait.over.get().map(String::as_str)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        for key in &self.keys {
            self.waits.0.remove_if_mut(key, |_, list| {
                list.retain(|other| !Arc::ptr_eq(other, &self.wait));
                list.is_empty()
            });
        }
    }
}
