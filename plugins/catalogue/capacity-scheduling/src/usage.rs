//! What is used now, and what pods that are promised a node will use.

use std::collections::BTreeMap;

use longshore_plugin::{Node, Pod, host};

use crate::quota::{Amounts, Quotas, add, plus, requests, subtract};
use crate::{NAME, PODS};

/// What namespaces use, kept by adding and removing: a node is looked at again when it changed. Bounded by the nodes and the
/// namespaces of pods on them.
#[derive(Default)]
pub(crate) struct Usage {
    rows: Vec<Row>,
    total: BTreeMap<String, Amounts>,
    /// Counts how often this was brought up to date.
    pass: u64,
}

/// What a node's pods use, by namespace.
#[derive(Default)]
struct Row {
    version: Option<u64>,
    pass: u64,
    used: BTreeMap<String, Amounts>,
}

impl Usage {
    /// The quotas with every pod that is on a node, those just decided included.
    pub(crate) fn quotas(&mut self) -> Quotas {
        self.pass += 1;
        let table = host::table();
        table.nodes().each(|node| self.look(node));
        let gone = self.rows.iter_mut().filter(|row| row.pass != self.pass && row.version.is_some());
        for row in gone {
            row.version = None;
            remove(&mut self.total, &std::mem::take(&mut row.used));
        }
        Quotas::with(&self.total)
    }

    fn look(&mut self, node: Node<'_>) {
        let at = node.row() as usize;
        if self.rows.len() <= at {
            self.rows.resize_with(at + 1, Row::default);
        }
        let row = &mut self.rows[at];
        row.pass = self.pass;
        if row.version == Some(node.version()) {
            return;
        }
        row.version = Some(node.version());
        remove(&mut self.total, &std::mem::take(&mut row.used));
        for pod in node.pods(PODS) {
            add(row.used.entry(pod.namespace.clone()).or_default(), &requests(pod));
        }
        for (namespace, used) in &row.used {
            add(self.total.entry(namespace.clone()).or_default(), used);
        }
    }
}

fn remove(total: &mut BTreeMap<String, Amounts>, less: &BTreeMap<String, Amounts>) {
    for (namespace, used) in less {
        let Some(held) = total.get_mut(namespace) else { continue };
        subtract(held, used);
        if held.values().all(|amount| *amount == 0) {
            total.remove(namespace);
        }
    }
}

/// What a pod needs together with pods that go before it.
pub(crate) struct Wanted {
    /// The pod alone.
    pub(crate) own: Amounts,
    /// With those of its namespace that are promised a node and are as important.
    pub(crate) in_namespace: Amounts,
    /// With these, and those of other namespaces that are within their min.
    pub(crate) in_all: Amounts,
}

impl Wanted {
    pub(crate) fn of(pod: &Pod, quotas: &Quotas) -> Self {
        let own = requests(pod);
        let (mut in_namespace, mut in_all) = (own.clone(), own.clone());
        let table = host::table();
        let promised =
            table.nodes().iter().filter_map(|node| node.text(NAME)).flat_map(host::engine::nominated);
        for other in promised.filter(|other| other.uid != pod.uid) {
            let Some(quota) = quotas.of(&other.namespace) else { continue };
            let same = other.namespace == pod.namespace;
            if same && other.priority >= pod.priority {
                in_namespace = plus(in_namespace, &requests(&other));
                in_all = plus(in_all, &requests(&other));
            } else if !same && !quota.over_min() {
                in_all = plus(in_all, &requests(&other));
            }
        }
        Self { own, in_namespace, in_all }
    }
}
