//! Terse builders of model objects, for tests, benches and examples.

use std::sync::Arc;

use crate::Str;
use crate::labels::{LabelSelector, Labels};
use crate::node::Node;
use crate::node_metrics::Usage;
use crate::pod::{AffinityTerm, Container, Pod, PodMeta, PodSpec};
use crate::ports::HostPort;
use crate::quantity::Quantity;
use crate::resources::{Amounts, PODS, ResourceList};
use crate::taint::{Taint, TaintEffect, Toleration};

/// Starts a node with 110 pods allowed and the hostname label.
pub fn node(name: &str) -> NodeBuilder {
    let node = Node { name: name.into(), allocatable_pods: 110, ..Node::default() };
    NodeBuilder { node, allocatable: ResourceList::default(), labels: Vec::new() }
        .label(crate::node::HOSTNAME, name)
}

/// Builds a [`Node`].
#[derive(Debug)]
pub struct NodeBuilder {
    node: Node,
    allocatable: ResourceList,
    labels: Vec<(Str, Str)>,
}

impl NodeBuilder {
    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.into(), value.into()));
        self
    }

    /// Sets an allocatable amount, `pods` included; amounts that are no quantity count as 0.
    #[must_use]
    pub fn allocatable(mut self, resource: &str, amount: &str) -> Self {
        let amount = quantity(amount);
        if resource == PODS {
            self.node.allocatable_pods = amount.value();
        } else {
            self.allocatable.set(&resource.into(), amount);
        }
        self
    }

    /// Adds a taint.
    #[must_use]
    pub fn taint(mut self, key: &str, value: &str, effect: TaintEffect) -> Self {
        self.node.taints.push(Taint { key: key.into(), value: value.into(), effect });
        self
    }

    /// Changes anything else.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Node)) -> Self {
        change(&mut self.node);
        self
    }

    /// The node.
    pub fn build(mut self) -> Arc<Node> {
        self.node.labels = self.labels.into_iter().collect();
        self.node.allocatable = Amounts::from(&self.allocatable);
        if self.node.capacity == Usage::default() {
            let Amounts { milli_cpu, memory, .. } = self.node.allocatable;
            self.node.capacity = Usage { milli_cpu, memory };
        }
        Arc::new(self.node)
    }
}

/// Starts a pod in namespace `default` with one container without requests; its UID is `default/<name>`.
pub fn pod(name: &str) -> PodBuilder {
    let meta = PodMeta {
        namespace: "default".into(),
        name: name.into(),
        uid: format!("default/{name}").into(),
        ..PodMeta::default()
    };
    let spec = PodSpec {
        scheduler_name: "default-scheduler".into(),
        containers: vec![Container::default()],
        ..PodSpec::default()
    };
    PodBuilder { meta, spec, labels: Vec::new() }
}

/// Builds a [`Pod`].
#[derive(Debug)]
pub struct PodBuilder {
    meta: PodMeta,
    spec: PodSpec,
    labels: Vec<(Str, Str)>,
}

impl PodBuilder {
    /// Puts it into another namespace; the UID follows.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.meta.namespace = namespace.into();
        self.meta.uid = format!("{namespace}/{}", self.meta.name).into();
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.into(), value.into()));
        self
    }

    /// Sets a request of the first container.
    #[must_use]
    pub fn request(mut self, resource: &str, amount: &str) -> Self {
        self.spec.containers[0].requests.set(&resource.into(), quantity(amount));
        self
    }

    /// Sets the priority.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.spec.priority = priority;
        self
    }

    /// Puts it on a node.
    #[must_use]
    pub fn on(mut self, node: &str) -> Self {
        self.meta.node_name = Some(node.into());
        self
    }

    /// Adds a toleration.
    #[must_use]
    pub fn tolerate(mut self, toleration: Toleration) -> Self {
        self.spec.tolerations.push(toleration);
        self
    }

    /// Takes a TCP host port on every address.
    #[must_use]
    pub fn host_port(mut self, port: i32) -> Self {
        let port = HostPort { protocol: "TCP".into(), port, address: crate::ports::ANY_ADDRESS.into() };
        self.spec.containers[0].host_ports.push(port);
        self
    }

    /// Changes anything of the spec.
    #[must_use]
    pub fn spec(mut self, change: impl FnOnce(&mut PodSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    /// Changes anything outside the spec; labels given by [`label`](Self::label) are added at the end.
    #[must_use]
    pub fn meta(mut self, change: impl FnOnce(&mut PodMeta)) -> Self {
        change(&mut self.meta);
        self
    }

    /// The pod.
    pub fn build(mut self) -> Arc<Pod> {
        if !self.labels.is_empty() {
            let own = self.meta.labels.iter().map(|(k, v)| (Arc::clone(k), Arc::clone(v)));
            self.meta.labels = own.chain(self.labels).collect::<Labels>();
        }
        Arc::new(Pod::new(self.meta, self.spec))
    }
}

/// A pod affinity term in namespace `default` that selects pods with these labels.
pub fn affinity_term(topology_key: &str, labels: &[(&str, &str)]) -> AffinityTerm {
    AffinityTerm {
        selector: Some(labels.iter().copied().collect::<LabelSelector>()),
        namespaces: vec!["default".into()],
        namespace_selector: None,
        topology_key: topology_key.into(),
    }
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_default()
}
