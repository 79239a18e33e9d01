//! What is used now, and what pods that are promised a node will use.

use longshore_plugin::{Pod, host};

use crate::quota::{Amounts, Quotas, plus, requests};
use crate::{NAME, PODS};

/// The quotas with every pod that is on a node, those just decided included.
pub(crate) fn used() -> Quotas {
    let mut quotas = Quotas::all();
    let table = host::table();
    for pod in table.nodes().iter().flat_map(|node| node.pods(PODS)) {
        quotas.add(pod);
    }
    quotas
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
