//! The turn of one pod, as an explanation.

mod record;

pub use record::{best, preemption, scores};

use std::sync::Arc;

use longshore_engine::{DomainFit, Engine, GroupResult, Judgement, Options, Verdicts};
use longshore_framework::Str;
use longshore_framework::features::Features;
use longshore_framework::pod::Pod;
use longshore_framework::profile::Profile;
use longshore_manifest::Manifests;

use super::devices::Devices;
use super::{advice::advice, cause::cause, misses, more_nodes};
use crate::choice;
use crate::report::{API_VERSION, Explanation, PreFilter, Status};
use crate::simulation::{Paused, Record};

/// What is asked.
pub struct Question<'a> {
    /// The cluster, with the pod in it.
    pub cluster: &'a Manifests,
    /// The profiles that decide.
    pub profiles: Vec<Profile>,
    /// How the engine decides; that it traces is seen to.
    pub options: Options,
    /// The pod.
    pub pod: Arc<Pod>,
    /// Against the cluster as it stands, without deciding the pods before it.
    pub now: bool,
    /// A pod that runs, as if it waited to be placed now.
    pub as_pending: bool,
    /// Nodes to show, with scores and among the nearest misses; at the most.
    pub top: usize,
}

/// Explains the pod: decides the pods before it, unless asked not to, then judges all nodes for it, and tries what would help.
pub fn explain(question: Question<'_>) -> Explanation {
    let Question { cluster, profiles, options, pod, now, as_pending, top } = question;
    let mut pod = pod.taken_by(options.features);
    let mut explanation = blank(&pod, cluster.nodes.len(), options.features);
    let mut without = None;
    if let Some(node) = pod.meta.node_name.clone() {
        if !as_pending {
            explanation.status = Status::Running;
            explanation.node = Some(node.to_string());
            let text =
                "It runs already: its place is not decided again. --as-pending says where it would go now.";
            explanation.notes.push(text.to_string());
            return explanation;
        }
        let text =
            format!("It runs on {node}. This is where it would go if it were not there and waited now.");
        explanation.notes.push(text);
        pod = waiting(&pod);
        without = Some(instead(cluster, &pod));
    }
    let cluster = without.as_ref().unwrap_or(cluster);
    let options = Options { trace: true, ..options };
    let pause = if now || without.is_some() { Paused::now } else { Paused::at_turn };
    let mut paused = pause(cluster, profiles, options, &pod);
    explanation.decided_before = paused.before;
    let Some(profile) = paused.engine().profile_of(&pod) else {
        return skipped(explanation, &paused, &pod);
    };
    explanation.profile = Some(paused.engine().profiles()[profile].scheduler_name.to_string());
    let short_of_room = judge(&mut explanation, paused.engine_mut(), &pod, top);
    match paused.aside() {
        Some(Record::Gated { rejection, .. }) => {
            explanation.status = Status::Gated;
            explanation.message = Some(rejection.message());
            let what = match paused.engine().gate_of_group(&pod.meta.uid) {
                Some(_) => "Once its group is complete",
                None => "Once its gates are gone",
            };
            explanation.notes.push(format!("{what} it would be decided as shown here."));
        }
        _ => {
            let records = paused.proceed();
            record::attempts(&mut explanation, &records, top);
            explanation.notes.extend(records.iter().find_map(of_group));
            if explanation.status == Status::Unschedulable {
                let engine = paused.engine_mut();
                let nodes = more_nodes::advice(engine, &cluster.pods, &pod, &short_of_room);
                explanation.relaxations.extend(nodes);
            }
        }
    }
    explanation
}

/// The pod as it was before it had a node.
fn waiting(pod: &Pod) -> Arc<Pod> {
    let mut waiting = Pod::clone(pod);
    waiting.meta.node_name = None;
    waiting.meta.nominated_node = None;
    waiting.meta.started = None;
    waiting.meta.terminating = false;
    Arc::new(waiting)
}

/// The cluster with this pod in the place of the one with its UID.
fn instead(cluster: &Manifests, pod: &Arc<Pod>) -> Manifests {
    let pods = cluster.pods.iter().map(|other| if other.meta.uid == pod.meta.uid { pod } else { other });
    Manifests {
        nodes: cluster.nodes.clone(),
        pods: pods.cloned().collect(),
        objects: cluster.objects.clone(),
        ..Manifests::default()
    }
}

