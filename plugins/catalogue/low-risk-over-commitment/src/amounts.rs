//! What pods request and may use of processors and memory.

use std::collections::BTreeMap;

use catalogue_common::pod::Amounts;
use catalogue_common::{Budget, RawPod};
use longshore_plugin::column::Pods;
use longshore_plugin::{Error, Node, PodInfo};

/// Processors in thousandths of a core and memory in bytes.
pub(crate) type Pair = [i64; 2];

/// What a pod requests, and what it may use: no less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    pub(crate) requests: Pair,
    pub(crate) limits: Pair,
}

impl Demand {
    pub(crate) fn of(pod: &RawPod) -> Self {
        let (requests, limits) = (pair(&pod.effective_requests()), pair(&pod.effective_limits()));
        Self { requests, limits: [0, 1].map(|at| limits[at].max(requests[at])) }
    }

    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let sum = |a: Pair, b: Pair| [0, 1].map(|at| a[at].saturating_add(b[at]));
        Self { requests: sum(self.requests, other.requests), limits: sum(self.limits, other.limits) }
    }
}

fn pair(amounts: &Amounts) -> Pair {
    let cpu = amounts.get("cpu").map_or(0, |amount| amount.milli());
    [cpu, amounts.get("memory").map_or(0, |amount| amount.units())]
}

/// A pod on a node, with what its brief form says: another one says that the pod was resized.
#[derive(Clone, Copy, Debug)]
struct There {
    brief: Pair,
    demand: Demand,
}

/// The pods of a row, by UID, as they were at a version of the node.
#[derive(Default)]
struct Row {
    version: u64,
    pods: BTreeMap<String, There>,
    sum: Demand,
}

/// So many pods are read for one that is placed.
const PODS_FOR_ONE_POD: u32 = 256;

/// The pods of all rows. Bounded by the pods that are on nodes.
pub(crate) struct Rows {
    rows: Vec<Row>,
    budget: Budget,
}

impl Default for Rows {
    fn default() -> Self {
        Self { rows: Vec::new(), budget: Budget::of(PODS_FOR_ONE_POD) }
    }
}

impl Rows {
    /// A pod has come: some more may be read.
    pub(crate) fn refill(&self) {
        self.budget.refill();
    }

    /// What all pods of a node request and may use. As long as there was no time to read them, that is what they request.
    pub(crate) fn sum(&mut self, node: Node<'_>, pods: Pods, requested: Pair) -> Demand {
        let row = node.row() as usize;
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Row::default);
        }
        let row = &mut self.rows[row];
        if row.version == node.version() {
            return row.sum;
        }
        let unread = Demand { requests: requested, limits: requested };
        if self.budget.is_spent() {
            return unread;
        }
        let mut before = std::mem::take(&mut row.pods);
        let mut all = true;
        for pod in node.pods(pods) {
            let brief = [pod.request("cpu"), pod.request("memory")];
            let known = before.remove(&pod.uid).filter(|known| known.brief == brief);
            let there = match known {
                Some(known) => known,
                None if self.budget.take() => There { brief, demand: look(pod, brief) },
                None => {
                    all = false;
                    continue;
                }
            };
            row.pods.insert(pod.uid.clone(), there);
        }
        if !all {
            return unread;
        }
        row.sum = row.pods.values().fold(Demand::default(), |sum, pod| sum.plus(pod.demand));
        row.version = node.version();
        row.sum
    }
}

/// A pod that is new to its node. One that cannot be read may use what it requests.
fn look(pod: &PodInfo, brief: Pair) -> Demand {
    let found: Result<Option<RawPod>, Error> = RawPod::find(&pod.uid);
    let found = found.ok().flatten();
    found.map_or(Demand { requests: brief, limits: brief }, |raw| Demand::of(&raw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_may_use_no_less_than_it_requests() {
        let of = |containers: serde_json::Value| {
            let pod = json!({"spec": {"containers": containers}}).to_string();
            Demand::of(&RawPod::read(pod.as_bytes()).unwrap())
        };
        let one =
            of(json!([{"resources": {"requests": {"cpu": "1", "memory": "1Ki"}, "limits": {"cpu": "2"}}}]));
        assert_eq!(one, Demand { requests: [1000, 1024], limits: [2000, 1024] });
        // The limit of one container does not make up for another that has none.
        let two =
            of(json!([{"resources": {"limits": {"cpu": "1"}}}, {"resources": {"requests": {"cpu": "1"}}}]));
        assert_eq!(two, Demand { requests: [2000, 0], limits: [2000, 0] });
        assert!(of(json!([{}])).is_nothing());
    }
}
