//! In place of the scheduler: what a plugin asks of it is kept, what it wants to know is what a test said.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::bindings::longshore::scheduler::types::Rejection;
use crate::{PodInfo, Verdict};

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
    /// UIDs of pods that are to be tried again.
    pub activated: Vec<String>,
}

#[derive(Default)]
struct Scheduler {
    asked: Asked,
    waiting: Vec<PodInfo>,
    pods: Vec<PodInfo>,
    now: u64,
    random: u64,
    raw_nodes: HashMap<String, String>,
    raw_pods: HashMap<String, String>,
    nominated: Vec<(String, PodInfo)>,
    terminating: Vec<(String, String)>,
    would_fit: Option<WouldFit>,
    keep_first: Option<KeepFirst>,
}

/// What a test says of a node without some pods: `None` for a node that is not there.
type WouldFit = Rc<dyn Fn(&str, &[String]) -> Option<Verdict>>;

/// In which order pods of a node are kept: `None` for a node that is not there.
type KeepFirst = Rc<dyn Fn(&str, &[String]) -> Option<Vec<String>>>;

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

/// Nodes as whole objects, by name, for [`host::raw::node`](crate::host::raw::node).
pub fn set_raw_nodes(nodes: Vec<(String, String)>) {
    with(|it| it.raw_nodes = nodes.into_iter().collect());
}

/// Pods as whole objects, by UID, for [`host::raw::pod`](crate::host::raw::pod).
pub fn set_raw_pods(pods: Vec<(String, String)>) {
    with(|it| it.raw_pods = pods.into_iter().collect());
}

/// Which pods are promised which nodes, for [`host::engine::nominated`](crate::host::engine::nominated).
pub fn set_nominated(pods: Vec<(String, PodInfo)>) {
    with(|it| it.nominated = pods);
}

/// Nodes and UIDs of pods that are being deleted, for [`host::engine::terminating`](crate::host::engine::terminating).
pub fn set_terminating(pods: Vec<(String, String)>) {
    with(|it| it.terminating = pods);
}

/// What [`host::engine::would_fit`](crate::host::engine::would_fit) says of a node without some pods; `None` for a node that
/// is not there.
pub fn set_would_fit(answer: impl Fn(&str, &[String]) -> Option<Verdict> + 'static) {
    with(|it| it.would_fit = Some(Rc::new(answer)));
}

/// What [`host::engine::keep_first`](crate::host::engine::keep_first) says; `None` for a node that is not there. Without a
/// call the pods are kept in the order in which the plugin names them.
pub fn set_keep_first(answer: impl Fn(&str, &[String]) -> Option<Vec<String>> + 'static) {
    with(|it| it.keep_first = Some(Rc::new(answer)));
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

pub(crate) mod engine {
    use super::{PodInfo, Rejection, with};

    pub(crate) fn activate(uid: &str) {
        with(|it| it.asked.activated.push(uid.to_owned()));
    }

    pub(crate) fn nominated(node: &str) -> Vec<PodInfo> {
        let here = |(on, pod): &(String, PodInfo)| (on == node).then(|| pod.clone());
        with(|it| it.nominated.iter().filter_map(here).collect())
    }

    pub(crate) fn terminating(node: &str) -> Vec<String> {
        let here = |(on, uid): &(String, String)| (on == node).then(|| uid.clone());
        with(|it| it.terminating.iter().filter_map(here).collect())
    }

    pub(crate) fn would_fit(node: &str, without: &[String]) -> Result<Option<Rejection>, String> {
        // The answer may ask the scheduler something itself.
        let answer = with(|it| it.would_fit.clone()).ok_or("it is not the time to ask")?;
        answer(node, without).map(crate::Verdict::rejection).ok_or_else(|| no_node(node))
    }

    pub(crate) fn keep_first(node: &str, pods: &[String]) -> Result<Vec<String>, String> {
        match with(|it| it.keep_first.clone()) {
            Some(answer) => answer(node, pods).ok_or_else(|| no_node(node)),
            None => Ok(pods.to_vec()),
        }
    }

    fn no_node(node: &str) -> String {
        format!("there is no node {node}")
    }
}

pub(crate) mod raw {
    use super::with;

    pub(crate) fn node(name: &str) -> Option<Vec<u8>> {
        with(|it| it.raw_nodes.get(name).map(|json| json.clone().into_bytes()))
    }

    pub(crate) fn pod(uid: &str) -> Option<Vec<u8>> {
        with(|it| it.raw_pods.get(uid).map(|json| json.clone().into_bytes()))
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
