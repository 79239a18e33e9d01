//! Picks devices of a node for a pod, and tells the pod which.
//!
//! A pod that requests `example.com/gpu` gets as many indices of devices that no other pod has. Reserve picks them, the
//! lowest first; Bind writes them into the annotation `devices.longshore.dev/indices` of the pod, where the container's
//! start-up finds them. The operator grants `pods`: devices of pods that are gone are free again.

use std::collections::{BTreeMap, BTreeSet};

use longshore_plugin::prelude::*;

/// What is counted.
const RESOURCE: &str = "example.com/gpu";

/// Where a pod finds its devices: `0,2`.
pub const ANNOTATION: &str = "devices.longshore.dev/indices";

columns! {
    NAME: Text = name(),
    DEVICES: Number = allocatable("example.com/gpu"),
}

/// Devices of one node, by the uid of the pod that has them.
type Taken = BTreeMap<String, BTreeSet<i64>>;

/// The plugin.
#[derive(Default)]
pub struct DevicePicker {
    nodes: BTreeMap<String, Taken>,
}

impl Plugin for DevicePicker {
    type Config = ();
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("DevicePicker")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Picks devices of a node for a pod and tells the pod which")
            .columns(COLUMNS)
            .single()
            .event("Pod", &["Delete"])
            .event("Node", &["Add", "UpdateNodeAllocatable"])
    }

    fn new(_config: ()) -> Result<Self, Error> {
        Ok(Self::default())
    }
}

impl Reserve for DevicePicker {
    fn reserve(&mut self, at: &Placement<'_, Self>) -> Result<Verdict, Error> {
        let wanted = at.pod.request(RESOURCE);
        if wanted <= 0 {
            return Ok(Verdict::Fit);
        }
        let devices = at.row(NAME).ok_or("the node is not in the table")?.number(DEVICES);
        let taken = self.nodes.entry(at.node.to_owned()).or_default();
        let there: BTreeSet<_> = host::pods::on_node(at.node).into_iter().map(|pod| pod.uid).collect();
        taken.retain(|uid, _| there.contains(uid) || *uid == at.pod.uid);
        // Asked twice, the answer is the same.
        if taken.contains_key(&at.pod.uid) {
            return Ok(Verdict::Fit);
        }
        let used: BTreeSet<_> = taken.values().flatten().copied().collect();
        let wanted = usize::try_from(wanted)?;
        let picked: BTreeSet<_> = (0..devices).filter(|index| !used.contains(index)).take(wanted).collect();
        if picked.len() < wanted {
            return Ok(Verdict::unschedulable("node has too few free devices"));
        }
        taken.insert(at.pod.uid.clone(), picked);
        Ok(Verdict::Fit)
    }

    fn unreserve(&mut self, pod: &Pod, node: &str) {
        if let Some(taken) = self.nodes.get_mut(node) {
            taken.remove(&pod.uid);
        }
    }
}

impl Bind for DevicePicker {
    fn bind(&mut self, at: &Placement<'_, Self>) -> Result<Option<Binding>, Error> {
        let Some(picked) = self.nodes.get(at.node).and_then(|taken| taken.get(&at.pod.uid)) else {
            return Ok(None);
        };
        let indices: Vec<_> = picked.iter().map(i64::to_string).collect();
        Ok(Some(Binding { annotations: vec![(ANNOTATION.to_owned(), indices.join(","))] }))
    }
}

impl Handover for DevicePicker {
    type Saved = BTreeMap<String, Taken>;

    fn save(&self) -> Self::Saved {
        self.nodes.clone()
    }

    fn restore(&mut self, saved: Self::Saved) -> Result<(), Error> {
        self.nodes = saved;
        Ok(())
    }
}

export_plugin!(DevicePicker: Reserve, Bind, Handover);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node, Run, set_pods};

    fn pod(name: &str, devices: i64) -> Pod {
        let mut pod = Pod::new("default", name).with_request(RESOURCE, devices);
        pod.info.node = Some("box".to_owned());
        pod
    }

    fn run() -> Run<DevicePicker> {
        Run::configured("null", &Cluster::new().node(Node::new("box").allocatable(RESOURCE, 4))).unwrap()
    }

    #[track_caller]
    fn bound(run: &mut Run<DevicePicker>, pod: &Pod, indices: &str) {
        let binding = run.bind(pod, "box").unwrap().unwrap();
        assert_eq!(binding.annotations, [(ANNOTATION.to_owned(), indices.to_owned())]);
    }

    #[test]
    fn pods_get_different_devices_and_freed_ones_are_given_again() {
        let mut run = run();
        let (a, b, c) = (pod("a", 2), pod("b", 1), pod("c", 2));
        set_pods(vec![a.info.clone(), b.info.clone()]);
        assert!(run.reserve(&a, "box").unwrap().fits() && run.reserve(&b, "box").unwrap().fits());
        bound(&mut run, &a, "0,1");
        bound(&mut run, &b, "2");
        assert_eq!(run.reserve(&c, "box").unwrap(), Verdict::unschedulable("node has too few free devices"));
        // The first pod is deleted.
        set_pods(vec![b.info.clone()]);
        assert!(run.reserve(&c, "box").unwrap().fits());
        bound(&mut run, &c, "0,1");
    }

    #[test]
    fn asked_twice_it_counts_once_and_what_is_taken_back_is_free() {
        let mut run = run();
        let (a, b) = (pod("a", 3), pod("b", 4));
        set_pods(vec![a.info.clone()]);
        assert!(run.reserve(&a, "box").unwrap().fits() && run.reserve(&a, "box").unwrap().fits());
        bound(&mut run, &a, "0,1,2");
        run.unreserve(&a, "box");
        run.unreserve(&pod("never", 1), "box");
        assert!(run.reserve(&b, "box").unwrap().fits());
    }

    #[test]
    fn a_pod_without_devices_is_left_to_the_next_binder() {
        let mut run = run();
        let web = Pod::new("default", "web");
        assert!(run.reserve(&web, "box").unwrap().fits());
        assert_eq!(run.bind(&web, "box").unwrap(), None);
    }
}
