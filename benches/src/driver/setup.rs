//! The operations of a workload, one by one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use serde_json::Value;

use super::Driver;
use super::beside::{Beside, Churning, Maker, What};
use crate::objects::{self, Batch, NodeMaker, PodMaker, on_node};
use crate::workload::{Churn, CreateNodes, CreatePods, DeletePods, Namespaces, Operation, Workload};

impl Driver<'_> {
    pub(super) fn perform_operation(
        &mut self,
        workload: &Workload,
        operation: &Operation,
    ) -> anyhow::Result<()> {
        let template = |name: &str| &workload.templates[name];
        match operation {
            Operation::CreateNodes(nodes) => self.create_nodes(template(&nodes.template), nodes),
            Operation::CreateNamespaces(namespaces) => {
                for namespace in objects::namespaces(namespaces)? {
                    self.apply(Input::Object(Object::Namespace(namespace)));
                }
                Ok(())
            }
            Operation::CreateObjects(named) => {
                for name in &named.templates {
                    self.apply(Input::Object(objects::object(template(name), name)?));
                }
                Ok(())
            }
            Operation::CreatePods(pods) => self.create_pods(template(&pods.template), pods),
            Operation::Churn(churn) => self.start_churn(workload, churn),
            Operation::DeletePods(deletion) => self.start_deletion(deletion),
            Operation::Barrier(_) => self.settle(),
        }
    }

    fn create_nodes(&mut self, template: &Value, operation: &CreateNodes) -> anyhow::Result<()> {
        let maker = NodeMaker::new(template, operation)?;
        for number in 0..operation.count {
            let node = maker.node(number)?;
            self.nodes.push(Arc::clone(&node.name));
            self.apply(Input::Node(node));
        }
        Ok(())
    }

    fn create_pods(&mut self, template: &Value, operation: &CreatePods) -> anyhow::Result<()> {
        if operation.measured {
            self.settle()?;
        }
        let mut pods = Vec::new();
        for namespace in operation.namespace.names() {
            let batch = self.batch(operation.measured);
            let maker = PodMaker::new(template, operation, &namespace, batch)?;
            for number in 0..operation.count {
                let pod = maker.pod(number)?;
                let created = self.created.entry(namespace.clone()).or_default();
                created.push_back(Arc::clone(&pod.meta.uid));
                pods.push(Arc::new(self.placed_as(operation, pod, number)));
            }
        }
        if operation.measured {
            self.created.clear();
            return self.measure(pods);
        }
        for pod in pods {
            self.apply(Input::Pod(pod));
        }
        Ok(())
    }

    /// The pod, on its node where the operation says that it is.
    fn placed_as(&self, operation: &CreatePods, pod: Pod, number: usize) -> Pod {
        match operation.bound {
            Some(_) if !self.nodes.is_empty() => on_node(&pod, &self.nodes[number % self.nodes.len()]),
            _ => pod,
        }
    }

    fn batch(&mut self, measured: bool) -> Batch {
        self.batches += 1;
        Batch { number: self.batches, measured }
    }

    fn start_churn(&mut self, workload: &Workload, churn: &Churn) -> anyhow::Result<()> {
        self.settle()?;
        if self.calm {
            return Ok(());
        }
        let mut makers = Vec::new();
        for name in &churn.templates {
            makers.push(self.maker(&workload.templates[name], name).with_context(|| name.clone())?);
        }
        let (mode, count) = (churn.mode, churn.count);
        let churning = Churning { mode, count, makers, made: 0, present: Vec::new() };
        self.start(churn.every, What::Churn(churning));
        Ok(())
    }

    /// What makes the copies of a churned template. The first copy is made to see that it can be.
    fn maker(&mut self, template: &Value, name: &str) -> anyhow::Result<Maker> {
        Ok(match template["kind"].as_str() {
            Some("Node") => {
                let (count, labels) = (0, std::collections::BTreeMap::new());
                let named = CreateNodes { count, template: name.to_owned(), labels, name: name.to_owned() };
                let maker = NodeMaker::new(template, &named)?;
                maker.node(0)?;
                Maker::Node(maker)
            }
            Some("Pod") => {
                let pods = CreatePods {
                    count: 0,
                    template: name.to_owned(),
                    namespace: Namespaces::default(),
                    per_pod: std::collections::BTreeMap::new(),
                    bound: None,
                    measured: false,
                };
                let maker = PodMaker::new(template, &pods, "default", self.batch(false))?;
                maker.pod(0)?;
                Maker::Pod(maker)
            }
            _ => Maker::Object(objects::object(template, name)?),
        })
    }

    fn start_deletion(&mut self, deletion: &DeletePods) -> anyhow::Result<()> {
        self.settle()?;
        let pods = self.created.remove(&deletion.namespace);
        let pods = pods.with_context(|| format!("there is no pod in {}", deletion.namespace))?;
        if !self.calm {
            self.start(Duration::from_secs(1) / deletion.per_second.max(1), What::Delete(pods));
        }
        Ok(())
    }

    /// From now on `what` has its turns.
    fn start(&mut self, every: Duration, what: What) {
        let due = self.clock.now(Instant::now(), self.placed) + every;
        self.besides.push(Beside { every, due, what });
        self.plan();
    }
}
