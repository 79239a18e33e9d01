//! What pods on nodes may do. A pod is read whole once, and again only until it runs.

use std::collections::BTreeMap;
use std::rc::Rc;

use catalogue_common::RawPod;
use longshore_plugin::{Error, PodInfo};

use crate::calls::Calls;
use crate::profiles::{Key, keys};

/// So many pods are remembered at the most; when there are more, all are read anew.
const MOST: usize = 200_000;

/// Pods that run, by UID: the profiles that each has.
#[derive(Default)]
pub(crate) struct There {
    pods: BTreeMap<String, Rc<Vec<Key>>>,
    /// By row: the calls of the pods there, and of which state of the node and of the profiles.
    rows: Vec<Option<(State, Rc<Vec<Calls>>)>>,
}

/// The version of a node and the changes of profiles.
type State = (u64, u64);

impl There {
    /// The profiles of a pod; `None` when it does not count yet.
    pub(crate) fn profiles(&mut self, pod: &PodInfo) -> Result<Option<Rc<Vec<Key>>>, Error> {
        if let Some(known) = self.pods.get(&pod.uid) {
            return Ok(Some(Rc::clone(known)));
        }
        let Some(raw) = RawPod::find(&pod.uid)?.filter(counts) else { return Ok(None) };
        if self.pods.len() >= MOST {
            self.pods.clear();
        }
        let keys = Rc::new(keys(&raw));
        self.pods.insert(pod.uid.clone(), Rc::clone(&keys));
        Ok(Some(keys))
    }

    /// The calls of the pods of a row, if they are known for this state.
    pub(crate) fn row(&self, row: u32, state: State) -> Option<Rc<Vec<Calls>>> {
        let (known, calls) = self.rows.get(row as usize)?.as_ref()?;
        (*known == state).then(|| Rc::clone(calls))
    }

    pub(crate) fn keep(&mut self, row: u32, state: State, calls: Rc<Vec<Calls>>) {
        let row = row as usize;
        if self.rows.len() <= row {
            self.rows.resize(row + 1, None);
        }
        self.rows[row] = Some((state, calls));
    }
}

/// It runs, or kubelet has begun with it.
fn counts(pod: &RawPod) -> bool {
    let begun = pod.status.host_ip.as_deref().is_some_and(|address| !address.is_empty());
    match pod.status.phase.as_deref() {
        Some("Running") => true,
        Some("Pending") | None => begun,
        _ => false,
    }
}
