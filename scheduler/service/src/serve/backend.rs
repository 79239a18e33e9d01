//! Questions that somebody else answers.

use futures::future::BoxFuture;
use longshore_framework::features::Features;
use longshore_simulation::report::Explanation;
use serde_json::Value;

use crate::decisions::DecisionList;

/// What this process is to the others of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It decides.
    Leader,
    /// Another one decides: its identity, when it is known.
    Standby(Option<String>),
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Whoever would know is not there yet, or no more, or has too much to do.
    #[error("{0}")]
    Unavailable(String),
}

/// Answers from the scheduling thread.
pub trait Backend: Send + Sync + 'static {
    /// Whether this process decides.
    fn standing(&self) -> Standing;

    /// The rules that decisions follow.
    fn features(&self) -> Features;

    /// The last decisions about a pod; `None` when there are none.
    fn decisions<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
    ) -> BoxFuture<'a, Result<Option<DecisionList>, Unanswered>>;

    /// Why the pod is where it is or is nowhere, with the `top` best nodes; `None` when the pod is not known. With `as_pending` one
    /// that runs is explained as if it waited.
    fn explain<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
        as_pending: bool,
        top: usize,
    ) -> BoxFuture<'a, Result<Option<Explanation>, Unanswered>>;

    /// The configuration in force, every default filled in: a `KubeSchedulerConfiguration` as JSON.
    fn configuration(&self) -> BoxFuture<'_, Result<Value, Unanswered>>;

    /// The page [`pod_resources`](crate::metrics::pod_resources).
    fn pod_resources(&self) -> BoxFuture<'_, Result<String, Unanswered>>;
}
