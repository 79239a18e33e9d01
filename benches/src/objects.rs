//! Objects from templates, as an API server would hand them out: JSON text, read by `longshore_manifest` one by one.
//!
//! Every pod is read by itself and shares nothing with its replicas, though the live scheduler's watch would let them
//! share one spec: so nothing is won by two pods being one object.

mod hole;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use longshore_framework::Str;
use longshore_framework::node::{HOSTNAME, Node};
use longshore_framework::objects::{Namespace, Object};
use longshore_framework::pod::{Pod, PodSpec};
use serde_json::{Value, json};

use crate::workload::{CreateNamespaces, CreateNodes, CreatePods};
use hole::{Hole, Text};

/// When everything was created, by the simulated clock's epoch.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// Makes the nodes of one operation.
#[derive(Debug)]
pub struct NodeMaker {
    text: Text,
    name: String,
    own_name: Option<String>,
}

impl NodeMaker {
    /// Nodes of a template.
    ///
    /// # Errors
    /// A template that is not an object.
    pub fn new(template: &Value, operation: &CreateNodes) -> anyhow::Result<Self> {
        let mut template = template.clone();
        let own_name = template["metadata"]["name"].as_str().map(str::to_owned);
        let mut text = Text::default();
        text.hole(&mut template, &["metadata", "name"], Hole::Name)?;
        text.hole(&mut template, &["metadata", "uid"], Hole::Uid)?;
        text.hole(&mut template, &["metadata", "labels", HOSTNAME], Hole::Name)?;
        for (key, values) in &operation.labels {
            text.hole(&mut template, &["metadata", "labels", key.as_str()], Hole::InTurn(values.clone()))?;
        }
        template["metadata"]["creationTimestamp"] = CREATED.into();
        Ok(Self { text: text.of(&template), name: operation.name.clone(), own_name })
    }

    /// The node with this number.
    ///
    /// # Errors
    /// A template that is not a node.
    pub fn node(&self, number: usize) -> anyhow::Result<Arc<Node>> {
        let name = self.own_name.clone().unwrap_or_else(|| format!("{}-{number}", self.name));
        let json = self.text.fill(&name, &uid(Batch::default(), number), number);
        let (_, read) = longshore_manifest::watched_node(&json);
        Ok(Arc::new(read.map_err(|e| anyhow!("{name}: {e}"))?))
    }
}

/// Makes the pods of one operation in one namespace.
#[derive(Debug)]
pub struct PodMaker {
    text: Text,
    batch: Batch,
}

/// Pods that belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Number of the operation and namespace.
    pub number: u32,
    /// Whether they are timed.
    pub measured: bool,
}

/// Whether the pod with this UID is timed. UIDs of measured pods begin with a letter, all others with a digit: that costs
/// nothing to find out.
pub fn is_measured(uid: &str) -> bool {
    uid.starts_with('a')
}

impl PodMaker {
    /// Pods of a template in `namespace`.
    ///
    /// # Errors
    /// A template that is not an object, or a path that leads nowhere.
    pub fn new(
        template: &Value,
        operation: &CreatePods,
        namespace: &str,
        batch: Batch,
    ) -> anyhow::Result<Self> {
        let mut template = template.clone();
        let mut text = Text::default();
        text.hole(&mut template, &["metadata", "name"], Hole::Name)?;
        text.hole(&mut template, &["metadata", "uid"], Hole::Uid)?;
        for (path, values) in &operation.per_pod {
            let keys: Vec<&str> = path.split('.').collect();
            text.hole(&mut template, &keys, Hole::per_pod(values)).with_context(|| path.clone())?;
        }
        template["metadata"]["namespace"] = namespace.into();
        template["metadata"]["creationTimestamp"] = CREATED.into();
        Ok(Self { text: text.of(&template), batch })
    }

    /// The pod with this number. The first letter of its UID says whether it is timed.
    ///
    /// # Errors
    /// A template that is not a pod.
    pub fn pod(&self, number: usize) -> anyhow::Result<Pod> {
        let name = format!("pod-{}-{number}", self.batch.number);
        let json = self.text.fill(&name, &uid(self.batch, number), number);
        let (_, read) = longshore_manifest::watched_pod(&json);
        Ok(read.map_err(|e| anyhow!("{name}: {e}"))?.pod)
    }
}

/// A UID as long as a real one that differs from others in its first letters, as real ones do, so that comparing two is
/// over as soon.
fn uid(batch: Batch, number: usize) -> String {
    let kind = if batch.measured { 'a' } else { '0' };
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 36;
    format!("{kind}{mixed:07x}-{:04x}-4000-8000-{number:012x}", batch.number)
}

/// The pod as a watch delivers it once it is on `node`: an object of its own.
pub fn on_node(pod: &Pod, node: &Str) -> Pod {
    let spec = PodSpec { node_name: Some(Arc::clone(node)), ..(*pod.spec).clone() };
    Pod { meta: pod.meta.clone(), spec: Arc::new(spec), resources: Arc::new((*pod.resources).clone()) }
}

/// The namespaces of an operation.
///
/// # Errors
/// Labels that no namespace may have.
pub fn namespaces(operation: &CreateNamespaces) -> anyhow::Result<Vec<Arc<Namespace>>> {
    let one = |number: usize| {
        let name = format!("{}-{number}", operation.prefix);
        let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": operation.labels}});
        longshore_manifest::namespace(&value).map(Arc::new).map_err(|e| anyhow!("namespace {name}: {e}"))
    };
    (0..operation.count).map(one).collect()
}

/// An object that is neither node nor pod nor namespace; `name` where the template has none.
///
/// # Errors
/// A kind that no decision reads.
pub fn object(template: &Value, name: &str) -> anyhow::Result<Object> {
    let mut value = template.clone();
    if value["metadata"]["name"].is_null() {
        value["metadata"]["name"] = name.into();
    }
    let read = longshore_manifest::read_values(std::slice::from_ref(&value));
    if let Some(problem) = read.problems.first() {
        return Err(anyhow!("{problem}"));
    }
    read.objects.into_iter().next().with_context(|| format!("{} is of no use here", value["kind"]))
}
