//! The operations of a workload, one by one.

mod pods;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use longshore_framework::node_metrics::Sample;
use longshore_framework::objects::Object;
use longshore_framework::port::Input;
use longshore_framework::{Str, Timestamp};
use serde_json::Value;

use super::Driver;
use super::beside::{Came, Churning, Maker, What};
use crate::objects::{self, Batch, NodeMaker, ObjectMaker, PodMaker};
use crate::workload::{
    Churn, CreateNodes, CreateObjects, DeleteNodes, DeletePods, Operation, Repeat, Update, Workload,
};

impl Driver<'_> {
    pub(super) fn perform_operation(
        &mut self,
        workload: &Workload,
        operation: &Operation,
    ) -> anyhow::Result<()> {
        if self.calm && operation.is_beside() {
            return Ok(());
        }
        match operation {
            Operation::CreateNodes(nodes) => self.create_nodes(workload, nodes),
            Operation::CreateNamespaces(namespaces) => {
                for namespace in objects::namespaces(namespaces)? {
                    self.apply(Input::Object(Object::Namespace(namespace)));
                }
                Ok(())
            }
            Operation::CreateObjects(objects) => self.create_objects(workload, objects),
            Operation::Measure(_) => self.measure(),
            Operation::CreatePods(pods) => self.create_pods(workload, pods),
            Operation::Churn(churn) => self.start_churn(workload, churn),
            Operation::DeletePods(deletion) => self.delete_pods(deletion),
            Operation::DeleteNodes(deletion) => self.delete_nodes(deletion),
            Operation::Update(update) => self.start_update(workload, update),
            Operation::Repeat(repeat) => self.repeat(workload, repeat),
            Operation::Barrier(barrier) if barrier.tried => self.try_all(),
            Operation::Barrier(_) => {
                self.hurried = false;
                self.settle()
            }
        }
    }

    fn create_nodes(&mut self, workload: &Workload, operation: &CreateNodes) -> anyhow::Result<()> {
        let maker = NodeMaker::new(workload, operation)?;
        let first = *self.numbered.entry(maker.series().to_owned()).or_default();
        for number in first..first + operation.count {
            let (node, objects) = self.stopwatch.pause(|| {
                let node = maker.node(number)?;
                let objects = maker.objects(&node, number)?;
                anyhow::Ok((node, objects))
            })?;
            self.nodes.push(Arc::clone(&node.name));
            self.apply(Input::Node(node));
            for object in objects {
                self.apply(Input::Object(object));
            }
        }
        self.numbered.insert(maker.series().to_owned(), first + operation.count);
        Ok(())
    }

    /// Averages from 10 to 70 percent, with deviations of 5.
    fn measure(&mut self) -> anyhow::Result<()> {
        let mut sample = Sample::default();
        for (number, node) in self.nodes.iter().enumerate() {
            for (kind, step) in [("CPU", 37), ("Memory", 23)] {
                let average = 10.0 + (number * step % 61) as f64;
                sample.add(node, Timestamp(0), ["", kind, "AVG", ""], average)?;
                sample.add(node, Timestamp(0), ["", kind, "STD", ""], 5.0)?;
            }
        }
        let sample = Arc::new(sample);
        for source in self.engine.metrics_sources() {
            self.apply(Input::Metrics { source, sample: Arc::clone(&sample) });
        }
        Ok(())
    }

    fn create_objects(&mut self, workload: &Workload, operation: &CreateObjects) -> anyhow::Result<()> {
        for name in &operation.templates {
            let maker = ObjectMaker::new(&workload.templates[name]);
            for number in 0..operation.count {
                let own = if operation.count > 1 { format!("{name}-{number}") } else { name.clone() };
                self.apply(Input::Object(maker.numbered(&own, number)?));
            }
        }
        Ok(())
    }

    fn start_churn(&mut self, workload: &Workload, churn: &Churn) -> anyhow::Result<()> {
        self.settle_unless_hurried()?;
        let mut makers = Vec::new();
        for name in &churn.templates {
            makers.push(self.maker(&workload.templates[name], name).with_context(|| name.clone())?);
        }
        let (mode, count) = (churn.mode, churn.count);
        let churning = Churning { mode, count, makers, made: 0, present: Vec::new() };
        self.start(churn.every, What::Churn(churning, churn.every));
        Ok(())
    }

    /// What makes the copies of a churned template. The first copy is made to see that it can be.
    fn maker(&mut self, template: &Value, name: &str) -> anyhow::Result<Maker> {
        let maker = match template["kind"].as_str() {
            Some("Node") => Maker::Node(NodeMaker::copies(template, name)?),
            Some("Pod") => {
                self.batches += 1;
                let batch = Batch { number: self.batches, ..Batch::default() };
                Maker::Pod(PodMaker::copies(template, batch)?)
            }
            _ => Maker::Object(ObjectMaker::new(template), name.to_owned()),
        };
        maker.make(0)?;
        Ok(maker)
    }

    fn delete_pods(&mut self, deletion: &DeletePods) -> anyhow::Result<()> {
        self.settle_unless_hurried()?;
        let pods = self.created.remove(&deletion.namespace);
        let pods = pods.with_context(|| format!("there is no pod in {}", deletion.namespace))?;
        match deletion.per_second {
            Some(rate) => {
                let every = Duration::from_secs(1) / rate.max(1);
                self.start(every, What::Delete(pods, every));
            }
            None => pods.iter().for_each(|uid| self.delete(uid)),
        }
        Ok(())
    }

    fn delete_nodes(&mut self, deletion: &DeleteNodes) -> anyhow::Result<()> {
        let prefix = format!("{}-", deletion.name);
        let (gone, left): (Vec<Str>, _) =
            std::mem::take(&mut self.nodes).into_iter().partition(|name| name.starts_with(&prefix));
        self.nodes = left;
        gone.iter().for_each(|name| self.remove_node(name));
        Ok(())
    }

    fn start_update(&mut self, workload: &Workload, update: &Update) -> anyhow::Result<()> {
        let template = &workload.templates[&update.template];
        let versions: anyhow::Result<VecDeque<Came>> = match template["kind"].as_str() {
            Some("Node") => {
                let maker = NodeMaker::copies(template, &update.template)?;
                (0..update.count).map(|number| maker.node(number).map(Came::Node)).collect()
            }
            _ => {
                let maker = PodMaker::named(template, &update.namespace)?;
                (0..update.count).map(|number| self.version(&maker, &update.namespace, number)).collect()
            }
        };
        let every = Duration::from_secs(1) / update.per_second.max(1);
        self.start(every, What::Update(versions?, every));
        Ok(())
    }

    /// Another version of the pod with this number.
    fn version(&self, maker: &PodMaker, namespace: &str, number: usize) -> anyhow::Result<Came> {
        let name = maker.name(number);
        let uid = self.known.by_name.get(&(namespace.to_owned(), name.clone()));
        let uid = uid.with_context(|| format!("there is no pod {namespace}/{name} to be updated"))?;
        maker.version(number, uid).map(|pod| Came::Pod(Arc::new(pod)))
    }

    fn repeat(&mut self, workload: &Workload, repeat: &Repeat) -> anyhow::Result<()> {
        for _ in 0..repeat.times {
            for operation in &repeat.operations {
                self.perform_operation(workload, operation)?;
            }
        }
        Ok(())
    }

    /// Some time from now `what` is done.
    fn start(&mut self, after: Duration, what: What) {
        let due = self.clock.now(Instant::now(), self.placed) + after;
        self.agenda.plan(due, what);
    }
}
