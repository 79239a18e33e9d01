//! What pods on nodes may do. A pod is read whole once, and again only until it runs; so many for one pod that is placed.

use std::collections::BTreeMap;
use std::rc::Rc;

use catalogue_common::{Budget, RawPod};
use longshore_plugin::{Error, PodInfo};

use crate::calls::Calls;
use crate::profiles::{Key, keys};

/// So many pods are remembered at the most; when there are more, all are read anew.
const MOST: usize = 200_000;

/// So many pods are read for one that is placed.
const PODS_FOR_ONE_POD: u32 = 64;
/// So often pods are forgotten that nobody asked about for long.
const CLEARED_AFTER: u64 = 1024;

/// Pods that run, by UID: the profiles that each has.
pub(crate) struct There {
    pods: BTreeMap<String, Rc<Vec<Key>>>,
    /// Pods that did not run when they were read last, and when that was, in pods that were placed.
    waiting: BTreeMap<String, u64>,
    now: u64,
    budget: Budget,
    /// By row: the calls of the pods there, and of which state of the node and of the profiles.
    rows: Vec<Option<(State, Rc<Vec<Calls>>)>>,
}

/// The version of a node and the changes of profiles.
type State = (u64, u64);

impl Default for There {
    fn default() -> Self {
        let budget = Budget::of(PODS_FOR_ONE_POD);
        Self { pods: BTreeMap::new(), waiting: BTreeMap::new(), now: 0, budget, rows: Vec::new() }
    }
}

impl There {
    /// A pod is to be placed: some more may be read.
    pub(crate) fn next(&mut self) {
        self.now += 1;
        self.budget.refill();
        if self.now.is_multiple_of(CLEARED_AFTER) {
            let since = self.now.saturating_sub(CLEARED_AFTER.max(4 * self.interval()));
            self.waiting.retain(|_, last| *last >= since);
        }
    }

    /// For so many pods one that does not run is not read again: none, unless too many wait to be read for each.
    fn interval(&self) -> u64 {
        self.waiting.len() as u64 / u64::from(PODS_FOR_ONE_POD)
    }

    /// The profiles of a pod; `None` when it does not count yet.
    pub(crate) fn profiles(&mut self, pod: &PodInfo) -> Result<Option<Rc<Vec<Key>>>, Error> {
        if let Some(known) = self.pods.get(&pod.uid) {
            return Ok(Some(Rc::clone(known)));
        }
        let read = self.waiting.get(&pod.uid).is_some_and(|last| self.now - last <= self.interval());
        if read || !self.budget.take() {
            return Ok(None);
        }
        if self.pods.len() + self.waiting.len() >= MOST {
            self.pods.clear();
            self.waiting.clear();
        }
        let Some(raw) = RawPod::find(&pod.uid)?.filter(counts) else {
            self.waiting.insert(pod.uid.clone(), self.now);
            return Ok(None);
        };
        self.waiting.remove(&pod.uid);
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

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::set_raw_pods;

    #[test]
    fn pods_that_do_not_run_are_read_in_turn() {
        let pods: Vec<PodInfo> = (0..600).map(|at| PodInfo::new("shop", &format!("p{at:03}"))).collect();
        let running = r#"{"status": {"phase": "Running"}}"#;
        let raws = |phase: &str| {
            pods.iter().map(|pod| (pod.uid.clone(), running.replace("Running", phase))).collect()
        };
        set_raw_pods(raws("Pending"));
        let mut there = There::default();
        let count = |there: &mut There| {
            there.next();
            pods.iter().filter(|pod| matches!(there.profiles(pod), Ok(Some(_)))).count()
        };
        assert_eq!([count(&mut there), count(&mut there), count(&mut there)], [0, 0, 0]);
        set_raw_pods(raws("Running"));
        let found = [(); 24].map(|()| count(&mut there));
        assert!(found[0] > 0 && found.is_sorted(), "{found:?}");
        assert_eq!(found[23], 600, "{found:?}");
    }
}
