//! Random clusters, as small drafts that shrink well and the objects they stand for.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::fixture::{self, NodeBuilder, PodBuilder, affinity_term};
use longshore_framework::labels::LabelSelector;
use longshore_framework::node::{HOSTNAME, Node, NodeImage, ZONE};
use longshore_framework::node_selector::{
    NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm, PreferredTerm,
};
use longshore_framework::objects::{Controller, DisruptionBudget, Namespace, Object, Service};
use longshore_framework::pod::{
    Container, Owner, Pod, PodSpec, PreemptionPolicy, SpreadConstraint, WhenUnsatisfiable,
};
use longshore_framework::ports::{ANY_ADDRESS, HostPort};
use longshore_framework::taint::{TaintEffect, Toleration, TolerationOperator};
use longshore_manifest::Manifests;
use proptest::collection::vec;
use proptest::prelude::*;

use super::storage::VolumeDraft;

/// Names of zones; a node may have none.
pub(super) const ZONES: [&str; 3] = ["a", "b", "c"];
const APPS: [&str; 3] = ["web", "db", "batch"];
pub(super) const NAMESPACES: [&str; 2] = ["default", "other"];
const EFFECTS: [TaintEffect; 3] =
    [TaintEffect::NoSchedule, TaintEffect::PreferNoSchedule, TaintEffect::NoExecute];

/// What a node is made of.
#[derive(Clone, Debug)]
pub(super) struct NodeDraft {
    zone: usize,
    cores: u8,
    gibibytes: u8,
    pods: u8,
    gpus: u8,
    disk: u8,
    taints: Vec<(u8, usize)>,
    cordoned: bool,
    /// Which of the images it has, a bit for each.
    images: u8,
}

/// What a pod is made of.
#[derive(Clone, Debug)]
pub(super) struct PodDraft {
    app: usize,
    namespace: usize,
    size: (u8, u8, u8),
    priority: u8,
    node: Option<usize>,
    nominated: Option<usize>,
    rules: Vec<Rule>,
    volumes: Vec<VolumeDraft>,
}

/// Something a pod asks for beside room.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Tolerate {
        key: u8,
        effect: usize,
        any: bool,
    },
    Select {
        disk: u8,
    },
    NodeAffinity {
        zone: usize,
        at_most: u8,
        weight: i64,
    },
    Affinity {
        app: usize,
        host: bool,
        anti: bool,
        weight: Option<i32>,
        everywhere: bool,
    },
    Spread {
        skew: i32,
        host: bool,
        soft: bool,
        domains: i32,
        taints: bool,
    },
    Port {
        number: i32,
        address: bool,
    },
    /// The image of the first container, and one that a second container adds.
    Image(usize, Option<usize>),
    NeverPreempt,
    Gate,
    Owned,
}

/// Images with their sizes in MiB.
const IMAGES: [(&str, i64); 3] = [("image:1", 500), ("image:2", 90), ("image:3", 30)];

/// Nodes, pods and the objects beside them.
#[derive(Clone, Debug)]
pub(super) struct ClusterDraft {
    pub(super) nodes: Vec<NodeDraft>,
    pub(super) pods: Vec<PodDraft>,
    pub(super) budgets: Vec<(usize, i32)>,
}

