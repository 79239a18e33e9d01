//! What pods request and may use of processors and memory.

use catalogue_common::pod::Amounts;
use catalogue_common::{RawPod, Rows};
use longshore_plugin::column::Pods;
use longshore_plugin::{Node, PodInfo};

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

/// So many pods are read for one that is placed.
const PODS_FOR_ONE_POD: u32 = 256;

/// The pods of all rows, and what those of each ask for in sum at a version of the node.
pub(crate) struct Sums {
    rows: Rows<There>,
    sums: Vec<(u64, Demand)>,
}

impl Default for Sums {
    fn default() -> Self {
        Self { rows: Rows::of(PODS_FOR_ONE_POD), sums: Vec::new() }
    }
}

impl Sums {
    /// A pod has come: some more may be read.
    pub(crate) fn refill(&self) {
        self.rows.refill();
    }

    /// What all pods of a node request and may use. As long as there was no time to read them, that is what they request.
    pub(crate) fn sum(&mut self, node: Node<'_>, pods: Pods, requested: Pair) -> Demand {
        let at = node.row() as usize;
        if self.sums.len() <= at {
            self.sums.resize(at + 1, (0, Demand::default()));
        }
        if self.sums[at].0 == node.version() {
            return self.sums[at].1;
        }
        let holds = |known: &There, pod: &PodInfo| known.brief == brief(pod);
        match self.rows.follow(node, pods, holds, |pod| Ok(There::look(pod))) {
            Ok((pods, true)) => {
                let sum = pods.fold(Demand::default(), |sum, pod| sum.plus(pod.demand));
                self.sums[at] = (node.version(), sum);
                sum
            }
            _ => Demand { requests: requested, limits: requested },
        }
    }
}

fn brief(pod: &PodInfo) -> Pair {
    [pod.request("cpu"), pod.request("memory")]
}

impl There {
    /// A pod that is new to its node. One that cannot be read may use what it requests.
    fn look(pod: &PodInfo) -> Self {
        let brief = brief(pod);
        let raw = RawPod::find(&pod.uid).ok().flatten();
        Self { brief, demand: raw.map_or(Demand { requests: brief, limits: brief }, |raw| Demand::of(&raw)) }
    }
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
