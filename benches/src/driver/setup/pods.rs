//! Pods that an operation adds.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

use super::super::Driver;
use super::super::beside::{Arriving, What};
use super::super::manner::Manner;
use crate::objects::{PodSource, on_node};
use crate::workload::{Arrive, CreatePods, Expect, Workload};

impl Driver<'_> {
    pub(super) fn create_pods(&mut self, workload: &Workload, operation: &CreatePods) -> anyhow::Result<()> {
        if operation.measured && !self.measuring {
            self.settle_unless_hurried()?;
        }
        self.hurried |= !operation.wait;
        match (operation.measured, operation.expect) {
            (true, _) => self.expected += operation.total(),
            (false, Expect::Placed) => {}
            (false, Expect::Unfit) => self.left_over += operation.total(),
            (false, Expect::Nominated) => {
                self.left_over += operation.total();
                self.nominated += operation.total();
            }
        }
        if !operation.measured {
            // There may be none of them, as some sizes have it.
            operation
                .namespace
                .names()
                .into_iter()
                .for_each(|name| _ = self.created.entry(name).or_default());
        }
        let source = PodSource::new(workload, operation, &mut self.batches)?;
        match operation.arrive {
            Some(arrive) => self.start_arrivals(source, operation, arrive),
            None => self.add_all(source, operation),
        }
    }

    /// All come at once. The objects that they have are there before, so that they are not measured.
    fn add_all(&mut self, source: PodSource, operation: &CreatePods) -> anyhow::Result<()> {
        let manner = Manner::of(operation);
        let was_measuring = self.measuring;
        if was_measuring {
            self.stopwatch.stop();
        }
        let mut pods = Vec::new();
        for made in source {
            let made = made?;
            let place = made.place;
            let (objects, pod) = self.get_to_know(made, &manner);
            for object in objects {
                self.apply(Input::Object(object));
            }
            pods.push(Arc::new(self.placed_as(operation, pod, place)));
        }
        if was_measuring {
            self.stopwatch.start();
        }
        if operation.measured {
            self.begin(pods.len())?;
        }
        for pod in pods {
            self.apply(Input::Pod(pod));
        }
        Ok(())
    }

    fn start_arrivals(
        &mut self,
        source: PodSource,
        operation: &CreatePods,
        arrive: Arrive,
    ) -> anyhow::Result<()> {
        if operation.measured {
            self.begin(operation.total())?;
        }
        self.idles = true;
        let arriving = Arriving { source, count: arrive.count, manner: Manner::of(operation) };
        self.start(Duration::ZERO, What::Arrive(arriving, arrive.every));
        Ok(())
    }

    /// The pod, on its node where the operation says that it is.
    fn placed_as(&self, operation: &CreatePods, pod: Pod, place: usize) -> Pod {
        match operation.bound {
            Some(_) if !self.nodes.is_empty() => on_node(&pod, &self.nodes[place % self.nodes.len()]),
            _ => pod,
        }
    }
}
