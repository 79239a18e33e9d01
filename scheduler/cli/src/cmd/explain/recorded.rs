//! Explanations of attempts that were recorded: the recording is run again up to the attempt, and the decision is asked about in
//! the state in which it was made.

use std::sync::Arc;

use anyhow::bail;
use longshore_engine::{Engine, Options};
use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::profile::Profile;
use longshore_manifest::Manifests;
use longshore_recording::{
    Checkpoint, Ended, Recording, Replay, ReplayError, Settings, Tried, Turn, What, Witness,
};

use super::simulated::Simulated;
use super::target::{Kind, Target};
use crate::args::ExplainArgs;
use crate::console::Console;
use crate::exit::UsageError;
use crate::recorded::{Engines, open, shown};
use longshore_simulation::explain::{Question, explain as explained};

/// Explains the last attempt at each pod.
///
/// # Errors
/// The recording cannot be run here, or has no attempt at a pod.
pub(super) fn explain(
    args: &ExplainArgs,
    folder: &std::path::Path,
    targets: &[Target<'_>],
    console: &mut Console<'_>,
) -> anyhow::Result<Simulated> {
    let recording = open(folder, console)?;
    let mut groups = Vec::new();
    for target in targets {
        if target.kind != Kind::Pod {
            let message = "--recording explains pods; name them as NAME or NAMESPACE/NAME";
            return Err(UsageError(message.to_string()).into());
        }
        let key = match (target.name.contains('/'), args.namespace.as_deref()) {
            (true, _) => target.name.to_string(),
            (false, namespace) => format!("{}/{}", namespace.unwrap_or("default"), target.name),
        };
        let found = last_attempt(args, &recording, &key, console)?;
        let Some(Moment { at, tried, cluster, profiles, options, pod }) = found else {
            let by = args.at.map(|at| format!(" by {}", shown(at))).unwrap_or_default();
            bail!("{}: there is no attempt at pod {key}{by}; is its namespace right?", folder.display());
        };
        let preferred = match &tried.ended {
            Ended::Node(node) => Some(Arc::clone(node)),
            _ => None,
        };
        let options = Options { preferred, ..options };
        let mut explanation = explained(Question {
            cluster: &cluster,
            profiles,
            options,
            pod,
            now: true,
            as_pending: false,
            top: args.top,
        });
        let which = match tried.number {
            0 => "the state in which another scheduler bound it".to_string(),
            number => format!("attempt {number}"),
        };
        let said = tried.ended.shown();
        explanation
            .notes
            .insert(0, format!("This is {which}, at {}. The recording says: {said}.", shown(at)));
        let place = (explanation.pod.clone(), explanation.node.clone());
        groups.push((vec![place], explanation));
    }
    Ok(Simulated { groups, more: 0, by_default: false, whole: true })
}

/// The state in which an attempt was made.
struct Moment {
    at: Timestamp,
    tried: Tried,
    cluster: Manifests,
    profiles: Vec<Profile>,
    options: Options,
    pod: Arc<Pod>,
}

/// The last attempt at a pod, of the last stretch that has one.
fn last_attempt(
    args: &ExplainArgs,
    recording: &Recording,
    key: &str,
    console: &mut Console<'_>,
) -> anyhow::Result<Option<Moment>> {
    let begun = recording.stretches.iter().filter(|stretch| args.at.is_none_or(|at| stretch.from() <= at));
    for stretch in begun.rev() {
        let mut search = Search {
            engines: Engines::new(args.input.config.as_deref(), &args.input.plugins),
            key,
            measured: Vec::new(),
            found: None,
            decides: true,
        };
        match Replay::run(stretch, args.at, &mut search) {
            Ok(summary) => {
                if let Some(first) = summary.first {
                    console.warn(&format!(
                        "the recording does not come out as it was from {} on; `longshore replay` says where",
                        shown(first.at)
                    ));
                }
            }
            Err(ReplayError::Read(error)) => console.warn(&error.to_string()),
            Err(error) => return Err(error.into()),
        }
        if search.found.is_some() {
            return Ok(search.found);
        }
    }
    Ok(None)
}

struct Search<'s> {
    engines: Engines,
    key: &'s str,
    measured: Vec<(Option<Arc<MetricsSource>>, Arc<Sample>)>,
    found: Option<Moment>,
    /// Whether the decisions are those of the scheduler that was recorded.
    decides: bool,
}

impl Witness for Search<'_> {
    fn engine(&mut self, settings: &Settings) -> Result<Engine, String> {
        self.decides = settings.decides;
        self.engines.engine(settings)
    }

    fn profiles(&mut self, settings: &Settings) -> Result<Vec<Profile>, String> {
        self.engines.profiles(settings)
    }

    fn before(&mut self, engine: &mut Engine, turn: &Turn) {
        self.engines.tell(turn.at);
        match &turn.what {
            What::Told(Input::Metrics { source, sample }) => {
                self.measured.retain(|(other, _)| other.as_ref() != Some(source));
                self.measured.push((Some(Arc::clone(source)), Arc::clone(sample)));
            }
            What::Tried(all) => {
                let of = |tried: &Tried| engine.waiting(&tried.pod).map(|queued| Arc::clone(&queued.pod));
                let mut each = all.iter().filter_map(|tried| Some((tried, of(tried)?)));
                let found =
                    each.find(|(_, pod)| *pod.meta.name == *name_of(self.key) && pod.key() == self.key);
                if let Some((tried, pod)) = found {
                    self.found = Some(self.moment(engine, turn.at, tried, &pod));
                }
            }
            // Another scheduler decided: what is known is where it put the pod.
            What::Told(Input::Pod(pod)) if !self.decides && pod.key() == self.key => {
                let waited = engine.waiting(&pod.meta.uid).map(|queued| Arc::clone(&queued.pod));
                if let (Some(node), Some(waited)) = (&pod.meta.node_name, waited) {
                    let uid = Arc::clone(&pod.meta.uid);
                    let tried =
                        Tried { pod: uid, number: 0, ended: Ended::Node(Arc::clone(node)), feasible: 0 };
                    self.found = Some(self.moment(engine, turn.at, &tried, &waited));
                }
            }
            _ => {}
        }
    }
}

impl Search<'_> {
    fn moment(&self, engine: &Engine, at: Timestamp, tried: &Tried, pod: &Arc<Pod>) -> Moment {
        let mut cluster = Manifests { measured: self.measured.clone(), ..Manifests::default() };
        let mut asked = Arc::clone(pod);
        for input in Checkpoint::of(engine, &[]).inputs {
            match input {
                Input::Pod(other) => {
                    if other.meta.uid == pod.meta.uid {
                        asked = Arc::clone(&other);
                    }
                    cluster.pods.push(other);
                }
                Input::Node(node) => cluster.nodes.push(node),
                Input::Object(object) => cluster.objects.push(object),
                _ => {}
            }
        }
        Moment {
            at,
            tried: tried.clone(),
            cluster,
            profiles: engine.profiles().iter().map(|profile| Profile::clone(profile)).collect(),
            options: self.engines.options(engine),
            pod: asked,
        }
    }
}

fn name_of(key: &str) -> &str {
    key.split_once('/').map_or(key, |(_, name)| name)
}
