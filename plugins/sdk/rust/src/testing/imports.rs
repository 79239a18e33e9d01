//! In place of the scheduler: what a plugin asks of it is kept, what it wants to know is what a test said.

use std::cell::RefCell;

use crate::PodInfo;

pub use crate::bindings::longshore::scheduler::log::Level;

/// What a plugin asked of the scheduler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Lines for the log.
    pub log: Vec<(Level, String)>,
    /// UIDs of waiting pods that may go on.
    pub allowed: Vec<String>,
    /// UIDs of waiting pods that may not, with the message.
    pub rejected: Vec<(String, String)>,
    /// Events: the pod's uid, whether it is a warning, reason and note.
    pub events: Vec<(String, bool, String, String)>,
}

#[derive(Default)]
struct Scheduler {
    asked: Asked,
    waiting: Vec<PodInfo>,
    pods: Vec<PodInfo>,
    now: u64,
    random: u64,
}

thread_local! {
    static SCHEDULER: RefCell<Scheduler> = RefCell::default();
}

fn with<T>(call: impl FnOnce(&mut Scheduler) -> T) -> T {
    SCHEDULER.with(|it| call(&mut it.borrow_mut()))
}

/// What plugins of this thread asked for since the last call.
pub fn asked() -> Asked {
    with(|it| std::mem::take(&mut it.asked))
}

/// Which pods wait for the plugin, for [`host::waiting::pods`](crate::host::waiting::pods). Those that it allows or
/// rejects are taken out.
pub fn set_waiting(pods: Vec<PodInfo>) {
    with(|it| it.waiting = pods);
}

/// Which pods are on nodes, for [`host::pods`](crate::host::pods).
pub fn set_pods(pods: Vec<PodInfo>) {
    with(|it| it.pods = pods);
}

/// What [`host::clock::now`](crate::host::clock::now) says, in milliseconds.
pub fn set_now(milliseconds: u64) {
    with(|it| it.now = milliseconds);
}

pub(crate) mod log {
    use super::{Level, with};

    pub(crate) fn log(level: Level, message: &str) {
        with(|it| it.asked.log.push((level, message.to_owned())));
    }
}

pub(crate) mod waiting {
    use super::{PodInfo, with};

    pub(crate) fn allow(uid: &str) {
        with(|it| {
            it.asked.allowed.push(uid.to_owned());
            it.waiting.retain(|pod| pod.uid != uid);
        });
    }

    pub(crate) fn reject(uid: &str, message: &str) {
        with(|it| {
            it.asked.rejected.push((uid.to_owned(), message.to_owned()));
            it.waiting.retain(|pod| pod.uid != uid);
        });
    }

    pub(crate) fn pods() -> Vec<PodInfo> {
        with(|it| it.waiting.clone())
    }
}

pub(crate) mod events {
    use super::with;

    pub(crate) fn emit(uid: &str, warning: bool, reason: &str, note: &str) {
        let event = (uid.to_owned(), warning, reason.to_owned(), note.to_owned());
        with(|it| it.asked.events.push(event));
    }
}

pub(crate) mod pods {
    use super::{PodInfo, with};

    pub(crate) fn of_namespace(namespace: &str) -> Vec<PodInfo> {
        with(|it| it.pods.iter().filter(|pod| pod.namespace == namespace).cloned().collect())
    }

    pub(crate) fn on_node(node: &str) -> Vec<PodInfo> {
        with(|it| it.pods.iter().filter(|pod| pod.node.as_deref() == Some(node)).cloned().collect())
    }
}

pub(crate) mod raw {
    pub(crate) fn node(_name: &str) -> Option<Vec<u8>> {
        None
    }

    pub(crate) fn pod(_uid: &str) -> Option<Vec<u8>> {
        None
    }
}

pub(crate) mod clock {
    use super::with;

    pub(crate) fn now() -> u64 {
        with(|it| it.now)
    }
}

pub(crate) mod random {
    use super::with;

    /// SplitMix64 from 0.
    pub(crate) fn next() -> u64 {
        with(|it| {
            it.random = it.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut x = it.random;
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        })
    }
}
