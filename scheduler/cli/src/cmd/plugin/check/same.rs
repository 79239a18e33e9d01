//! The same questions asked in other ways.

use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};

use super::compare::compare;
use super::{Outcome, Trial};
use crate::rehearsal::{Last, Scene, Subject, Turn, take};

/// Shards that the nodes are spread over.
const SHARDS: usize = 7;

/// The fewest rows that one instance holds.
const LEAST_ROWS: usize = 64;

impl Trial<'_> {
    /// What the plugin says of every pod; nothing is put on a node.
    pub(super) fn judge(&self, subject: &Subject, scene: &Scene, pods: &[Arc<Pod>]) -> Vec<Turn> {
        let mut scene = scene.clone();
        pods.iter().map(|pod| take(&subject.instance, &mut scene, pod, Last::Score)).collect()
    }

    fn straight(&self) -> anyhow::Result<Vec<Turn>> {
        Ok(self.judge(&self.load(None, false)?, &self.scene, &self.pods))
    }

    pub(super) fn answers(&self, subject: &Subject) -> Outcome {
        let turns = self.judge(subject, &self.scene, &self.pods);
        let failed = self.pods.iter().zip(&turns).find_map(|(pod, turn)| Some((pod, turn.failure()?)));
        Ok(match failed {
            Some((pod, (stage, message))) => Err(format!("pod {}, {}: {message}", pod.key(), stage.name())),
            None => Ok(()),
        })
    }

    pub(super) fn twice(&self, subject: &Subject) -> Outcome {
        let mut scene = self.scene.clone();
        let mut ask = || -> Vec<Turn> {
            self.pods.iter().map(|pod| take(&subject.instance, &mut scene, pod, Last::Score)).collect()
        };
        let (first, second) = (ask(), ask());
        Ok(compare(&self.pods, ("first", &first), ("then", &second)))
    }

    pub(super) fn fresh(&self) -> Outcome {
        let (first, second) = (self.straight()?, self.straight()?);
        Ok(compare(&self.pods, ("one instance", &first), ("another", &second)))
    }

    pub(super) fn reversed(&self) -> Outcome {
        let first = self.straight()?;
        let pods: Vec<Arc<Pod>> = self.pods.iter().rev().cloned().collect();
        let mut second = self.judge(&self.load(None, false)?, &self.scene, &pods);
        second.reverse();
        Ok(compare(&self.pods, ("in order", &first), ("last pod first", &second)))
    }

    pub(super) fn shards(&self) -> Outcome {
        let first = self.straight()?;
        let rows = self.scene.snapshot.len().div_ceil(SHARDS).next_multiple_of(LEAST_ROWS).max(LEAST_ROWS);
        let spread = Scene { snapshot: spread(&self.scene, rows * SHARDS), ..self.scene.clone() };
        let second = self.judge(&self.load(Some(rows), false)?, &spread, &self.pods);
        Ok(compare(&self.pods, ("1 shard", &first), ("7 shards", &second)))
    }

    pub(super) fn kept(&self) -> Outcome {
        let asked = self.straight()?;
        let subject = self.load(None, true)?;
        let mut scene = self.scene.clone();
        let mut ask = || -> Vec<Turn> {
            self.pods.iter().map(|pod| take(&subject.instance, &mut scene, pod, Last::Score)).collect()
        };
        let (first, second) = (ask(), ask());
        Ok(compare(&self.pods, ("asked anew", &asked), ("kept, first", &first))
            .and_then(|()| compare(&self.pods, ("asked anew", &asked), ("kept", &second))))
    }
}

/// The same nodes, spread evenly over so many slots.
fn spread(scene: &Scene, slots: usize) -> Snapshot {
    let old = &scene.snapshot;
    let nodes = scene.slots();
    let mut snapshot = Snapshot::default();
    let mut next = 0;
    let mut fillers = Vec::new();
    for (at, slot) in nodes.iter().enumerate() {
        let place = at * slots / nodes.len().max(1);
        while next < place {
            let name = format!("\u{0}filler-{next}");
            snapshot.set_node(Arc::new(longshore_framework::node::Node {
                name: name.as_str().into(),
                ..longshore_framework::node::Node::default()
            }));
            fillers.push(name);
            next += 1;
        }
        let new: Slot = snapshot.set_node(Arc::clone(old.node(*slot)));
        next += 1;
        for pod in old.pods(*slot) {
            snapshot.add_pod(new, Arc::clone(pod));
        }
    }
    for name in fillers {
        snapshot.remove_node(&name);
    }
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::made_up;

    #[test]
    fn spreading_keeps_nodes_and_pods_and_reaches_every_range() {
        let scene = made_up::cluster(20);
        let wide = spread(&scene, SHARDS * LEAST_ROWS);
        assert_eq!(wide.len(), 20);
        let ranges: std::collections::BTreeSet<usize> =
            wide.live().iter().map(|at| at / LEAST_ROWS).collect();
        assert_eq!(ranges.len(), SHARDS);
        for slot in scene.slots() {
            let name = &scene.snapshot.node(slot).name;
            let new = wide.slot(name).unwrap();
            assert_eq!(wide.pods(new).len(), scene.snapshot.pods(slot).len());
        }
    }
}
