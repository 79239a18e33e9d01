//! What a plugin has set aside and whom it keeps waiting. The host keeps it, so that an instance that replaces another,
//! after a trap or a reload, can be told all of it again.

use std::collections::BTreeMap;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Snapshot;

/// Entries beyond which those of pods that are gone are swept out.
const SWEEP_AT: usize = 4096;

/// One pod.
#[derive(Clone, Debug)]
pub(crate) struct LedgerPod {
    /// The pod.
    pub(crate) pod: Arc<Pod>,
    /// Its node.
    pub(crate) node: Str,
    /// What PreFilter left.
    pub(crate) shared: Arc<Vec<u8>>,
    /// The plugin keeps it waiting.
    pub(crate) waiting: bool,
}

/// By place in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: BTreeMap<u64, LedgerPod>,
    by_uid: BTreeMap<Str, u64>,
    next: u64,
    sweep_at: usize,
}

impl Ledger {
    /// The plugin set something aside for the pod.
    pub(crate) fn reserved(&mut self, entry: LedgerPod) {
        let uid = Arc::clone(&entry.pod.meta.uid);
        self.released(&uid);
        self.by_uid.insert(uid, self.next);
        self.entries.insert(self.next, entry);
        self.next += 1;
    }

    /// The plugin makes the pod wait.
    pub(crate) fn waits(&mut self, entry: LedgerPod) {
        match self.by_uid.get(&entry.pod.meta.uid).and_then(|at| self.entries.get_mut(at)) {
            Some(known) => known.waiting = true,
            None => self.reserved(LedgerPod { waiting: true, ..entry }),
        }
    }

    /// The pod does not wait any more. Whether it did.
    pub(crate) fn goes_on(&mut self, uid: &str) -> bool {
        let known = self.by_uid.get(uid).and_then(|at| self.entries.get_mut(at));
        known.is_some_and(|entry| std::mem::take(&mut entry.waiting))
    }

    /// Nothing is set aside for the pod any more.
    pub(crate) fn released(&mut self, uid: &str) {
        if let Some(at) = self.by_uid.remove(uid) {
            self.entries.remove(&at);
        }
    }

    /// The entry of a pod.
    pub(crate) fn get(&self, uid: &str) -> Option<&LedgerPod> {
        self.entries.get(self.by_uid.get(uid)?)
    }

    /// All entries, in order of arrival.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &LedgerPod> {
        self.entries.values()
    }

    /// Forgets pods that are not on their node any more.
    pub(crate) fn sweep(&mut self, snapshot: &Snapshot) {
        let gone = |entry: &LedgerPod| {
            let slot = snapshot.slot(&entry.node);
            !slot.is_some_and(|s| snapshot.pods(s).iter().any(|p| p.meta.uid == entry.pod.meta.uid))
        };
        let gone: Vec<Str> =
            self.entries().filter(|e| gone(e)).map(|e| Arc::clone(&e.pod.meta.uid)).collect();
        for uid in gone {
            self.released(&uid);
        }
    }

    /// The same when there are many.
    pub(crate) fn sweep_if_large(&mut self, snapshot: &Snapshot) {
        if self.entries.len() >= self.sweep_at.max(SWEEP_AT) {
            self.sweep(snapshot);
            self.sweep_at = self.entries.len() * 2;
        }
    }

    /// Everything, as another plugin's ledger begins.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::{node, pod};

    use super::*;

    fn entry(name: &str) -> LedgerPod {
        LedgerPod { pod: pod(name).build(), node: "n".into(), shared: Arc::default(), waiting: false }
    }

    #[test]
    fn a_pod_waits_until_it_goes_on_and_is_told_of_once() {
        let mut ledger = Ledger::default();
        ledger.reserved(entry("a"));
        ledger.waits(entry("a"));
        ledger.waits(entry("b"));
        let uid = |name| pod(name).build().meta.uid.clone();
        assert_eq!(ledger.entries().filter(|e| e.waiting).count(), 2);
        assert!(ledger.goes_on(&uid("a")));
        assert!(!ledger.goes_on(&uid("a")));
        assert!(!ledger.goes_on("nobody"));
        ledger.released(&uid("a"));
        assert_eq!(ledger.entries().map(|e| e.pod.meta.name.to_string()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn pods_that_left_their_node_are_swept_out() {
        let mut ledger = Ledger::default();
        let mut snapshot = Snapshot::default();
        let slot = snapshot.set_node(node("n").build());
        snapshot.add_pod(slot, entry("a").pod);
        ledger.reserved(entry("a"));
        ledger.reserved(entry("b"));
        ledger.sweep(&snapshot);
        assert_eq!(ledger.entries().count(), 1);
    }
}
