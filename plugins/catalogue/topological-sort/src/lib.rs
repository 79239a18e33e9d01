//! TopologicalSort: pods of an AppGroup stand in the queue in the order of its workloads, `status.topologyOrder`.
//!
//! A pod of an AppGroup stands where its priority and the age of the AppGroup say, and among those of the group by its
//! workload. Other pods stand by priority and by how long they wait. A pod of an AppGroup that does not exist is rejected.
//!
//! The operator grants `objects`.

use catalogue_common::Args;
use longshore_plugin::object::Object;
use longshore_plugin::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use std::rc::Rc;

objects! {
    GROUPS: AppGroup = kind("appgroup.diktyo.x-k8s.io/v1alpha1", "AppGroup").fields(&["status.topologyOrder"]),
}

/// The label that names a pod's AppGroup.
const GROUP: &str = "appgroup.diktyo.x-k8s.io";
/// The label that names its workload.
const WORKLOAD: &str = "appgroup.diktyo.x-k8s.io.workload";
/// Places in an AppGroup: a millisecond is divided into so many.
const PLACES: i64 = 1_000_000;

/// An AppGroup, as far as the plugin reads it.
#[derive(Deserialize)]
pub struct AppGroup {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    topology_order: Option<Vec<Place>>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    workload: Workload,
    #[serde(default)]
    index: i64,
}

#[derive(Default, Deserialize)]
struct Workload {
    #[serde(default)]
    selector: String,
}

/// The plugin.
pub struct TopologicalSort {
    namespaces: Vec<String>,
}

impl Plugin for TopologicalSort {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("TopologicalSort")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Pods of an AppGroup stand in the queue in the order of its workloads")
            .objects(KINDS)
            .event_of(GROUPS, &["Add", "Update"])
    }

    fn new(config: Value) -> Result<Self, Error> {
        let mut args = Args::of(&config, "TopologicalSortArgs");
        let mut namespaces = args.texts("namespaces");
        args.finish()?;
        if namespaces.is_empty() {
            namespaces.push("default".to_owned());
        }
        Ok(Self { namespaces })
    }
}

impl TopologicalSort {
    fn group(&self, name: &str) -> Option<Rc<Object<AppGroup>>> {
        self.namespaces.iter().find_map(|namespace| GROUPS.get(namespace, name))
    }
}

/// The name of a pod's AppGroup.
fn named(pod: &PodInfo) -> Option<&str> {
    pod.label(GROUP).filter(|name| !name.is_empty())
}

/// The index of a workload: that of the entry which a search in a sorted list finds; -1 when there is none.
fn index(group: &AppGroup, workload: &str) -> i64 {
    let order = group.status.as_ref().and_then(|status| status.topology_order.as_deref()).unwrap_or_default();
    let (mut low, mut high) = (0, order.len());
    while low < high {
        let middle = (low + high - 1) / 2;
        match order[middle].workload.selector.as_str().cmp(workload) {
            std::cmp::Ordering::Equal => return order[middle].index,
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    -1
}

impl QueueSort for TopologicalSort {
    fn rank(&self, pod: &Pod, since: u64) -> Result<(i64, i64), Error> {
        let priority = -i64::from(pod.priority);
        let Some(group) = named(pod).and_then(|name| self.group(name)) else {
            let since = i64::try_from(since).unwrap_or(i64::MAX);
            return Ok((priority, since.saturating_mul(PLACES)));
        };
        let place = (index(&group, pod.label(WORKLOAD).unwrap_or_default()) + 1).clamp(0, PLACES - 1);
        let created = group.created.unwrap_or(0);
        Ok((priority, created.saturating_mul(PLACES).saturating_add(place)))
    }
}

impl PreFilter for TopologicalSort {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        match named(pod) {
            Some(name) if self.group(name).is_none() => {
                let reason =
                    format!("AppGroup {name} is in none of the namespaces {}", self.namespaces.join(", "));
                Ok(PreFilterOutcome::Reject(Reject::unresolvable(reason)))
            }
            _ => Ok(PreFilterOutcome::Skip(())),
        }
    }
}

export_plugin!(TopologicalSort: QueueSort, PreFilter, Objects);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Run};
    use serde_json::json;

    fn run() -> Run<TopologicalSort> {
        let place = |selector: &str, index: i64| json!({"workload": {"selector": selector}, "index": index});
        let order = json!([place("db", 3), place("queue", 1), place("web", 2)]);
        let metadata =
            json!({"namespace": "default", "name": "shop", "creationTimestamp": "1970-01-01T00:00:05Z"});
        let group = json!({"metadata": metadata, "status": {"topologyOrder": order}});
        Run::configured("null", &Cluster::new().object(GROUPS, group)).unwrap()
    }

    fn of(group: &str, workload: &str) -> Pod {
        Pod::new("default", workload).with_label(GROUP, group).with_label(WORKLOAD, workload)
    }

    #[test]
    fn pods_of_a_group_stand_by_their_workload() {
        let mut run = run();
        let mut rank = |pod: &Pod, since| run.rank(pod, since).unwrap();
        let [unknown, queue, web, db] = ["x", "queue", "web", "db"].map(|name| rank(&of("shop", name), 9000));
        assert!(unknown < queue && queue < web && web < db);
        assert!(rank(&Pod::new("default", "a"), 4999) < unknown, "it waited when the group was made");
        assert!(db < rank(&Pod::new("default", "a"), 5001));
        let mut urgent = Pod::new("default", "urgent");
        urgent.info.priority = 1;
        assert!(rank(&urgent, 9000) < unknown);
        assert!(rank(&of("other", "db"), 1) < rank(&of("other", "queue"), 2), "no such group: by time");
    }

    #[test]
    fn a_group_that_is_not_there_is_named() {
        let mut run = run();
        let want = Reject::unresolvable("AppGroup other is in none of the namespaces default");
        assert_eq!(run.pre_filter(&of("other", "db")).unwrap(), PreFilterOutcome::Reject(want));
        assert_eq!(run.pre_filter(&of("shop", "db")).unwrap(), PreFilterOutcome::Skip(Vec::new()));
    }
}
