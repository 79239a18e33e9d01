//! NodeResourceTopologyMatch: a pod goes only where kubelet will find a NUMA node for it, or for each of its containers, and
//! rather where the NUMA nodes are used well. What they have is said by NodeResourceTopology objects, which have the names
//! of their nodes.
//!
//! The operator grants `objects`, `pods` and `raw`.

mod args;
mod demand;
mod fingerprint;
mod fit;
mod least_numa;
mod reserved;
mod score;
#[cfg(test)]
mod tests;
mod topology;

use std::cell::RefCell;
use std::time::Duration;

use catalogue_common::RawPod;
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::{Memory, Settings, Strategy};
use demand::Demand;
use reserved::{Known, Reserved, View};
use topology::{KINDS, Scope, TOPOLOGIES};

columns! {
    NAME: Text = name(),
}

/// What is said of a node of which nobody knows what its NUMA nodes have.
const INVALID: &str = "invalid node topology data";
/// No timer is slower.
const SLOWEST: u64 = 3600;

/// The plugin.
pub struct TopologyMatch {
    settings: Settings,
    reserved: RefCell<Reserved>,
}

impl Plugin for TopologyMatch {
    type Config = Value;
    type Shared = ();
    type Prepared = Demand;

    fn manifest() -> Manifest {
        Manifest::new("NodeResourceTopologyMatch")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Places pods where their containers fit into NUMA nodes")
            .columns(COLUMNS)
            .objects(KINDS)
            .raw_pod()
            .event("Pod", &["Delete"])
            .event("Node", &["Add", "UpdateNodeAllocatable"])
            .event_of(TOPOLOGIES, &["Add", "Update"])
    }

    fn describe(config: &Value) -> Result<Manifest, Error> {
        let remembers = Settings::read(config)?.memory != Memory::None;
        Ok(if remembers { Self::manifest().single() } else { Self::manifest() })
    }

    fn new(config: Value) -> Result<Self, Error> {
        Ok(Self { settings: Settings::read(&config)?, reserved: RefCell::default() })
    }

    fn prepare(&self, pod: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<Demand, Error> {
        Ok(Demand::of(&RawPod::of(pod)?))
    }
}

impl TopologyMatch {
    fn view(&self, node: Node<'_>) -> View {
        let Some(name) = node.text(NAME) else { return View::None };
        self.reserved.borrow_mut().view(self.settings.memory, name)
    }

    fn judge(&self, demand: &Demand, known: &Known) -> Verdict {
        let topology = &known.topology;
        let scored = demand.guaranteed
            && match self.settings.strategy {
                Strategy::LeastNumaNodes => topology.scope == Scope::Container,
                _ => topology.single_numa_node,
            };
        if scored && !topology.ids_are_dense() {
            let (name, last) = (&topology.name, topology.zones.len() - 1);
            return Verdict::unschedulable(format!(
                "NodeResourceTopology {name} has NUMA ids that are not 0 to {last}"
            ));
        }
        if topology.single_numa_node {
            fit::fits(demand, topology.scope, known.zones())
        } else {
            Verdict::Fit
        }
    }
}

impl Filter for TopologyMatch {
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        if !cycle.prepared.filtered {
            return Verdict::Fit;
        }
        let verdict = match self.view(node) {
            View::None => return Verdict::Fit,
            View::Unknown => return Verdict::unschedulable(INVALID),
            View::Known(known) => self.judge(&cycle.prepared, &known),
        };
        if !verdict.fits()
            && let Some(name) = node.text(NAME)
        {
            self.reserved.borrow_mut().refuse(name);
        }
        verdict
    }
}

impl Score for TopologyMatch {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        // Others share everything, so every node is as good.
        if !cycle.prepared.guaranteed {
            return score::BEST;
        }
        match self.view(node) {
            View::None | View::Unknown => 0,
            View::Known(known) => {
                let score = score::score(&self.settings, &cycle.prepared, &known.topology, known.zones());
                score.clamp(0, score::BEST)
            }
        }
    }
}

impl Reserve for TopologyMatch {
    fn reserve(&mut self, at: &Placement<'_, Self>) -> Result<Verdict, Error> {
        if self.settings.memory != Memory::None {
            let amounts = RawPod::of(at.pod)?.effective_requests();
            self.reserved.get_mut().add(at.node, &at.pod.uid, amounts);
        }
        Ok(Verdict::Fit)
    }

    fn unreserve(&mut self, pod: &Pod, node: &str) {
        self.reserved.get_mut().remove(node, &pod.uid);
    }
}

impl PostBind for TopologyMatch {
    fn post_bind(&mut self, pod: &Pod, node: &str) {
        if self.settings.memory == Memory::DiscardReserved {
            self.reserved.get_mut().remove(node, &pod.uid);
        }
    }
}

impl Timers for TopologyMatch {
    fn every(config: &Value) -> Result<Duration, Error> {
        let seconds = match Settings::read(config)?.memory {
            Memory::OverReserve { seconds, .. } => seconds.unsigned_abs().min(SLOWEST),
            _ => SLOWEST,
        };
        Ok(Duration::from_secs(seconds))
    }

    fn tick(&mut self) -> Result<(), Error> {
        match self.settings.memory {
            Memory::OverReserve { resync, settings_too, .. } => {
                self.reserved.get_mut().resync(resync, settings_too)
            }
            _ => Ok(()),
        }
    }
}

export_plugin!(TopologyMatch: Filter, Score, Reserve, PostBind, Timers, Objects);
