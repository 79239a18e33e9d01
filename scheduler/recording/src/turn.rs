//! One call of the engine.

use longshore_framework::port::Input;
use longshore_framework::{Str, Timestamp};

use crate::done::{Done, Tried};
use crate::settings::Settings;

/// One call of the engine, and what came of it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// When, by the engine's own time.
    pub at: Timestamp,
    /// The call.
    pub what: What,
    /// What it wanted done.
    pub effects: Vec<Done>,
}

/// A call of the engine.
#[derive(Clone, Debug)]
pub enum What {
    /// It was told something.
    Told(Input),
    /// It tried the pod whose turn it was, and the others of its group.
    Tried(Vec<Tried>),
    /// It was asked whether a binding still fits that is about to be written.
    Looked {
        /// The pod.
        pod: Str,
        /// The node.
        node: Str,
        /// What it said.
        fits: bool,
    },
    /// It got other profiles.
    Reloaded(Box<Settings>),
}

impl What {
    /// In words, for people who look for the cause of a difference.
    pub fn shown(&self) -> String {
        match self {
            Self::Told(input) => input_shown(input),
            Self::Tried(tried) => match tried.first() {
                Some(first) => format!("attempt {} at the pod with UID {}", first.number, first.pod),
                None => "an attempt".to_string(),
            },
            Self::Looked { pod, node, .. } => format!("a last look at the binding of {pod} to {node}"),
            Self::Reloaded(_) => "the configuration was read again".to_string(),
        }
    }
}

fn input_shown(input: &Input) -> String {
    let outcome = |result: &Result<(), Str>| match result {
        Ok(()) => "done".to_string(),
        Err(why) => format!("failed: {why}"),
    };
    match input {
        Input::Pod(pod) => format!("pod {} is new or changed", pod.key()),
        Input::PodDeleted { uid } => format!("the pod with UID {uid} is gone"),
        Input::Node(node) => format!("node {} is new or changed", node.name),
        Input::NodeDeleted { name } => format!("node {name} is gone"),
        Input::Object(object) => format!("{:?} is new or changed", object.key()),
        Input::ObjectDeleted(object) => format!("{:?} is gone", object.key()),
        Input::Metrics { source, .. } => format!("{source} says what is measured on nodes"),
        Input::PreBound { uid, result } => {
            format!("what goes before the binding of {uid}: {}", outcome(result))
        }
        Input::Bound { uid, result } => format!("the binding of {uid}: {}", outcome(result)),
        Input::Evicted { uid, result } => format!("the evictions for {uid}: {}", outcome(result)),
        Input::Allow { uid, plugin } => format!("{plugin} lets {uid} go"),
        Input::Reject { uid, plugin, .. } => format!("{plugin} turns {uid} away"),
        Input::Time(at) => format!("the time is {}", at.0),
    }
}
