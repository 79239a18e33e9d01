//! What a plugin may ask of the scheduler. Only what a plugin uses is imported by its component.
//!
//! `log` and `waiting` are always granted; the rest the operator grants by name in the profile. In native tests what is
//! asked for is kept by [`testing`](crate::testing).

#[cfg(target_arch = "wasm32")]
use crate::bindings::longshore::scheduler as imports;
#[cfg(not(target_arch = "wasm32"))]
use crate::testing::imports;

pub use crate::bindings::longshore::scheduler::log::Level;

/// Every node that this instance knows, as the plugin's columns say: all nodes of the cluster for a plugin that is
/// [`single`](crate::Manifest::single), in every stage. Of a plugin that is sharded by node, Filter and Score know a part of
/// them, and the other stages none.
///
/// A plugin that keeps it keeps what it was, at the cost of a copy when the next change comes.
///
/// # Panics
/// In `new` and `describe`, where there are none.
pub fn table() -> std::rc::Rc<crate::Table> {
    crate::known::with(|known| std::rc::Rc::clone(&known.table))
}

/// A line in the scheduler's log. The macros [`debug!`](crate::debug), [`info!`](crate::info), [`warn!`](crate::warn)
/// and [`error!`](crate::error) format one.
pub fn log(level: Level, message: &str) {
    imports::log::log(level, message);
}

/// Pods that wait because Permit of this plugin said so.
pub mod waiting {
    use super::imports;
    use crate::PodInfo;

    /// The pod may go on as far as this plugin is concerned. Without effect when it does not wait for this plugin.
    pub fn allow(uid: &str) {
        imports::waiting::allow(uid);
    }

    /// The pod may not.
    pub fn reject(uid: &str, message: &str) {
        imports::waiting::reject(uid, message);
    }

    /// All of them, with their nodes, in the order in which they came.
    pub fn pods() -> Vec<PodInfo> {
        imports::waiting::pods()
    }
}

/// Granted as `events`: Kubernetes events about pods.
pub mod events {
    use super::imports;

    /// An event of type Normal.
    pub fn normal(pod_uid: &str, reason: &str, note: &str) {
        imports::events::emit(pod_uid, false, reason, note);
    }

    /// An event of type Warning.
    pub fn warning(pod_uid: &str, reason: &str, note: &str) {
        imports::events::emit(pod_uid, true, reason, note);
    }
}

/// Granted as `pods`: other pods.
pub mod pods {
    use super::imports;
    use crate::PodInfo;

    /// Every pod of a namespace that is on a node, those just decided included.
    pub fn of_namespace(namespace: &str) -> Vec<PodInfo> {
        imports::pods::of_namespace(namespace)
    }

    /// Every pod on a node.
    pub fn on_node(node: &str) -> Vec<PodInfo> {
        imports::pods::on_node(node)
    }
}

/// Granted as `raw`: whole objects as JSON.
pub mod raw {
    use super::imports;

    /// A node by its name.
    pub fn node(name: &str) -> Option<Vec<u8>> {
        imports::raw::node(name)
    }

    /// A pod by its uid.
    pub fn pod(uid: &str) -> Option<Vec<u8>> {
        imports::raw::pod(uid)
    }
}

/// Granted as `clock`.
pub mod clock {
    use super::imports;

    /// Milliseconds since the Unix epoch.
    pub fn now() -> u64 {
        imports::clock::now()
    }
}

/// Granted as `engine`: what the scheduler itself knows and does.
pub mod engine {
    use super::imports;
    use crate::{Error, PodInfo, Verdict};

    /// A pod that was rejected is tried again, without waiting for an event or for its backoff. Without effect when the pod
    /// does not wait for another try.
    pub fn activate(uid: &str) {
        imports::engine::activate(uid);
    }

    /// The pods that are promised the node and not on it yet.
    pub fn nominated(node: &str) -> Vec<PodInfo> {
        imports::engine::nominated(node)
    }

    /// UIDs of pods on the node that are being deleted.
    pub fn terminating(node: &str) -> Vec<String> {
        imports::engine::terminating(node)
    }

    /// During PostFilter, about its pod: whether it would fit on the node without these pods, whose UIDs these are.
    ///
    /// # Errors
    /// It is not the time to ask, or there is no such node.
    pub fn would_fit(node: &str, without: &[String]) -> Result<Verdict, Error> {
        Ok(Verdict::of(imports::engine::would_fit(node, without)?))
    }

    /// During PostFilter: these pods of one node in the order in which default preemption tries to keep them: first those
    /// whose budgets forbid their eviction, then the others, the most important ones first in each part. UIDs that are not
    /// on the node are left out.
    ///
    /// # Errors
    /// It is not the time to ask, or there is no such node.
    pub fn keep_first(node: &str, pods: &[String]) -> Result<Vec<String>, Error> {
        Ok(imports::engine::keep_first(node, pods)?)
    }
}

/// Granted as `random`.
pub mod random {
    use super::imports;

    /// The next number of a generator that starts from the same seed in every instance.
    pub fn next() -> u64 {
        imports::random::next()
    }
}

/// A line of level debug in the scheduler's log.
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::host::log($crate::host::Level::Debug, &::std::format!($($text)+)) };
}

/// A line of level info in the scheduler's log.
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::host::log($crate::host::Level::Info, &::std::format!($($text)+)) };
}

/// A line of level warn in the scheduler's log.
#[macro_export]
macro_rules! warn {
    ($($text:tt)+) => { $crate::host::log($crate::host::Level::Warn, &::std::format!($($text)+)) };
}

/// A line of level error in the scheduler's log.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::host::log($crate::host::Level::Error, &::std::format!($($text)+)) };
}
