//! The document of `longshore plugin run`.

use longshore_framework::port::Request;
use longshore_framework::verdict::Rejection;
use longshore_simulation::report::API_VERSION;
use serde::Serialize;

use crate::rehearsal::hear::Line;
use crate::rehearsal::turn::{Answer, Judged, Kind, NodeAnswer, Turn};

/// What a plugin answered about a pod.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PluginRun {
    /// [`API_VERSION`].
    pub(crate) api_version: &'static str,
    /// `PluginRun`.
    pub(crate) kind: &'static str,
    /// The name in the plugin's manifest, or of its file.
    pub(crate) plugin: String,
    /// SHA-256 of the module.
    pub(crate) digest: String,
    /// The pod.
    pub(crate) pod: String,
    /// The best node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chosen: Option<String>,
    /// How many nodes fit.
    pub(crate) feasible: usize,
    /// Answers about the pod, in the order in which it was asked.
    pub(crate) stages: Vec<StageResult>,
    /// Answers about nodes, by name.
    pub(crate) nodes: Vec<NodeResult>,
    /// What it logged.
    pub(crate) log: Vec<Line>,
    /// Kubernetes events it emitted.
    pub(crate) events: Vec<EventOf>,
    /// UIDs of pods it lets go on.
    pub(crate) allowed: Vec<String>,
    /// UIDs of pods that it wants to be tried again.
    pub(crate) activated: Vec<String>,
    /// Pods it turns away.
    pub(crate) turned_away: Vec<TurnedAway>,
}

/// An answer about the pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageResult {
    /// The stage.
    pub(crate) stage: &'static str,
    /// `Pass`, `Only`, `Skip`, `Reject`, `Failed`, `Wait`, `Nominate`, `Bind` or `Leave`.
    pub(crate) answer: &'static str,
    /// How final a rejection is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    /// Why it was rejected, or how it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// Nodes that PreFilter leaves, or the one that PostFilter nominates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nodes: Option<Vec<String>>,
    /// Pods that PostFilter evicts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) victims: Option<Vec<String>>,
    /// How long Permit would wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_millis: Option<u64>,
    /// Annotations of the binding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<std::collections::BTreeMap<String, String>>,
}

/// An answer about a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeResult {
    /// The node.
    pub(crate) node: String,
    /// `Fits`, `Rejected`, or `LeftOut` when PreFilter named others.
    pub(crate) verdict: &'static str,
    /// How final a rejection is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// What Score gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<i64>,
    /// After normalising.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<i64>,
}

/// A Kubernetes event about a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventOf {
    /// UID of the pod.
    pub(crate) uid: String,
    /// `Normal` or `Warning`.
    pub r#type: &'static str,
    /// In CamelCase.
    pub(crate) reason: String,
    /// For people.
    pub(crate) note: String,
}

/// A pod that the plugin turns away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TurnedAway {
    /// UID of the pod.
    pub(crate) uid: String,
    /// Why.
    pub(crate) message: String,
}

impl PluginRun {
    /// A document; what was logged and asked for goes in.
    pub(crate) fn new(
        (plugin, digest): (String, String),
        pod: String,
        turn: &Turn,
        log: Vec<Line>,
        requests: Vec<Request>,
    ) -> Self {
        let nodes: Vec<NodeResult> = turn.nodes.iter().map(node).collect();
        let mut run = Self {
            api_version: API_VERSION,
            kind: "PluginRun",
            plugin,
            digest,
            pod,
            chosen: turn.chosen.clone(),
            feasible: nodes.iter().filter(|n| n.verdict == "Fits").count(),
            stages: turn.stages.iter().map(stage).collect(),
            nodes,
            log,
            events: Vec::new(),
            allowed: Vec::new(),
            activated: Vec::new(),
            turned_away: Vec::new(),
        };
        requests.into_iter().for_each(|request| run.ask(request));
        run
    }

    fn ask(&mut self, request: Request) {
        match request {
            Request::Allow { uid, .. } => self.allowed.push(uid.to_string()),
            Request::Reject { uid, message, .. } => {
                self.turned_away.push(TurnedAway { uid: uid.to_string(), message: message.to_string() });
            }
            Request::Activate { uid } => self.activated.push(uid.to_string()),
            Request::Event { uid, warning, reason, note, .. } => self.events.push(EventOf {
                uid: uid.to_string(),
                r#type: if warning { "Warning" } else { "Normal" },
                reason: reason.to_string(),
                note: note.to_string(),
            }),
        }
    }
}

fn stage(answer: &Answer) -> StageResult {
    let mut out =
        StageResult { stage: answer.stage.name(), answer: answer.kind.word(), ..StageResult::default() };
    match &answer.kind {
        Kind::Pass | Kind::Skip | Kind::Left => {}
        Kind::Only(nodes) => out.nodes = Some(nodes.clone()),
        Kind::Rejected(no) => (out.code, out.message) = rejected(no),
        Kind::Failed(message) => out.message = Some(message.clone()),
        Kind::Wait(millis) => out.wait_millis = Some(*millis),
        Kind::Nominated { node, victims } => {
            out.nodes = Some(node.iter().cloned().collect());
            out.victims = Some(victims.clone());
        }
        Kind::Bound(annotations) => out.annotations = Some(annotations.iter().cloned().collect()),
    }
    out
}

fn node(answer: &NodeAnswer) -> NodeResult {
    let node = answer.node.clone();
    let plain = NodeResult { node, verdict: "", code: None, message: None, raw: None, score: None };
    match &answer.judged {
        Judged::Fits { raw, score } => NodeResult { verdict: "Fits", raw: *raw, score: *score, ..plain },
        Judged::LeftOut => NodeResult { verdict: "LeftOut", ..plain },
        Judged::Rejected(no) => {
            let (code, message) = rejected(no);
            NodeResult { verdict: "Rejected", code, message, ..plain }
        }
    }
}

fn rejected(no: &Rejection) -> (Option<&'static str>, Option<String>) {
    (Some(no.code.as_str()), Some(no.message()))
}
