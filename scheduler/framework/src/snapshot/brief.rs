//! The few numbers of a pod on a node that decide who has to go when room is made: they lie side by side for all pods of a node, so
//! that a node is tried without a look at the pods themselves.

use crate::pod::Pod;

/// What matters of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodBrief {
    /// Its priority.
    pub priority: i32,
    /// Whether it uses nothing but cpu, memory and ephemeral-storage.
    pub is_plain: bool,
    /// When it started, in the unit of [`Timestamp`](crate::Timestamp); the latest of all if it has not.
    pub started: i64,
    /// What it uses, in thousandths of a core.
    pub milli_cpu: i64,
    /// In bytes.
    pub memory: i64,
    /// In bytes.
    pub ephemeral_storage: i64,
}

impl PodBrief {
    /// Of this pod.
    pub fn of(pod: &Pod) -> Self {
        let usage = &pod.resources.usage;
        Self {
            priority: pod.spec.priority,
            is_plain: usage.scalars.is_empty(),
            started: pod.meta.started.map_or(i64::MAX, |at| at.0),
            milli_cpu: usage.milli_cpu,
            memory: usage.memory,
            ephemeral_storage: usage.ephemeral_storage,
        }
    }
}
