//! NetworkOverhead: a pod of an application goes where the network costs least between it and the pods that it depends on, and
//! nowhere where more of these are too far away than are near enough.
//!
//! AppGroup objects say what depends on what, a NetworkTopology what the network costs between regions and zones. A pod whose
//! AppGroup, or whose NetworkTopology, does not exist is rejected.
//!
//! The operator grants `objects` and `pods`.

mod args;
mod group;
mod members;
mod peers;
#[cfg(test)]
mod tests;
mod topology;

use std::cell::RefCell;

use catalogue_common::scores;
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Settings;
use group::{GROUPS, KINDS, TOPOLOGIES};
use members::Members;
use peers::{Peers, Sum};

columns! {
    NAME: Text = name(),
    REGION: Text = label("topology.kubernetes.io/region"),
    ZONE: Text = label("topology.kubernetes.io/zone"),
    PODS: Pods = pods(),
}

/// The plugin.
pub struct NetworkOverhead {
    settings: Settings,
    members: RefCell<Members>,
}

impl Plugin for NetworkOverhead {
    type Config = Value;
    type Shared = ();
    type Prepared = Option<Peers>;

    fn manifest() -> Manifest {
        Manifest::new("NetworkOverhead")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Places pods of an AppGroup near those that they depend on")
            .columns(COLUMNS)
            .objects(KINDS)
            .single()
    }

    fn new(config: Value) -> Result<Self, Error> {
        Ok(Self { settings: Settings::read(&config)?, members: RefCell::default() })
    }

    fn prepare(&self, pod: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<Option<Peers>, Error> {
        let Settings { namespaces, topology, weights } = &self.settings;
        let group = group::name(pod).and_then(|name| group::find(GROUPS, namespaces, name));
        let topology = group::find(TOPOLOGIES, namespaces, topology);
        let (Some(group), Some(topology)) = (group, topology) else { return Ok(None) };
        Ok(Peers::of(pod, &group, topology, weights, host::table().nodes(), &mut self.members.borrow_mut()))
    }
}

impl PreFilter for NetworkOverhead {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        let Settings { namespaces, topology, .. } = &self.settings;
        let Some(name) = group::name(pod) else { return Ok(PreFilterOutcome::Skip(())) };
        let missing = if group::find(GROUPS, namespaces, name).is_none() {
            format!("AppGroup {name}")
        } else if group::find(TOPOLOGIES, namespaces, topology).is_none() {
            format!("NetworkTopology {topology}")
        } else {
            return Ok(PreFilterOutcome::All(()));
        };
        let reason = format!("{missing} is in none of the namespaces {}", namespaces.join(", "));
        Ok(PreFilterOutcome::Reject(Reject::unresolvable(reason)))
    }
}

fn sum(cycle: &Cycle<NetworkOverhead>, node: Node<'_>) -> Option<Sum> {
    Some(cycle.prepared.as_ref()?.sum(node))
}

impl Filter for NetworkOverhead {
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        let Some(Sum { satisfied, violated, .. }) = sum(cycle, node) else { return Verdict::Fit };
        if violated <= satisfied {
            return Verdict::Fit;
        }
        let name = node.text(NAME).unwrap_or_default();
        Verdict::unschedulable(format!(
            "Node {name} does not meet several network requirements from Workload dependencies: \
             Satisfied: {satisfied} Violated: {violated}"
        ))
    }
}

impl Score for NetworkOverhead {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        sum(cycle, node).map_or(0, |sum| sum.cost)
    }
}

impl NormalizeScore for NetworkOverhead {
    fn normalize_score(&self, (): &(), scores: &mut [i64]) -> Result<(), Error> {
        scores::invert(scores);
        Ok(())
    }
}

export_plugin!(NetworkOverhead: PreFilter, Filter, Score, NormalizeScore, Objects);
