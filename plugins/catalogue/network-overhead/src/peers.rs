//! The pods that a pod depends on, where they are, and what they mean for each node.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use longshore_plugin::object::Object;
use longshore_plugin::{Node, Nodes, Pod, Word};

use crate::group::{AppGroup, workload};
use crate::members::Members;
use crate::topology::{Costs, NetworkTopology};
use crate::{NAME, REGION, ZONE, group};

/// The cost where none is known.
const MOST: i64 = 100;
/// The cost within a zone.
const SAME_ZONE: i64 = 1;

/// Where pods are that the pod depends on.
struct Peer {
    node: Word,
    region: String,
    zone: String,
    max_cost: i64,
    /// How many.
    count: i64,
}

/// What a node means for the pod.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) satisfied: i64,
    pub(crate) violated: i64,
    pub(crate) cost: i64,
}

impl Sum {
    fn add(&mut self, other: Self, count: i64) {
        self.satisfied += other.satisfied * count;
        self.violated += other.violated * count;
        self.cost = self.cost.wrapping_add(other.cost.wrapping_mul(count));
    }
}

type Domains = BTreeMap<(Word, Word), (Sum, Rc<Costs>)>;

/// What is known of the pod.
pub struct Peers {
    topology: Rc<Object<NetworkTopology>>,
    weights: String,
    peers: Vec<Peer>,
    /// What a node without peers means, and what it costs to leave it, by its region and zone.
    domains: RefCell<Domains>,
}

impl Peers {
    /// `None` when nothing tells nodes apart: the workload depends on nothing, or no pod of the group is on a node.
    pub(crate) fn of(
        pod: &Pod,
        app: &AppGroup,
        topology: Rc<Object<NetworkTopology>>,
        weights: &str,
        nodes: Nodes<'_>,
        members: &mut Members,
    ) -> Option<Self> {
        let dependencies = app.dependencies(workload(pod));
        let name = group::name(pod)?;
        if dependencies.is_empty() {
            return None;
        }
        let (mut peers, mut some) = (Vec::new(), false);
        for node in nodes.iter() {
            let there = members.on(node);
            for ((_, other), count) in there.iter().filter(|((group, _), _)| group == name) {
                some = true;
                for dependency in dependencies.iter().filter(|dependency| dependency.is(other)) {
                    let (region, zone) = place(node);
                    let (region, zone) = (region.to_owned(), zone.to_owned());
                    let max_cost = dependency.max_network_cost;
                    peers.push(Peer { node: node.word(NAME), region, zone, max_cost, count: *count });
                }
            }
        }
        let weights = weights.to_owned();
        some.then_some(Self { topology, weights, peers, domains: RefCell::default() })
    }

    /// What a node means.
    pub(crate) fn sum(&self, node: Node<'_>) -> Sum {
        let (mut sum, costs) = self.domain(node);
        let (region, zone) = place(node);
        // Peers on the node itself are near, whatever its domain costs.
        let name = node.word(NAME);
        for peer in self.peers.iter().filter(|peer| peer.node == name) {
            sum.add(between(&costs, region, zone, peer), -peer.count);
            sum.add(Sum { satisfied: 1, ..Sum::default() }, peer.count);
        }
        sum
    }

    fn domain(&self, node: Node<'_>) -> (Sum, Rc<Costs>) {
        let mut known = self.domains.borrow_mut();
        let entry = known.entry((node.word(REGION), node.word(ZONE))).or_insert_with(|| {
            let (region, zone) = place(node);
            let costs = self.topology.costs(&self.weights, region, zone);
            let mut sum = Sum::default();
            for peer in &self.peers {
                sum.add(between(&costs, region, zone, peer), peer.count);
            }
            (sum, Rc::new(costs))
        });
        (entry.0, Rc::clone(&entry.1))
    }
}

/// The node's region and zone; empty where it has none.
fn place(node: Node<'_>) -> (&str, &str) {
    (node.text(REGION).unwrap_or_default(), node.text(ZONE).unwrap_or_default())
}

/// What a pod on another node means.
fn between(costs: &Costs, region: &str, zone: &str, peer: &Peer) -> Sum {
    if peer.region.is_empty() && peer.zone.is_empty() {
        return Sum { violated: 1, cost: MOST, ..Sum::default() };
    }
    let (from, to) = match (region == peer.region, zone == peer.zone) {
        (true, true) => return Sum { satisfied: 1, cost: SAME_ZONE, ..Sum::default() },
        (true, false) => (zone, &peer.zone),
        (false, _) => (region, &peer.region),
    };
    match costs.get(&(from.to_owned(), to.clone())) {
        Some(cost) if *cost <= peer.max_cost => Sum { satisfied: 1, cost: *cost, ..Sum::default() },
        Some(cost) => Sum { violated: 1, cost: *cost, ..Sum::default() },
        None => Sum { cost: MOST, ..Sum::default() },
    }
}
