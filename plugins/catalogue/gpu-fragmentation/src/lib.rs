//! GPUFragmentation: a pod goes where it leaves the least of GPUs in fragments that pods to come cannot use (fragmentation gradient
//! descent, from "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023).
//!
//! Pods request whole GPUs, or thousandths of one GPU. Reserve picks the GPUs of a pod, and Bind writes them into an annotation of it.
//!
//! The operator grants `pods` and `raw`.

mod args;
mod fragments;
mod nodes;
mod shape;
#[cfg(test)]
mod tests;
mod workload;

use std::cell::RefCell;
use std::collections::BTreeMap;

use longshore_plugin::column::Column;
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Settings;
use nodes::{Nodes as Known, wanted};
use shape::{Shape, WHOLE};

columns! {
    NAME: Text = name(),
    CPU: Number = allocatable("cpu"),
    GPUS: Number = allocatable("nvidia.com/gpu"),
    MODEL: Text = label("gpu.longshore.dev/model"),
    PODS: Pods = pods(),
}

/// What the pod of a cycle wants; the words of the rejection, where no node can give it.
pub struct Wanted(Result<Shape, String>);

impl Default for Wanted {
    fn default() -> Self {
        Self(Ok(Shape::default()))
    }
}

/// The plugin.
pub struct GpuFragmentation {
    settings: Settings,
    known: RefCell<Known>,
}

impl Plugin for GpuFragmentation {
    type Config = Value;
    type Shared = ();
    type Prepared = Wanted;

    fn manifest() -> Manifest {
        Manifest::new("GPUFragmentation")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Places pods where they leave the least of GPUs in fragments")
            .columns(COLUMNS)
            .single()
            .event("Pod", &["Delete"])
            .event("Node", &["Add", "UpdateNodeAllocatable"])
    }

    fn describe(config: &Value) -> Result<Manifest, Error> {
        let settings = Settings::read(config)?;
        let manifest = Self::manifest().replace(GPUS, Column::Allocatable(settings.whole.into()));
        Ok(manifest.replace(MODEL, Column::Label(settings.model.into())))
    }

    fn new(config: Value) -> Result<Self, Error> {
        let settings = Settings::read(&config)?;
        Ok(Self { known: RefCell::new(Known::new(&settings)), settings })
    }

    fn prepare(&self, pod: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<Wanted, Error> {
        self.known.borrow_mut().refresh(host::table().nodes().iter(), &self.settings);
        Ok(Wanted(wanted(pod, &self.settings)))
    }
}

impl Filter for GpuFragmentation {
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict {
        let shape = match &cycle.prepared.0 {
            Ok(shape) if shape.gpus == 0 => return Verdict::Fit,
            Ok(shape) => shape,
            Err(reason) => return Verdict::Reject(Reject::unresolvable(reason.clone())),
        };
        let has = self.known.borrow().has(node, shape, &self.settings);
        let few = if shape.milli < WHOLE {
            "node(s) had no GPU with enough left"
        } else {
            "node(s) had too few GPUs that are free"
        };
        fit_if(has, few)
    }
}

impl Score for GpuFragmentation {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let mut scores = Vec::new();
        if let Ok(shape) = &cycle.prepared.0 {
            self.known.borrow_mut().score(std::iter::once(node), shape, &mut scores);
        }
        scores.first().copied().unwrap_or(0)
    }

    fn score_all(&self, cycle: &Cycle<Self>, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        match &cycle.prepared.0 {
            Ok(shape) => self.known.borrow_mut().score(nodes.iter(), shape, scores),
            Err(_) => scores.resize(nodes.count(), 0),
        }
    }
}

impl Reserve for GpuFragmentation {
    fn reserve(&mut self, at: &Placement<'_, Self>) -> Result<Verdict, Error> {
        let shape = match wanted(at.pod, &self.settings) {
            Ok(shape) if shape.gpus == 0 => return Ok(Verdict::Fit),
            Ok(shape) => shape,
            Err(reason) => return Ok(Verdict::Reject(Reject::unresolvable(reason))),
        };
        let node = at.row(NAME).ok_or("the node is not in the table")?;
        let known = self.known.get_mut();
        Ok(fit_if(
            known.reserve(node, &at.pod.uid, &shape, &self.settings),
            "node's GPUs were taken meanwhile",
        ))
    }

    fn unreserve(&mut self, pod: &Pod, _: &str) {
        self.known.get_mut().unreserve(&pod.uid);
    }
}

impl Bind for GpuFragmentation {
    fn bind(&mut self, at: &Placement<'_, Self>) -> Result<Option<Binding>, Error> {
        let devices = self.known.get_mut().devices(&at.pod.uid);
        let annotation = |devices| vec![(self.settings.annotation.clone(), devices)];
        Ok(devices.map(|devices| Binding { annotations: annotation(devices) }))
    }
}

impl Handover for GpuFragmentation {
    type Saved = BTreeMap<String, Vec<usize>>;

    fn save(&self) -> Self::Saved {
        self.known.borrow().saved()
    }

    fn restore(&mut self, saved: Self::Saved) -> Result<(), Error> {
        self.known.get_mut().restore(saved);
        Ok(())
    }
}

export_plugin!(GpuFragmentation: Filter, Score, Reserve, Bind, Handover);
