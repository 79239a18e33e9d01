//! NetworkTopology objects: what it costs to get from one region or zone to another.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Weights of this name are measured and taken as they are; others were written by people and are sorted before they are searched.
const MEASURED: &str = "NetperfCosts";
const REGION: &str = "topology.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";

/// A NetworkTopology, as far as the plugin reads it.
#[derive(Deserialize)]
pub(crate) struct NetworkTopology {
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    weights: Option<Vec<Weights>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Weights {
    name: String,
    topology_list: Option<Vec<Topology>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Topology {
    topology_key: String,
    origin_list: Option<Vec<Origin>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    origin: String,
    cost_list: Option<Vec<Cost>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    destination: String,
    #[serde(default)]
    network_cost: i64,
}

/// Costs by origin and destination.
pub(crate) type Costs = BTreeMap<(String, String), i64>;

impl NetworkTopology {
    /// What it costs to leave a region and a zone, by the weights of this name. A zone's costs go before those of a region that
    /// is called the same.
    pub(crate) fn costs(&self, weights: &str, region: &str, zone: &str) -> Costs {
        let mut costs = Costs::new();
        for entry in self.spec.weights.iter().flatten().filter(|entry| entry.name == weights) {
            let list = entry.topology_list.as_deref().unwrap_or_default();
            for (key, origin) in [(REGION, region), (ZONE, zone)] {
                let sorted = weights != MEASURED;
                let topology = search(list, key, |topology| &topology.topology_key, sorted);
                let origins =
                    topology.and_then(|topology| topology.origin_list.as_deref()).unwrap_or_default();
                let found =
                    search(origins, origin, |each| &each.origin, sorted).filter(|_| !origin.is_empty());
                for cost in found.iter().flat_map(|each| each.cost_list.iter().flatten()) {
                    costs.insert((origin.to_owned(), cost.destination.clone()), cost.network_cost);
                }
            }
        }
        costs
    }
}

/// The entry that a binary search finds; in a list that is sorted for it first, or is taken as it is.
fn search<'t, T>(list: &'t [T], wanted: &str, key: impl Fn(&T) -> &str, sort: bool) -> Option<&'t T> {
    let mut entries: Vec<&T> = list.iter().collect();
    if sort {
        entries.sort_by(|a, b| key(a).cmp(key(b)));
    }
    let (mut low, mut high) = (0, entries.len());
    while low < high {
        let middle = (low + high - 1) / 2;
        match key(entries[middle]).cmp(wanted) {
            std::cmp::Ordering::Equal => return Some(entries[middle]),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}