/// What there is to be said of a pod that was decided with its group.
fn of_group(record: &Record) -> Option<String> {
    let Record::Tried { attempt, .. } = record else { return None };
    let group = attempt.group.as_ref()?;
    let before = "What is shown of nodes is how they stand before the first pod of the group.";
    let domains = domains(group);
    Some(format!(
        "It is decided with its group. {}. {domains}{before}",
        capital(group.message.trim_end_matches('.'))
    ))
}

/// Domains that are told of beside the nearest.
const DOMAINS: usize = 5;

/// What each domain lacks that was looked at for the group.
fn domains(group: &GroupResult) -> String {
    let lacks = |domain: &DomainFit| {
        let DomainFit { key, name, nodes, fit } = domain;
        format!("{key} {name} has places for {fit} of {} on {nodes} node(s)", group.min_count)
    };
    let told: Vec<String> = group.domains.iter().take(DOMAINS).map(lacks).collect();
    match group.domains.len().saturating_sub(told.len()) {
        _ if told.is_empty() => String::new(),
        0 => format!("{}. ", capital(&told.join(", "))),
        more => format!("{}, and {more} more have places for as few or fewer. ", capital(&told.join(", "))),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn blank(pod: &Pod, nodes: usize, features: Features) -> Explanation {
    Explanation {
        api_version: API_VERSION.into(),
        kind: "Explanation".into(),
        rules: features.into(),
        pod: pod.key(),
        status: Status::Skipped,
        node: None,
        message: None,
        profile: None,
        priority: pod.spec.priority,
        decided_before: 0,
        nodes,
        feasible: 0,
        pre_filter: None,
        filters: Vec::new(),
        tied: None,
        scores: Vec::new(),
        preemption: None,
        cause: None,
        devices: None,
        nearest: Vec::new(),
        relaxations: Vec::new(),
        notes: Vec::new(),
    }
}

fn skipped(mut explanation: Explanation, paused: &Paused, pod: &Pod) -> Explanation {
    let profiles = paused.engine().profiles();
    let (wanted, names) = (&pod.spec.scheduler_name, choice::names(profiles));
    explanation.message = Some(format!("no profile has the scheduler name {wanted}, only {names}"));
    explanation.notes.push(format!("What to do: {}.", choice::fix(profiles)));
    explanation
}

/// What every filter says of every node, before the pod is tried. Returns the nodes that lack nothing but room.
fn judge(explanation: &mut Explanation, engine: &mut Engine, pod: &Arc<Pod>, top: usize) -> Vec<Str> {
    let judged: Vec<Judgement> = match engine.judge_everywhere(pod) {
        Verdicts::PerNode(judged) => judged,
        Verdicts::Everywhere { rejection } => {
            let reasons: Vec<String> = rejection.reasons.iter().map(ToString::to_string).collect();
            explanation.cause = Some(reasons.join(", "));
            explanation.pre_filter = Some(PreFilter { plugin: None, reasons, nodes: None });
            Vec::new()
        }
        Verdicts::Broken(message) => {
            explanation.status = Status::Error;
            explanation.message = Some(message);
            return Vec::new();
        }
    };
    explanation.feasible = judged.iter().filter(|j| j.rejections.is_empty()).count();
    let first = judged.iter().filter_map(|j| Some((&j.node, j.rejections.first()?)));
    explanation.filters = record::grouped(first.map(|(node, (plugin, rejection))| (node, plugin, rejection)));
    if explanation.feasible == 0 {
        explanation.nearest = misses::nearest(engine, pod, &judged, top);
        let features = engine.options().features;
        explanation.devices = Devices::new(features, engine.cache().objects()).look(engine, pod);
        explanation.cause = explanation.cause.take().or_else(|| cause(engine, pod, &judged));
        explanation.relaxations = advice(engine, pod, &judged, explanation.devices.as_ref());
        return more_nodes::short_of_room(&judged);
    }
    Vec::new()
}
