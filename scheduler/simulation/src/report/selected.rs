//! A simulation cut down to what is asked for, and seen by node or by workload.

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use rustc_hash::FxHashSet;

use super::owners::{Fate, Owners};
use super::simulation::Simulation;
use super::{Detail, NodeUse, Step, capacity, nodes, steps, unplaced};
use crate::simulation::Simulated;

impl Simulation {
    /// Leaves of every list of pods only those that are shown. The summary stays that of the whole cluster.
    pub fn select(&mut self, simulated: &Simulated, shows: &dyn Fn(&Pod) -> bool) {
        let decided = simulated.records.iter().map(|record| record.pod());
        let evicted = simulated.evicted.iter().map(|(victim, _)| victim);
        let shown: FxHashSet<String> =
            decided.chain(evicted).filter(|pod| shows(pod)).map(|pod| pod.key()).collect();
        self.placements.retain(|placement| shown.contains(&placement.pod));
        self.pending.retain(|pending| shown.contains(&pending.pod));
        self.evicted.retain(|evicted| shown.contains(&evicted.pod));
        self.skipped.retain(|skipped| shown.contains(&skipped.pod));
    }

    /// Adds the nodes as they are at the end.
    pub fn add_nodes(&mut self, simulated: &Simulated) {
        self.nodes = Some(self.nodes_after(simulated, &steps::of(simulated)));
    }

    fn nodes_after(&self, simulated: &Simulated, steps: &[Step]) -> Vec<NodeUse> {
        let placed = self.placements.iter().map(|placement| (placement.node.clone(), placement.pod.clone()));
        nodes::of(simulated.engine.snapshot(), placed, steps)
    }

    /// The cluster before and after, and what was done in between. What would help pending pods is not in it yet.
    pub fn detail(&self, simulated: &Simulated) -> Detail {
        let steps = steps::of(simulated);
        let nodes = self.nodes_after(simulated, &steps);
        let (capacity, unplaced) = (capacity::of(&nodes), unplaced::of(&self.pending));
        Detail { nodes: Some(nodes), steps, capacity, unplaced }
    }

    /// Counts the pods of every workload; they are shown when they are asked for. `running` are the pods that ran before.
    pub fn count_owners<'p>(
        &mut self,
        simulated: &Simulated,
        running: impl Iterator<Item = &'p Pod>,
        shows: &dyn Fn(&Pod) -> bool,
        by_owner: bool,
    ) {
        let evicted: FxHashSet<&Str> = simulated.evicted.iter().map(|(victim, _)| &victim.meta.uid).collect();
        let placed: FxHashSet<&str> =
            self.placements.iter().map(|placement| placement.pod.as_str()).collect();
        let pending: FxHashSet<&str> = self.pending.iter().map(|pending| pending.pod.as_str()).collect();
        let mut owners = Owners::default();
        for pod in running.filter(|pod| shows(pod) && !evicted.contains(&pod.meta.uid)) {
            owners.count(pod, Fate::Running);
        }
        let mut seen: FxHashSet<&Str> = FxHashSet::default();
        for pod in simulated.records.iter().map(|record| record.pod()) {
            let key = pod.key();
            let fate = match (placed.contains(key.as_str()), pending.contains(key.as_str())) {
                (true, _) => Fate::Scheduled,
                (_, true) => Fate::Pending,
                _ => continue,
            };
            // A pod has a record for each try.
            if seen.insert(&pod.meta.uid) {
                owners.count(pod, fate);
            }
        }
        let list = owners.into_list();
        self.sizes = list.iter().map(|counts| (counts.owner.clone(), counts.pods)).collect();
        self.owners = by_owner.then_some(list);
    }
}
