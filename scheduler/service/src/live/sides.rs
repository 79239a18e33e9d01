//! What the watches see, for those who write: what the API server has of pods' conditions and of volumes, and whole
//! objects for extenders that want them.

use std::sync::{Arc, PoisonError};

use longshore_cluster::claims::ClaimStore;
use longshore_cluster::extender::{RawStore, Wants};
use longshore_cluster::groups::GroupVersions;
use longshore_cluster::kinds::{Reads, WatchedKind};
use longshore_cluster::status::{SeenCondition, SeenStatus, StatusWriter};
use longshore_cluster::told::Bystander;
use longshore_cluster::volumes::StorageStore;
use longshore_framework::Str;
use longshore_manifest::{Identity, SeenPod};
use rustc_hash::FxHashSet;
use serde_json::value::RawValue;

use super::observer::SharedRaces;

use crate::metrics::OwnMetrics;

/// Where it goes.
pub(crate) struct Sides {
    /// Whole pods and nodes, and which of them extenders want.
    pub(crate) whole: (Arc<RawStore>, Wants),
    /// Of which of them all that changes is news.
    pub(crate) news: Wants,
    /// Where unreadable objects are counted.
    pub(crate) metrics: Arc<OwnMetrics>,
    /// Who writes conditions: it compares with what is there.
    pub(crate) status: StatusWriter,
    /// Who waits for volumes.
    pub(crate) storage: Arc<StorageStore>,
    /// Who writes claims for devices, and waits for them.
    pub(crate) claims: Arc<ClaimStore>,
    /// Who writes of groups: in the version that is watched.
    pub(crate) groups: Arc<GroupVersions>,
    /// Who else puts pods on nodes.
    pub(crate) races: SharedRaces,
    /// Scheduler names of the profiles.
    pub(crate) ours: FxHashSet<Str>,
}

impl Sides {
    fn keep_whole(&self, identity: &Identity, placed: bool, json: &str) {
        let (store, wants) = &self.whole;
        if if placed { wants.placed_pods } else { wants.waiting_pods } {
            if let Some(raw) = raw(json) {
                store.set_pod(Arc::clone(&identity.uid), raw);
            }
        } else if placed && wants.waiting_pods {
            store.remove_pod(&identity.uid);
        }
    }
}

impl Bystander for Sides {
    fn reads_whole(&self) -> Wants {
        self.news
    }

    fn pod(&self, identity: &Identity, seen: &SeenPod, json: &str) {
        let placed = seen.pod.meta.node_name.is_some();
        self.keep_whole(identity, placed, json);
        let ours = self.ours.contains(&seen.pod.spec.scheduler_name);
        match (ours, placed) {
            (true, false) => self.status.saw(&identity.uid, status(identity, seen)),
            (true, true) => self.status.forget(&identity.uid),
            (false, true) => {
                let bound_at = seen.status.scheduled.as_ref().map_or("", |c| &c.last_transition_time);
                self.races.lock().unwrap_or_else(PoisonError::into_inner).saw(&seen.pod, bound_at);
            }
            (false, false) => {}
        }
    }

    fn object(&self, kind: &'static WatchedKind, identity: &Identity, json: &str) {
        self.storage.object(kind, identity, json);
        self.claims.object(kind, identity, json);
        self.groups.saw(kind);
        let (store, wants) = &self.whole;
        if let (Reads::Node, true) = (kind.reads, wants.nodes)
            && let Some(raw) = raw(json)
        {
            store.set_node(Arc::clone(&identity.name), Arc::clone(&identity.uid), raw);
        }
    }

    fn gone(&self, kind: &'static WatchedKind, identity: &Identity) {
        Bystander::gone(&*self.storage, kind, identity);
        Bystander::gone(&*self.claims, kind, identity);
        let (store, _) = &self.whole;
        match kind.reads {
            Reads::Pod => {
                store.remove_pod(&identity.uid);
                self.status.forget(&identity.uid);
                self.races.lock().unwrap_or_else(PoisonError::into_inner).left(&identity.uid);
            }
            Reads::Node => store.remove_node(&identity.name, &identity.uid),
            Reads::Object(_) | Reads::Declared(_) => {}
        }
    }

    fn unreadable(&self, kind: &'static WatchedKind, _: &Identity, _: &str) {
        self.metrics.unreadable_objects.with_label_values(&[kind.plural]).inc();
    }
}

/// What the API server has of the pod's status.
fn status(identity: &Identity, seen: &SeenPod) -> SeenStatus {
    SeenStatus {
        resource_version: identity.resource_version.parse().unwrap_or(0),
        generation: seen.status.generation,
        scheduled: seen.status.scheduled.as_ref().map(|c| SeenCondition {
            status: Arc::clone(&c.status),
            reason: Arc::clone(&c.reason),
            message: Arc::clone(&c.message),
            last_transition_time: Arc::clone(&c.last_transition_time),
        }),
        nominated_node: seen.pod.meta.nominated_node.clone().unwrap_or_default(),
    }
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_string()).ok()
}
