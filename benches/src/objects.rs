//! Objects from templates, as an API server would hand them out: JSON text, read by `longshore_manifest` one by one.
//!
//! Every pod is read by itself and shares nothing with its replicas, though the live scheduler's watch would let them
//! share one spec: so nothing is won by two pods being one object.

mod grouping;
mod hole;
mod nodes;
mod others;
mod pods;
mod provision;

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::{Pod, PodMeta};

pub(crate) use grouping::mixed;
pub use nodes::NodeMaker;
pub use others::{ObjectMaker, namespaces, object};
pub use pods::{Made, PodMaker, PodSource};
pub(crate) use provision::{bind, provision};

/// When everything was created, by the simulated clock's epoch.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// Pods that belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Number of the operation, namespace and part.
    pub number: u32,
    /// Whether they are timed.
    pub mark: Mark,
}

/// Whether pods are timed. The first letter of their UIDs says so: that costs nothing to find out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// They are not.
    #[default]
    Plain,
    /// They are, and get a node.
    Measured,
    /// They are, and fit nowhere.
    Unfit,
}

impl Mark {
    /// That of the pod with this UID.
    pub fn of(uid: &str) -> Self {
        match uid.as_bytes().first() {
            Some(b'a') => Self::Measured,
            Some(b'b') => Self::Unfit,
            _ => Self::Plain,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Plain => '0',
            Self::Measured => 'a',
            Self::Unfit => 'b',
        }
    }
}

/// A UID as long as a real one that differs from others in its first letters, as real ones do, so that comparing two is
/// over as soon.
fn uid(batch: Batch, number: usize) -> String {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 36;
    format!("{}{mixed:07x}-{:04x}-4000-8000-{number:012x}", batch.mark.letter(), batch.number)
}

/// The pod as a watch delivers it once it is on `node`: an object of its own.
pub fn on_node(pod: &Pod, node: &Str) -> Pod {
    let meta = PodMeta { node_name: Some(Arc::clone(node)), ..pod.meta.clone() };
    Pod { meta, spec: Arc::new((*pod.spec).clone()), resources: Arc::new((*pod.resources).clone()) }
}
