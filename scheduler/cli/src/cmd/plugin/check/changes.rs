//! A cluster that changes: rows replaced one by one must come to the same as a table that is loaded whole.

use std::sync::Arc;

use longshore_framework::node::Node;
use longshore_framework::pod::{Pod, PodMeta};
use longshore_framework::snapshot::{Slot, Snapshot};

use super::compare::compare;
use super::{Outcome, Trial};
use crate::rehearsal::{Last, Scene, take};

impl Trial<'_> {
    pub(super) fn changed(&self, seed: u64, changes: u32) -> Outcome {
        let (followed, loaded) = (self.load(None, true)?, self.load(None, false)?);
        let mut scene = self.scene.clone();
        let mut random = Random(seed);
        let mut done = Vec::new();
        for at in 0..changes {
            let pod = std::slice::from_ref(&self.pods[at as usize % self.pods.len()]);
            take(&followed.instance, &mut scene, &pod[0], Last::Score);
            done.push(change(&mut scene, &self.pods, &mut random));
            let delta = [take(&followed.instance, &mut scene, &pod[0], Last::Score)];
            // A copy has a history of its own, so its table is loaded whole.
            let mut copy: Scene = scene.clone();
            let whole = [take(&loaded.instance, &mut copy, &pod[0], Last::Score)];
            if let Err(why) = compare(pod, ("after the change", &delta), ("loaded whole", &whole)) {
                let last: Vec<String> = done.iter().rev().take(3).rev().cloned().collect();
                return Ok(Err(format!("{why}\nchange {} of seed {seed}: {}", at + 1, last.join("; then "))));
            }
        }
        let fresh = self.judge(&self.load(None, false)?, &scene, &self.pods);
        let mut ask = || -> Vec<_> {
            self.pods.iter().map(|pod| take(&followed.instance, &mut scene, pod, Last::Score)).collect()
        };
        let followed = ask();
        Ok(compare(&self.pods, ("after all changes", &followed), ("from a fresh instance", &fresh)))
    }
}

/// Changes something of the cluster; says what.
fn change(scene: &mut Scene, pods: &[Arc<Pod>], random: &mut Random) -> String {
    let slots = scene.slots();
    if slots.is_empty() {
        return add_node(&mut scene.snapshot, &Node::default(), random);
    }
    let slot = slots[random.below(slots.len())];
    let node = Arc::clone(scene.snapshot.node(slot));
    match random.below(8) {
        0 if slots.len() > 2 => {
            scene.snapshot.remove_node(&node.name);
            format!("node {} removed", node.name)
        }
        0 | 1 => add_node(&mut scene.snapshot, &node, random),
        2 | 3 => add_pod(&mut scene.snapshot, slot, &pods[random.below(pods.len())], random),
        4 | 5 => match scene.snapshot.pods(slot).first().cloned() {
            Some(pod) => {
                scene.snapshot.remove_pod(slot, &pod.meta.uid);
                format!("pod {} taken off {}", pod.key(), node.name)
            }
            None => add_pod(&mut scene.snapshot, slot, &pods[random.below(pods.len())], random),
        },
        _ => replace_node(&mut scene.snapshot, &node, random),
    }
}

fn add_node(snapshot: &mut Snapshot, like: &Node, random: &mut Random) -> String {
    let name = format!("added-{}", random.next() % 1_000_000);
    snapshot.set_node(Arc::new(Node { name: name.as_str().into(), ..like.clone() }));
    format!("node {name} added")
}

fn add_pod(snapshot: &mut Snapshot, slot: Slot, like: &Pod, random: &mut Random) -> String {
    let name = format!("added-{}", random.next() % 1_000_000);
    let (uid, name) = (name.as_str().into(), name.as_str().into());
    let pod = Pod { meta: PodMeta { uid, name, ..like.meta.clone() }, ..like.clone() };
    let said = format!("pod {} put on {}", pod.key(), snapshot.node(slot).name);
    snapshot.add_pod(slot, Arc::new(pod));
    said
}

fn replace_node(snapshot: &mut Snapshot, node: &Node, random: &mut Random) -> String {
    let mut new = node.clone();
    let what = match random.below(4) {
        0 => {
            new.unschedulable = !new.unschedulable;
            "cordoned or uncordoned"
        }
        1 => {
            new.allocatable.milli_cpu = new.allocatable.milli_cpu / 2 + 500;
            "given other allocatable cpu"
        }
        2 => {
            new.taints.clear();
            "without taints"
        }
        _ => {
            let value: Arc<str> = format!("value-{}", random.below(3)).into();
            let others = node.labels.iter().filter(|(key, _)| &***key != "changed");
            let pairs = others.map(|(key, value)| (Arc::clone(key), Arc::clone(value)));
            new.labels = pairs.chain([("changed".into(), value)]).collect();
            "given another label"
        }
    };
    snapshot.set_node(Arc::new(new));
    format!("node {} {what}", node.name)
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::made_up;

    #[test]
    fn a_seed_gives_the_same_changes_and_every_kind_of_them() {
        let pods: Vec<Arc<Pod>> = made_up::cluster(3).pods;
        let run = |seed| {
            let (mut scene, mut random) = (made_up::cluster(6), Random(seed));
            (0..60).map(|_| change(&mut scene, &pods, &mut random)).collect::<Vec<String>>()
        };
        let said = run(1);
        assert_eq!(said, run(1));
        assert_ne!(said, run(2));
        for kind in ["removed", "added", "put on", "taken off", "cordoned", "label"] {
            assert!(said.iter().any(|s| s.contains(kind)), "{kind}: {said:?}");
        }
    }
}
