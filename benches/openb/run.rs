//! One run: pods arrive one by one, and those that fit nowhere are gone.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use longshore_engine::{Engine, Options, Outcome, TieBreak};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, Effect, Input};
use longshore_loader::{Guests, Loader, LoaderOptions, Tally};
use longshore_wasm::Patience;
use serde_json::json;

use crate::trace::{Chance, GPU, MODEL, SHARED, Task, Trace, WHOLE};

/// The annotation in which a pod is told its GPUs.
const DEVICES: &str = "gpu.longshore.dev/devices";

/// A scheduler at work.
struct Run<'t> {
    engine: Engine,
    /// What each GPU of a node has left, in thousandths.
    left: HashMap<String, Vec<i64>>,
    arrived: HashMap<String, &'t Task>,
    /// Thousandths of GPUs that pods were given.
    given: i64,
}

/// The share of all GPUs that is given to pods at the end, in percent.
///
/// # Errors
/// A profile that cannot be loaded, or a GPU that more is given of than there is.
pub(crate) fn run(trace: &Trace, catalogue: &str, seed: u64) -> anyhow::Result<f64> {
    let chance = &mut Chance(seed);
    let (order, nodes) = (trace.arrivals(chance), trace.nodes(chance));
    let mut run = Run {
        engine: engine(trace, catalogue, &nodes)?,
        left: HashMap::new(),
        arrived: HashMap::new(),
        given: 0,
    };
    for (node, machine) in nodes.iter().zip(&trace.machines) {
        run.left.insert(node.name.to_string(), vec![GPU; machine.gpus]);
    }
    for (number, task) in order.into_iter().enumerate() {
        run.arrive(number, &trace.tasks[task])?;
    }
    Ok(100.0 * run.given as f64 / trace.capacity() as f64)
}

fn engine(trace: &Trace, catalogue: &str, nodes: &[Arc<Node>]) -> anyhow::Result<Engine> {
    let loader = Loader::new(LoaderOptions {
        cache_dir: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins")),
        catalogue: Some(catalogue.to_string()),
        ignore_unknown: false,
        clock: Arc::new(|| 0),
        observer: Arc::new(Tally::default()),
        patience: Patience::Endless,
    });
    let name = "GPUFragmentation";
    let profile = json!({
        "plugins": {
            "multiPoint": {"enabled": [{"name": name}]},
            "score": {"disabled": [{"name": "*"}], "enabled": [{"name": name, "weight": 1}]},
            "postFilter": {"disabled": [{"name": "*"}]},
            "bind": {"disabled": [{"name": "*"}], "enabled": [{"name": name}, {"name": "DefaultBinder"}]},
        },
        "pluginConfig": [{"name": name, "args": {
            "workload": trace.workload(), "gpuResource": WHOLE, "sharedResource": SHARED, "modelLabel": MODEL,
            "annotation": DEVICES,
        }}],
    });
    let config = json!({
        "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
        "percentageOfNodesToScore": 100, "profiles": [profile],
    });
    let loaded = loader.load("openb", &config.to_string(), Path::new(""), &Guests::default());
    let loaded = loaded.map_err(|error| anyhow!("{error}"))?;
    let options = Options { tie_break: TieBreak::First, requests: loader.requests(), ..Options::default() };
    let mut engine = Engine::new(loaded.resolved.profiles, options);
    for node in nodes {
        engine.apply(Input::Node(Arc::clone(node)));
    }
    Ok(engine)
}

impl<'t> Run<'t> {
    fn arrive(&mut self, number: usize, task: &'t Task) -> anyhow::Result<()> {
        let mut pod = Pod::clone(&task.pod);
        let uid = format!("pod-{number}");
        (pod.meta.name, pod.meta.uid) = (uid.as_str().into(), uid.as_str().into());
        self.arrived.insert(uid, task);
        self.engine.apply(Input::Pod(Arc::new(pod)));
        while let Some(attempt) = self.engine.step() {
            self.perform(attempt.effects)?;
            match &attempt.outcome {
                Outcome::Assumed { .. } => {}
                Outcome::Unschedulable { .. } => {
                    self.engine.apply(Input::PodDeleted { uid: Arc::clone(&attempt.pod.meta.uid) });
                }
                other => bail!("{}: {other:?}", attempt.pod.key()),
            }
        }
        Ok(())
    }

    fn perform(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        let mut to_do = effects;
        while let Some(effect) = to_do.pop() {
            match effect {
                Effect::PreBind { pod, .. } => {
                    let uid = Arc::clone(&pod.meta.uid);
                    to_do.extend(self.engine.apply(Input::PreBound { uid, result: Ok(()) }));
                }
                Effect::Bind { binding, .. } => {
                    self.give(&binding)?;
                    to_do.extend(self.engine.apply(Input::Bound { uid: binding.uid, result: Ok(()) }));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts what a pod is given, GPU by GPU.
    fn give(&mut self, binding: &Binding) -> anyhow::Result<()> {
        let task = self.arrived.get(&*binding.uid).context("a pod was bound that nobody made")?;
        if task.gpus == 0 {
            return Ok(());
        }
        let said = binding.annotations.iter().find(|(key, _)| &**key == DEVICES).map(|(_, devices)| devices);
        let devices: Vec<usize> = said
            .context("a pod was not told its GPUs")?
            .split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if devices.len() as i64 != task.gpus {
            bail!("{} was given {} GPUs and asks for {}", binding.name, devices.len(), task.gpus);
        }
        let left = self.left.get_mut(&*binding.node).context("there is no such node")?;
        for device in devices {
            let gpu = left.get_mut(device).context("there is no such GPU")?;
            *gpu -= task.milli;
            if *gpu < 0 {
                bail!("more of GPU {device} of {} is given than there is", binding.node);
            }
            self.given += task.milli;
        }
        Ok(())
    }
}
