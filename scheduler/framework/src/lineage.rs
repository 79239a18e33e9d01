//! Which snapshot, or which store, it is.

use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number that no other snapshot or store of this process has. Nothing is decided from it.
#[derive(Debug)]
pub(crate) struct Lineage(u64);

impl Lineage {
    pub(crate) fn get(&self) -> u64 {
        self.0
    }
}

impl Default for Lineage {
    fn default() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Clone for Lineage {
    /// A copy goes its own way from here on.
    fn clone(&self) -> Self {
        Self::default()
    }
}
