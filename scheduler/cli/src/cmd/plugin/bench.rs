//! `longshore plugin bench`: what does it cost?

mod cycle;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use longshore_framework::fields::Problems;
use longshore_framework::node_metrics::Sample;
use longshore_framework::pod::{Pod, PodMeta};
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_simulation::report::{API_VERSION, rounded};
use longshore_wasm::Settings;
use serde_json::Value;

use super::{identity, print};
use crate::args::plugin::BenchArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::measured;
use crate::rehearsal::report::{Measured, PluginBench};
use crate::rehearsal::{Scene, Setup, Subject, given, made_up, source};
use crate::render::plugin as render;

use cycle::{Stages, Times};

/// Fresh plugins are measured so often at the most: each is compiled.
const MOST_FRESH: u32 = 5;

/// The native plugin to compare with.
const NATIVE: &str = "NodeResourcesFit";

/// Loads, measures, prints.
pub(crate) fn run(args: &BenchArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let mut scene = match args.filenames.is_empty() {
        true => made_up::cluster(args.nodes as usize),
        false => Scene::load(&args.filenames, console)?.0,
    };
    let sample = measured::file(&args.measured, scene.nodes())?;
    let pod = pod(&mut scene, args.pod.as_deref())?;
    let fetched = source::fetch(&args.guest.plugin, &args.guest.transport)?;
    let settings = given::settings(&args.guest.given, &fetched.bytes)?;
    let name = source::stem(&args.guest.plugin);
    let bench = Bench { name: &name, bytes: &fetched.bytes, settings: &settings, pods: replicas(&pod) };
    let (identity, measured) = bench.measure(&mut scene, sample.as_ref(), args.rounds)?;
    let report = PluginBench {
        api_version: API_VERSION,
        kind: "PluginBench",
        plugin: identity.0,
        digest: identity.1,
        nodes: scene.snapshot.len(),
        rounds: args.rounds,
        budget_seconds: rounded(settings.time.as_secs_f64(), 6),
        measured,
    };
    let headers = !args.output.no_headers;
    print(console, args.output, &report, |console, report| render::bench(console.out, report, headers))?;
    Ok(Exit::Done)
}

fn pod(scene: &mut Scene, name: Option<&str>) -> anyhow::Result<Arc<Pod>> {
    if scene.snapshot.len() < 2 {
        bail!("the cluster has fewer than two nodes: there is nothing to measure");
    }
    let pending = || scene.pods.iter().find(|p| p.meta.node_name.is_none()).map(|p| p.key());
    match name.map(str::to_string).or_else(pending) {
        Some(name) => scene.take_pod(&name),
        None => bail!("the cluster has no pod that is on no node; name one with --pod"),
    }
}

/// Two replicas, asked about in turn, so that every question is about another pod than the one before.
fn replicas(pod: &Arc<Pod>) -> [Arc<Pod>; 2] {
    let other = PodMeta { uid: format!("{}-2", pod.meta.uid).into(), ..pod.meta.clone() };
    [Arc::clone(pod), Arc::new(Pod { meta: other, ..(**pod).clone() })]
}

struct Bench<'a> {
    name: &'a str,
    bytes: &'a [u8],
    settings: &'a Settings,
    pods: [Arc<Pod>; 2],
}

