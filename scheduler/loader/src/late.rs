//! Whole objects that are known only after plugins were loaded.

use std::sync::{Arc, OnceLock};

use longshore_framework::raw::RawObjects;
use serde_json::value::RawValue;

/// A place for whole objects: plugins are loaded before the cluster is read.
#[derive(Clone, Default)]
pub struct LateObjects(Arc<OnceLock<Arc<dyn RawObjects>>>);

impl LateObjects {
    /// From now on objects are found in `objects`. The first one stays.
    pub fn set(&self, objects: Arc<dyn RawObjects>) {
        // Nobody sets two, and the first would do.
        let _ = self.0.set(objects);
    }
}

impl RawObjects for LateObjects {
    fn pod(&self, uid: &str) -> Option<Arc<RawValue>> {
        self.0.get()?.pod(uid)
    }

    fn node(&self, name: &str) -> Option<Arc<RawValue>> {
        self.0.get()?.node(name)
    }
}

impl std::fmt::Debug for LateObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LateObjects(set: {})", self.0.get().is_some())
    }
}
