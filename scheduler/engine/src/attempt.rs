//! What came of trying a pod.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::Effect;

use crate::trace::Trace;

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The pod.
    pub pod: Arc<Pod>,
    /// Scheduler name of the profile it was tried with.
    pub profile: Str,
    /// How it ended.
    pub outcome: Outcome,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Who said what, when the engine [keeps traces](crate::Options::trace).
    pub trace: Option<Box<Trace>>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The pod is assumed on the node, and is being bound or waits to be.
    Assumed {
        /// The node.
        node: Str,
    },
    /// It does not fit.
    Unschedulable {
        /// Why.
        message: String,
        /// The node it was promised, when evictions will make room there.
        nominated: Option<Str>,
    },
    /// Something broke.
    Broken {
        /// What.
        message: String,
    },
    /// It is being deleted and was not tried.
    Terminating,
    /// It has a node already and was not tried.
    Placed,
}