impl Bench<'_> {
    fn load(&self, scene: &Scene, keep_pure: bool) -> anyhow::Result<Subject> {
        let setup = Setup { raw: Arc::clone(&scene.raw), keep_pure, ..Setup::default() };
        Subject::load(self.name, self.bytes, self.settings, &setup)
    }

    fn measure(
        &self,
        scene: &mut Scene,
        sample: Option<&Sample>,
        rounds: u32,
    ) -> anyhow::Result<((String, String), Vec<Measured>)> {
        let subject = self.load(scene, false)?;
        scene.declare(&subject.guest.declarations());
        scene.measure(&subject.instance, sample, 0);
        let native = native();
        let (nodes, budget) = (scene.snapshot.len(), self.settings.time);
        let (own, other) =
            (self.cycles(&subject.instance, scene, rounds)?, self.cycles(&native, scene, rounds)?);
        let mut measured = Vec::new();
        for &(name, pick) in STAGES {
            let times = |of: &[Times]| of.iter().filter_map(pick).collect::<Vec<Duration>>();
            let (own, other) = (times(&own), times(&other));
            if own.is_empty() {
                continue;
            }
            let line = Measured::of(name, own).per_node(nodes);
            let line = if other.is_empty() { line } else { line.beside(other) };
            measured.push(if name == WHOLE { line } else { line.within(budget) });
        }
        measured.extend(self.tables(&subject, scene, rounds)?);
        if subject.guest.about().pure {
            measured.push(self.kept(scene, rounds)?);
        }
        measured.extend(self.starts(scene, rounds)?);
        Ok((identity(&subject.guest, self.name), measured))
    }

    /// Whole cycles, nothing of which is kept. The first two are not counted: they load tables.
    fn cycles(&self, instance: &Instance, scene: &Scene, rounds: u32) -> anyhow::Result<Vec<Times>> {
        let mut all = Vec::new();
        for round in 0..rounds + 2 {
            let pod = &self.pods[round as usize % 2];
            let times = Stages { instance, scene, pod }.cycle()?;
            all.extend((round >= 2).then_some(times));
        }
        Ok(all)
    }

    /// What it costs to follow a change, and to load everything.
    fn tables(&self, subject: &Subject, scene: &mut Scene, rounds: u32) -> anyhow::Result<Vec<Measured>> {
        let one = scene.slots().into_iter().take(1).collect::<Vec<_>>();
        let (mut still, mut delta, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let pod = &self.pods[round as usize % 2];
            let ask = |scene: &Scene, times: &mut Vec<Duration>| -> anyhow::Result<()> {
                times.extend(Stages { instance: &subject.instance, scene, pod }.judge(&one)?);
                Ok(())
            };
            ask(scene, &mut Vec::new())?;
            ask(scene, &mut still)?;
            let node = Arc::clone(scene.snapshot.node(one[0]));
            scene.snapshot.set_node(node);
            ask(scene, &mut delta)?;
            let copy = scene.clone();
            ask(&copy, &mut whole)?;
        }
        let named =
            [("one node", still), ("one node, its row changed", delta), ("one node, all rows loaded", whole)];
        Ok(named.into_iter().filter(|(_, t)| !t.is_empty()).map(|(n, t)| Measured::of(n, t)).collect())
    }

    /// Replicas one after the other, each put on a node, with the answers of a pure plugin kept.
    fn kept(&self, scene: &Scene, rounds: u32) -> anyhow::Result<Measured> {
        let (subject, mut scene) = (self.load(scene, true)?, scene.clone());
        let slots = scene.slots();
        let mut times = Vec::new();
        for round in 0..rounds + 2 {
            let pod = &self.pods[round as usize % 2];
            let taken = Stages { instance: &subject.instance, scene: &scene, pod }.cycle()?;
            times.extend((round >= 2).then_some(taken.whole));
            let node = Arc::clone(scene.snapshot.node(slots[round as usize % slots.len()]));
            scene.snapshot.set_node(node);
        }
        Ok(Measured::of("a whole pod, replicas of one kind", times).per_node(slots.len()))
    }

    /// What it costs to begin.
    fn starts(&self, scene: &Scene, rounds: u32) -> anyhow::Result<Vec<Measured>> {
        let mut small = scene.clone();
        for slot in scene.slots().into_iter().skip(2) {
            let name = Arc::clone(&scene.snapshot.node(slot).name);
            small.snapshot.remove_node(&name);
        }
        let (mut loads, mut starts) = (Vec::new(), Vec::new());
        for _ in 0..rounds.min(MOST_FRESH) {
            let began = Instant::now();
            let subject = self.load(scene, false)?;
            loads.push(began.elapsed());
            let stages = Stages { instance: &subject.instance, scene: &small, pod: &self.pods[0] };
            starts.push(stages.cycle()?.whole);
        }
        Ok(vec![
            Measured::of("instance start and a pod, 2 nodes", starts),
            Measured::of("compile and load", loads),
        ])
    }
}

/// The name of the line about everything together.
const WHOLE: &str = "a whole pod";

/// The lines about stages, and where their times are.
type Line = (&'static str, fn(&Times) -> Option<Duration>);
const STAGES: &[Line] = &[
    ("PreFilter", |t| t.pre_filter),
    ("Filter", |t| t.filter),
    ("PreScore", |t| t.pre_score),
    ("Score", |t| t.score),
    ("NormalizeScore", |t| t.normalise),
    (WHOLE, |t| Some(t.whole)),
];

fn native() -> Instance {
    let mut found = Vec::new();
    let registry = longshore_plugins_native::registry();
    let make = registry.get(NATIVE);
    let made =
        make.map(|make| make(&Value::Null, &FactoryContext::default(), &mut Problems::new(&mut found)));
    made.unwrap_or_else(|| unreachable!("{NATIVE} is one of the native plugins"))
}