pub(super) fn node_draft() -> impl Strategy<Value = NodeDraft> {
    let taints = prop_oneof![3 => Just(Vec::new()), 1 => vec((0..2_u8, 0..3_usize), 1..3)];
    let parts = (0..4_usize, 1..5_u8, 1..9_u8, 1..7_u8, 0..3_u8, 0..3_u8, taints);
    (parts, prop::bool::weighted(0.1), 0..8_u8).prop_map(|(parts, cordoned, images)| {
        let (zone, cores, gibibytes, pods, gpus, disk, taints) = parts;
        NodeDraft { zone, cores, gibibytes, pods, gpus, disk, taints, cordoned, images }
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let weight = prop_oneof![Just(None), (1..100_i32).prop_map(Some)];
    prop_oneof![
        3 => (0..2_u8, 0..4_usize, any::<bool>())
            .prop_map(|(key, effect, any)| Rule::Tolerate { key, effect, any }),
        1 => (0..3_u8).prop_map(|disk| Rule::Select { disk }),
        2 => (0..4_usize, 0..4_u8, 0..100_i64)
            .prop_map(|(zone, at_most, weight)| Rule::NodeAffinity { zone, at_most, weight }),
        4 => (0..3_usize, any::<bool>(), any::<bool>(), weight, any::<bool>())
            .prop_map(|(app, host, anti, weight, everywhere)| Rule::Affinity { app, host, anti, weight, everywhere }),
        3 => (1..4_i32, any::<bool>(), any::<bool>(), 1..4_i32, any::<bool>())
            .prop_map(|(skew, host, soft, domains, taints)| Rule::Spread { skew, host, soft, domains, taints }),
        2 => (80..82_i32, any::<bool>()).prop_map(|(number, address)| Rule::Port { number, address }),
        1 => (0..4_usize, prop::option::of(0..4_usize)).prop_map(|(image, more)| Rule::Image(image, more)),
        1 => Just(Rule::NeverPreempt),
        1 => Just(Rule::Gate),
        2 => Just(Rule::Owned),
    ]
}

pub(super) fn pod_draft() -> impl Strategy<Value = PodDraft> {
    let node = prop_oneof![2 => Just(None), 3 => (0..64_usize).prop_map(Some)];
    let nominated = prop_oneof![9 => Just(None), 1 => (0..64_usize).prop_map(Some)];
    let size = (0..9_u8, 0..6_u8, 0..2_u8);
    (0..3_usize, 0..2_usize, size, 0..4_u8, node, nominated, vec(rule(), 0..3)).prop_map(
        |(app, namespace, size, priority, node, nominated, rules)| PodDraft {
            app,
            namespace,
            size,
            priority,
            node,
            nominated,
            rules,
            volumes: Vec::new(),
        },
    )
}

pub(super) fn cluster(nodes: usize, pods: usize) -> impl Strategy<Value = ClusterDraft> {
    (vec(node_draft(), 1..nodes), vec(pod_draft(), 0..pods), vec((0..3_usize, 0..2_i32), 0..3))
        .prop_map(|(nodes, pods, budgets)| ClusterDraft { nodes, pods, budgets })
}

impl ClusterDraft {
    /// The cluster. Pods that are said to run do so where nothing ends over its limits; the others are pending.
    pub(super) fn build(&self) -> Manifests {
        let nodes: Vec<Arc<Node>> =
            self.nodes.iter().enumerate().map(|(at, n)| n.build(&node_name(at))).collect();
        let mut pods: Vec<Arc<Pod>> = Vec::new();
        for (at, draft) in self.pods.iter().enumerate() {
            let name = format!("p{at:03}");
            let home = draft.node.map(|n| &nodes[n % nodes.len()]);
            let pod = draft.build(&name, home.map(|n| &*n.name), nodes.len());
            let fits = home.is_some_and(|node| has_room(node, &pods, &pod));
            pods.push(if fits { pod } else { draft.build(&name, None, nodes.len()) });
        }
        Manifests { nodes, pods, objects: self.objects(), ..Manifests::default() }
    }

    pub(super) fn objects(&self) -> Vec<Object> {
        let namespaces = NAMESPACES.iter().map(|name| {
            let labels = [("team", *name)].into_iter().collect();
            Object::Namespace(Arc::new(Namespace { name: (*name).into(), labels }))
        });
        let service = Object::Service(Arc::new(Service {
            namespace: "default".into(),
            name: "web".into(),
            selector: vec![("app".into(), "web".into())],
        }));
        let controller = Object::Controller(Arc::new(Controller {
            kind: "ReplicaSet".into(),
            namespace: "default".into(),
            name: "db".into(),
            uid: "rs".into(),
            selector: Some(selector("db")),
        }));
        let budgets = self.budgets.iter().enumerate().map(|(at, (app, allowed))| budget(at, *app, *allowed));
        namespaces.chain([service, controller]).chain(budgets).collect()
    }
}

/// A namespace with one of three sets of labels; the first two have each the name of a namespace.
pub(super) fn namespace(at: usize, label: u8) -> Object {
    let labels = match NAMESPACES.get(usize::from(label)) {
        Some(team) => [("team", *team)].into_iter().collect(),
        None => longshore_framework::labels::Labels::default(),
    };
    Object::Namespace(Arc::new(Namespace { name: NAMESPACES[at].into(), labels }))
}

/// A Service that selects the pods of an app.
pub(super) fn service(app: usize) -> Object {
    Object::Service(Arc::new(Service {
        namespace: "default".into(),
        name: APPS[app].into(),
        selector: vec![("app".into(), APPS[app].into())],
    }))
}

pub(super) fn node_name(at: usize) -> String {
    format!("n{at:03}")
}

fn selector(app: &str) -> LabelSelector {
    [("app", app)].into_iter().collect()
}

pub(super) fn budget(at: usize, app: usize, allowed: i32) -> Object {
    Object::DisruptionBudget(Arc::new(DisruptionBudget {
        namespace: "default".into(),
        name: format!("budget-{at}").into(),
        selector: Some(selector(APPS[app])),
        disruptions_allowed: allowed,
        disrupted: Vec::new(),
    }))
}

/// Whether `pod` fits beside the pods that are on the node already, by resources, number and host ports.
fn has_room(node: &Node, pods: &[Arc<Pod>], pod: &Pod) -> bool {
    let there: Vec<_> = pods.iter().filter(|p| p.meta.node_name.as_ref() == Some(&node.name)).collect();
    let ports =
        there.iter().any(|other| other.host_ports().any(|a| pod.host_ports().any(|b| a.conflicts(b))));
    let fits = |resource: &str| {
        let used: i64 = there.iter().map(|p| p.resources.usage.get(resource)).sum();
        used + pod.resources.usage.get(resource) <= node.allocatable.get(resource)
    };
    !ports
        && (there.len() as i64) < node.allocatable_pods
        && ["cpu", "memory", "example.com/gpu"].into_iter().all(fits)
}

impl NodeDraft {
    pub(super) fn build(&self, name: &str) -> Arc<Node> {
        let mut node = fixture::node(name)
            .allocatable("cpu", &self.cores.to_string())
            .allocatable("memory", &format!("{}Gi", self.gibibytes))
            .allocatable("pods", &self.pods.to_string())
            .label("disk", &self.disk.to_string());
        node = match ZONES.get(self.zone) {
            Some(zone) => node.label(ZONE, zone),
            None => node,
        };
        if self.gpus > 0 {
            node = node.allocatable("example.com/gpu", &self.gpus.to_string());
        }
        let tainted = |node: NodeBuilder, (key, effect): &(u8, usize)| {
            node.taint(&format!("key-{key}"), "x", EFFECTS[*effect])
        };
        let has = |(at, _): &(usize, &(&str, i64))| self.images >> at & 1 == 1;
        let images = IMAGES.iter().enumerate().filter(has);
        let image = |(_, (name, size)): (usize, &(&str, i64))| NodeImage {
            names: vec![(*name).into()],
            size: size << 20,
        };
        self.taints
            .iter()
            .fold(node, tainted)
            .with(|n| {
                n.unschedulable = self.cordoned;
                n.images.extend(images.map(image));
            })
            .build()
    }
}

impl PodDraft {
    /// The same pod with another priority: 0 to 3, the most important last.
    pub(super) fn of_priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    /// The same pod with volumes.
    pub(super) fn with_volumes(self, volumes: Vec<VolumeDraft>) -> Self {
        Self { volumes, ..self }
    }

    /// The claims that come with the pod.
    pub(super) fn claims(&self, pod: &Pod) -> Vec<Object> {
        self.volumes.iter().enumerate().filter_map(|(at, volume)| volume.claim(pod, at)).collect()
    }

    /// The same pod without rules that go by topology domains.
    pub(super) fn plain(mut self) -> Self {
        self.rules.retain(|rule| !matches!(rule, Rule::Affinity { .. } | Rule::Spread { .. }));
        self
    }

    /// The pod; `node` is where it runs.
    pub(super) fn build(&self, name: &str, node: Option<&str>, nodes: usize) -> Arc<Pod> {
        let (cpu, memory, gpus) = self.size;
        let mut pod = fixture::pod(name)
            .namespace(NAMESPACES[self.namespace])
            .label("app", APPS[self.app])
            .priority(i32::from(self.priority) * 10 - 10);
        if cpu > 0 {
            pod = pod.request("cpu", &format!("{}m", u32::from(cpu) * 250));
        }
        if memory > 0 {
            pod = pod.request("memory", &format!("{}Mi", u32::from(memory) * 512));
        }
        if gpus > 0 {
            pod = pod.request("example.com/gpu", &gpus.to_string());
        }
        pod = pod.spec(|s| {
            s.volumes.extend(self.volumes.iter().enumerate().map(|(at, volume)| volume.volume(name, at)));
        });
        pod = self.rules.iter().fold(pod, |pod, rule| rule.apply(pod, self, node.is_some()));
        if let Some(node) = node {
            return pod.on(node).meta(|m| m.started = Some(Timestamp(i64::from(cpu) * 1000))).build();
        }
        let nominated = self.nominated.map(|n| node_name(n % nodes.max(1)).into());
        pod.meta(|m| m.nominated_node = nominated).build()
    }
}

impl Rule {
    fn apply(&self, pod: PodBuilder, draft: &PodDraft, runs: bool) -> PodBuilder {
        match self {
            Self::Tolerate { key, effect, any } => pod.tolerate(Toleration {
                key: if *any { "".into() } else { format!("key-{key}").into() },
                operator: if *any { TolerationOperator::Exists } else { TolerationOperator::Equal },
                value: if *any { "".into() } else { "x".into() },
                effect: EFFECTS.get(*effect).copied(),
                compares: false,
            }),
            Self::Select { disk } => {
                pod.spec(|s| s.node_selector = vec![("disk".into(), disk.to_string().into())])
            }
            Self::NodeAffinity { zone, at_most, weight } => {
                pod.spec(|s| node_affinity(s, *zone, *at_most, *weight))
            }
            Self::Affinity { app, host, anti, weight, everywhere } => {
                let mut term = affinity_term(if *host { HOSTNAME } else { ZONE }, &[("app", APPS[*app])]);
                term.namespaces = vec![NAMESPACES[draft.namespace].into()];
                term.namespace_selector = everywhere.then(LabelSelector::default);
                pod.spec(|s| {
                    let terms = if *anti { &mut s.pod_anti_affinity } else { &mut s.pod_affinity };
                    match weight {
                        Some(weight) => terms.preferred.push((*weight, term)),
                        None => terms.required.push(term),
                    }
                })
            }
            Self::Spread { skew, host, soft, domains, taints } => pod.spec(|s| {
                s.spread.push(SpreadConstraint {
                    max_skew: *skew,
                    topology_key: if *host { HOSTNAME } else { ZONE }.into(),
                    when_unsatisfiable: match soft {
                        true => WhenUnsatisfiable::ScheduleAnyway,
                        false => WhenUnsatisfiable::DoNotSchedule,
                    },
                    selector: Some(selector(APPS[draft.app])),
                    min_domains: if *soft { 1 } else { *domains },
                    honor_affinity: true,
                    honor_taints: *taints,
                });
            }),
            Self::Port { number, address } => pod.spec(|s| {
                let address = if *address { "10.0.0.1" } else { ANY_ADDRESS };
                let port = HostPort { protocol: "TCP".into(), port: *number, address: address.into() };
                // The API server lets no pod take a port twice.
                if !s.containers[0].host_ports.iter().any(|have| have.conflicts(&port)) {
                    s.containers[0].host_ports.push(port);
                }
            }),
            Self::Image(image, more) => pod.spec(|s| {
                let name = |at: &usize| IMAGES.get(*at).map_or("image:none", |(name, _)| name).into();
                s.containers[0].image = name(image);
                s.init_containers
                    .extend(more.iter().map(|image| Container { image: name(image), ..Default::default() }));
            }),
            Self::NeverPreempt => pod.spec(|s| s.preemption_policy = PreemptionPolicy::Never),
            Self::Gate if !runs => pod.spec(|s| s.gates = vec!["example.com/wait".into()]),
            Self::Gate => pod,
            Self::Owned => pod.meta(|m| {
                m.owner = Some(Owner {
                    api_version: "apps/v1".into(),
                    kind: "ReplicaSet".into(),
                    name: "db".into(),
                    uid: "rs".into(),
                });
            }),
        }
    }
}

/// In the zone, or on a disk numbered below `at_most`; with a weight, preferred only.
fn node_affinity(spec: &mut PodSpec, zone: usize, at_most: u8, weight: i64) {
    let requirement = |key: &str, operator, value: String| NodeRequirement {
        key: key.into(),
        operator,
        values: vec![value.into()],
    };
    let zone = ZONES.get(zone).copied().unwrap_or("nowhere").to_string();
    let terms = [
        requirement(ZONE, NodeOperator::In, zone),
        requirement("disk", NodeOperator::Lt, at_most.to_string()),
    ]
    .map(|r| NodeSelectorTerm { expressions: vec![r], fields: Vec::new() });
    if weight == 0 {
        spec.node_affinity.required = Some(NodeSelector { terms: terms.into() });
    } else {
        let preferred = terms.map(|term| PreferredTerm { weight, term });
        spec.node_affinity.preferred.extend(preferred);
    }
}
