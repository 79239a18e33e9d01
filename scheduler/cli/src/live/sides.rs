//! What the watches see, for those who write: what the API server has of pods' conditions and of volumes, and whole
//! objects for extenders that want them.

use std::sync::Arc;

use longshore_cluster::extender::RawStore;
use longshore_cluster::kinds::{Reads, WatchedKind};
use longshore_cluster::watch::Bystander;
use longshore_manifest::{Identity, SeenPod};
use serde_json::value::RawValue;

use crate::metrics::OwnMetrics;

/// Where it goes.
pub(crate) struct Sides {
    /// Whole pods and nodes, when extenders want them.
    pub(crate) whole: Option<Arc<RawStore>>,
    /// Where unreadable objects are counted.
    pub(crate) metrics: Arc<OwnMetrics>,
}

impl Bystander for Sides {
    fn pod(&self, identity: &Identity, _seen: &SeenPod, json: &str) {
        if let (Some(store), Some(raw)) = (&self.whole, raw(json)) {
            store.set_pod(Arc::clone(&identity.uid), raw);
        }
    }

    fn object(&self, kind: &'static WatchedKind, identity: &Identity, json: &str) {
        if let (Reads::Node, Some(store), Some(raw)) = (kind.reads, &self.whole, raw(json)) {
            store.set_node(Arc::clone(&identity.name), raw);
        }
    }

    fn gone(&self, kind: &'static WatchedKind, identity: &Identity) {
        if let Some(store) = &self.whole {
            match kind.reads {
                Reads::Pod => store.remove_pod(&identity.uid),
                Reads::Node => store.remove_node(&identity.name),
                Reads::Object(_) => {}
            }
        }
    }

    fn unreadable(&self, kind: &'static WatchedKind, _: &Identity, _: &str) {
        self.metrics.unreadable_objects.with_label_values(&[kind.plural]).inc();
    }
}

fn raw(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(json.to_string()).ok()
}
