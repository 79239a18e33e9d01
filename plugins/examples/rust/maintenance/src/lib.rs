//! Nodes that will be in maintenance take only pods that tolerate it.
//!
//! A Maintenance (`crd.yaml`) has the name of its node. While it is there, the node takes a pod only with the label
//! `example.com/short-lived: "true"`, and nodes without one are preferred in any case.
//!
//! While there is a MaintenanceFreeze of any name, no maintenance takes place, and nodes are as good as any.
//!
//! The plugin is pure: its answers for a node depend on the pod, the node, the object of the node's name and the freezes. So
//! the scheduler keeps them, and asks again about a node when its Maintenance comes, changes or goes, and about all nodes
//! when a freeze does. The operator grants `objects`.

use longshore_plugin::prelude::*;
use serde::Deserialize;

objects! {
    /// Every maintenance that is planned.
    PLANNED: Maintenance = kind("example.com/v1", "Maintenance").fields(&["spec.drain"]).about_node(),
    /// What puts all of it off.
    FREEZES: Freeze = kind("example.com/v1", "MaintenanceFreeze").fields(&["metadata.name"]),
}

columns! {
    NAME: Text = name(),
}

/// `example.com/v1`, Maintenance.
#[derive(Deserialize)]
pub struct Maintenance {
    #[serde(default)]
    spec: Spec,
}

/// Its spec.
#[derive(Default, Deserialize)]
struct Spec {
    /// Nothing may start there any more.
    #[serde(default)]
    drain: bool,
}

/// `example.com/v1`, MaintenanceFreeze. That it is there says everything.
#[derive(Deserialize)]
pub struct Freeze {}

/// The plugin.
pub struct Planned;

/// The maintenance of a node, if it takes place.
fn planned(node: Node<'_>) -> Option<std::rc::Rc<Object<Maintenance>>> {
    let planned = PLANNED.get("", node.text(NAME)?)?;
    FREEZES.all().is_empty().then_some(planned)
}

impl Plugin for Planned {
    type Config = ();
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("Maintenance")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Nodes that will be in maintenance take only pods that tolerate it")
            .columns(COLUMNS)
            .objects(KINDS)
            .pure()
            .event_of(PLANNED, &["Update", "Delete"])
            .event_of(FREEZES, &["Add"])
            .event("Node", &["Add"])
            .event("Pod", &["UpdatePodLabel"])
    }

    fn new((): ()) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// The label of pods that a maintenance does not harm.
pub const SHORT_LIVED: &str = "example.com/short-lived";

impl Filter for Planned {
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        let Some(planned) = planned(node) else { return Verdict::Fit };
        if planned.spec.drain {
            return Verdict::Reject(Reject::unresolvable("is drained for a maintenance"));
        }
        fit_if(cycle.pod.label(SHORT_LIVED) == Some("true"), "will be in maintenance")
    }
}

impl Score for Planned {
    fn score(&self, _cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        if planned(node).is_some() { 0 } else { 100 }
    }
}

export_plugin!(Planned: Filter, Score, Objects);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run};
    use serde_json::json;

    #[track_caller]
    fn check(drain: bool, pod: &Pod, want: Option<&str>) {
        let cluster = Cluster::new()
            .node(Made::new("a"))
            .node(Made::new("b"))
            .object(PLANNED, json!({"metadata": {"name": "a"}, "spec": {"drain": drain}}));
        let mut run = Run::new(Planned, &cluster);
        let verdicts = run.filter(pod);
        let why = |node: &str| match &verdicts[node] {
            Verdict::Fit => None,
            Verdict::Reject(no) => Some(no.reason.clone()),
        };
        assert_eq!(why("a").as_deref(), want);
        assert_eq!(why("b"), None);
        assert_eq!(run.score(pod).into_values().collect::<Vec<_>>(), [0, 100]);
    }

    #[test]
    fn nodes_in_maintenance_take_short_lived_pods_only() {
        check(false, &Pod::new("shop", "web"), Some("will be in maintenance"));
        check(false, &Pod::new("shop", "job").with_label(SHORT_LIVED, "true"), None);
        check(
            true,
            &Pod::new("shop", "job").with_label(SHORT_LIVED, "true"),
            Some("is drained for a maintenance"),
        );
    }

    #[test]
    fn a_freeze_puts_maintenance_off() {
        let node = Made::new("a");
        let cluster = Cluster::new().node(node).object(PLANNED, json!({"metadata": {"name": "a"}}));
        let frozen = cluster.clone().object(FREEZES, json!({"metadata": {"name": "holidays"}}));
        let pod = Pod::new("shop", "web");
        let mut run = Run::new(Planned, &cluster);
        assert_ne!(run.filter(&pod)["a"], Verdict::Fit);
        run.change(&frozen);
        assert_eq!((run.filter(&pod)["a"].clone(), run.score(&pod)["a"]), (Verdict::Fit, 100));
        run.change(&cluster);
        assert_ne!(run.filter(&pod)["a"], Verdict::Fit);
    }
}
