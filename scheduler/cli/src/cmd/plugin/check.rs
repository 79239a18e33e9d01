//! `longshore plugin check`: does it answer the same however it is asked?

mod changes;
mod compare;
mod reserve;
mod same;

use std::sync::Arc;

use longshore_framework::node_metrics::Sample;
use longshore_framework::pod::Pod;
use longshore_wasm::Settings;

use super::{exit, identity, print};
use crate::args::plugin::CheckArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::measured;
use crate::rehearsal::report::{Checked, PluginCheck, Verdict};
use crate::rehearsal::{Scene, Setup, Subject, given, hear, made_up, source};
use crate::render::plugin as render;

/// Nodes of the cluster that is made up: enough for seven ranges.
const NODES: usize = 448;

/// Pods that are asked about at the most.
const MOST_PODS: usize = 12;

/// Loads, checks, prints.
pub(crate) fn run(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let (scene, complete) = match args.filenames.is_empty() {
        true => (made_up::cluster(NODES), true),
        false => Scene::load(&args.filenames, console)?,
    };
    let sample = measured::file(&args.measured, scene.nodes())?;
    let fetched = source::fetch(&args.guest.plugin, &args.guest.transport)?;
    let settings = given::settings(&args.guest.given, &fetched.bytes)?;
    let name = source::stem(&args.guest.plugin);
    let trial = Trial::new(&name, &fetched.bytes, &settings, (scene, sample))?;
    let (identity, checks) = hear::listening(|| trial.run(args.seed, args.changes)).0?;
    let report = PluginCheck::new(identity, checks);
    let (good, style) = (complete && report.success, console.style());
    print(console, args.output, &report, |console, report| render::check(console.out, report, style))?;
    Ok(exit(good))
}

/// What is checked, and with what.
struct Trial<'a> {
    name: &'a str,
    bytes: &'a [u8],
    settings: &'a Settings,
    scene: Scene,
    pods: Vec<Arc<Pod>>,
}

/// What a check says: nothing, or why it failed.
type Outcome = anyhow::Result<Result<(), String>>;

impl<'a> Trial<'a> {
    fn new(
        name: &'a str,
        bytes: &'a [u8],
        settings: &'a Settings,
        (scene, sample): (Scene, Option<Sample>),
    ) -> anyhow::Result<Self> {
        let mut pods: Vec<Arc<Pod>> =
            scene.pods.iter().filter(|p| p.meta.node_name.is_none()).take(MOST_PODS).cloned().collect();
        if pods.is_empty() {
            anyhow::bail!(
                "the cluster has no pod that is on no node; add one that the plugin is asked about"
            );
        }
        pods.dedup_by(|a, b| a.meta.uid == b.meta.uid);
        let mut trial = Self { name, bytes, settings, scene, pods };
        let subject = trial.load(None, false)?;
        trial.scene.declare(&subject.guest.declarations());
        trial.scene.measure(&subject.instance, sample.as_ref(), 0);
        Ok(trial)
    }

    /// A fresh plugin.
    fn load(&self, rows: Option<usize>, keep_pure: bool) -> anyhow::Result<Subject> {
        let setup = Setup { raw: Arc::clone(&self.scene.raw), rows, keep_pure, ..Setup::default() };
        Subject::load(self.name, self.bytes, self.settings, &setup)
    }

    fn run(&self, seed: u64, changes: u32) -> anyhow::Result<((String, String), Vec<Checked>)> {
        let subject = self.load(None, false)?;
        let about = subject.guest.about();
        let mut checks = Vec::new();
        let mut add = |name, concerned: Result<(), &str>, outcome: &dyn Fn() -> Outcome| {
            let (status, message) = match concerned.map(|()| outcome()) {
                Err(why) => (Verdict::Skipped, Some(why.to_string())),
                Ok(Ok(Ok(()))) => (Verdict::Ok, None),
                Ok(Ok(Err(why))) => (Verdict::Failed, Some(why)),
                Ok(Err(error)) => return Err(error),
            };
            checks.push(Checked { name, status, message });
            Ok(status == Verdict::Ok)
        };
        let judges = subject.instance.filter.is_some() || subject.instance.score.is_some();
        let needs = |yes: bool, why: &'static str| if yes { Ok(()) } else { Err(why) };
        let answers = add("it answers about every pod", Ok(()), &|| self.answers(&subject))?;
        let answers = needs(answers, "it does not answer");
        add("the same answers a second time", answers, &|| self.twice(&subject))?;
        add("the same answers from a fresh instance", answers, &|| self.fresh())?;
        add("the same answers in any order of pods", answers, &|| self.reversed())?;
        let sharded = needs(about.sharding == "ByNode", "one instance holds all nodes");
        let sharded = answers.and(needs(judges, "it does not judge nodes")).and(sharded);
        add("the same answers with 1 and with 7 shards", sharded, &|| self.shards())?;
        let pure = answers.and(needs(about.pure, "it does not say that it is pure"));
        add("the same answers kept and asked anew", pure, &|| self.kept())?;
        let judging = answers.and(needs(judges, "it does not judge nodes"));
        add("the same answers after changes and after a full load", judging, &|| {
            self.changed(seed, changes)
        })?;
        let reserves = answers.and(needs(subject.instance.reserve.is_some(), "it has no Reserve"));
        add("reserving twice is reserving once", reserves, &|| self.reserve_twice())?;
        add("unreserving leaves nothing behind", reserves, &|| self.unreserve())?;
        add("unreserving an unknown pod does no harm", reserves, &|| self.unreserve_unknown())?;
        add("what is reserved outlives an instance", reserves, &|| self.outlives())?;
        Ok((identity(&subject.guest, self.name), checks))
    }
}
