//! What the watches see, for those who write: what the API server has of pods' conditions and of volumes, and whole
//! objects for extenders that want them.

use std::sync::Arc;

use longshore_cluster::extender::{RawStore, Wants};
use longshore_cluster::kinds::{Reads, WatchedKind};
use longshore_cluster::watch::Bystander;
use longshore_manifest::{Identity, SeenPod};
use serde_json::value::RawValue;

use crate::metrics::OwnMetrics;

/// Where it goes.
pub(crate) struct Sides {
    /// Whole pods and nodes, and which of them extenders want.
    pub(crate) whole: (Arc<RawStore>, Wants),
    /// Where unreadable objects are counted.
    pub(crate) metrics: Arc<OwnMetrics>,
}

impl Bystander for Sides {
    fn pod(&self, identity: &Identity, seen: &SeenPod, json: &str) {
        let (store, wants) = &self.whole;
        let placed = seen.pod.spec.node_name.is_some();
        if if placed { wants.placed_pods } else { wants.waiting_pods } {
            if let Some(raw) = raw(json) {
                store.set_pod(Arc::clone(&identity.uid), raw);
            }
        } else if placed && wants.waiting_pods {
            store.remove_pod(&identity.uid);
        }
    }

    fn object(&self, kind: &'static WatchedKind, identity: &Identity, json: &str) {
        let (store, wants) = &self.whole;
        if let (Reads::Node, true) = (kind.reads, wants.nodes)
            && let Some(raw) = raw(json)
        {
            store.set_node(Arc::clone(&identity.name), raw);
        }
    }

    fn gone(&self, kind: &'static WatchedKind, identity: &Identity) {
        let (store, _) = &self.whole;
        match kind.reads {
            Reads::Pod => store.remove_pod(&identity.uid),
            Reads::Node => store.remove_node(&identity.name),
            Reads::Object(_) => {}
        }
    }

    fn unreadable(&self, kind: &'static WatchedKind, _: &Identity, _: &str) {
        self.metrics.unreadable_objects.with_label_values(&[kind.plural]).inc();
    }
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_string()).ok()
}
