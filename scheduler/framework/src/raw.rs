//! Objects as the API server wrote them, for extenders and plugins that want them whole.

use std::sync::Arc;

use serde_json::value::RawValue;

/// Where whole objects are found. Objects are large: they are kept only while somebody wants them, so `None` may also
/// mean that nobody said so in time.
pub trait RawObjects: Send + Sync {
    /// The pod with this UID, as JSON text.
    fn pod(&self, uid: &str) -> Option<Arc<RawValue>>;

    /// The node of this name, as JSON text.
    fn node(&self, name: &str) -> Option<Arc<RawValue>>;
}

/// No objects at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObjects;

impl RawObjects for NoObjects {
    fn pod(&self, _uid: &str) -> Option<Arc<RawValue>> {
        None
    }

    fn node(&self, _name: &str) -> Option<Arc<RawValue>> {
        None
    }
}
