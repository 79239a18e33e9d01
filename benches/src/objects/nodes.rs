//! Nodes, and the objects that belong to them.

use std::sync::Arc;

use anyhow::anyhow;
use longshore_framework::node::{HOSTNAME, Node};
use longshore_framework::objects::Object;
use serde_json::Value;

use super::hole::{Hole, Text, Who};
use super::others::ObjectMaker;
use super::{Batch, CREATED, uid};
use crate::workload::{CreateNodes, Workload};

/// Makes the nodes of one operation.
#[derive(Debug)]
pub struct NodeMaker {
    text: Text,
    name: String,
    own_name: Option<String>,
    with: Vec<ObjectMaker>,
}

impl NodeMaker {
    /// Nodes of an operation.
    ///
    /// # Errors
    /// A template that is not an object.
    pub fn new(workload: &Workload, operation: &CreateNodes) -> anyhow::Result<Self> {
        let mut maker = Self::named(&workload.templates[&operation.template], &operation.name, operation)?;
        let with = operation.with.iter().map(|name| ObjectMaker::new(&workload.templates[name]));
        maker.with = with.collect();
        Ok(maker)
    }

    /// Copies of a template that are called `name`.
    ///
    /// # Errors
    /// A template that is not an object.
    pub fn copies(template: &Value, name: &str) -> anyhow::Result<Self> {
        Self::named(template, name, &CreateNodes::default())
    }

    fn named(template: &Value, name: &str, operation: &CreateNodes) -> anyhow::Result<Self> {
        let mut template = template.clone();
        let own_name = template["metadata"]["name"].as_str().map(str::to_owned);
        let mut text = Text::default();
        text.hole(&mut template, &["metadata", "name"], Hole::Name)?;
        text.hole(&mut template, &["metadata", "uid"], Hole::Uid)?;
        text.hole(&mut template, &["metadata", "labels", HOSTNAME], Hole::Name)?;
        for (key, values) in &operation.labels {
            let hole = Hole::PerPod(values.clone());
            text.hole(&mut template, &["metadata", "labels", key.as_str()], hole)?;
        }
        if operation.features > 0 {
            let features: Vec<String> =
                (0..operation.features).map(|at| format!("feature-{at:03}")).collect();
            template["status"]["declaredFeatures"] = features.into();
        }
        template["metadata"]["creationTimestamp"] = CREATED.into();
        Ok(Self { text: text.of(&template), name: name.to_owned(), own_name, with: Vec::new() })
    }

    /// What their names have in common: numbers count up over all operations with the same.
    pub fn series(&self) -> &str {
        self.own_name.as_ref().unwrap_or(&self.name)
    }

    /// The node with this number.
    ///
    /// # Errors
    /// A template that is not a node.
    pub fn node(&self, number: usize) -> anyhow::Result<Arc<Node>> {
        let name = match &self.own_name {
            Some(own) => Who { number, ..Who::default() }.filled(own),
            None => format!("{}-{number}", self.name),
        };
        let uid = uid(Batch::default(), number);
        let json = self.text.fill(&Who { name: &name, uid: &uid, number, ..Who::default() });
        let (_, read) = longshore_manifest::watched_node(&json);
        Ok(Arc::new(read.map_err(|e| anyhow!("{name}: {e}"))?))
    }

    /// The objects that the node has.
    ///
    /// # Errors
    /// A template that cannot be read.
    pub fn objects(&self, node: &Node, number: usize) -> anyhow::Result<Vec<Object>> {
        let who = Who { name: &node.name, number, ..Who::default() };
        self.with.iter().map(|maker| maker.of(&who)).collect()
    }
}
