//! What a preemption does.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::Effect;

/// A node that is to be made free for a pod, and of whom.
pub(crate) struct Preemption {
    pub(crate) node: Str,
    /// Victims that give up their place in memory.
    pub(crate) unbound: Vec<Arc<Pod>>,
    /// Those that have to be evicted. Some may be on their way out already.
    pub(crate) evicted: Vec<Arc<Pod>>,
}

impl Preemption {
    /// Whether there is anybody to evict.
    pub(crate) fn has_evictions(&self) -> bool {
        !self.evicted.is_empty()
    }

    /// How many victims there are.
    pub(crate) fn victims(&self) -> usize {
        self.unbound.len() + self.evicted.len()
    }

    /// What is to be done outside.
    pub(crate) fn evict(&self, preemptor: &Arc<Pod>) -> Effect {
        Effect::Evict {
            preemptor: Arc::clone(preemptor),
            victims: self.evicted.clone(),
            node: Arc::clone(&self.node),
        }
    }
}
