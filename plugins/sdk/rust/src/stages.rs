//! One trait for each stage. A plugin takes part in those that [`export_plugin!`](crate::export_plugin) names.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    Binding, Cycle, Error, Event, Node, Nodes, PermitOutcome, Placement, Plugin, Pod, PodInfo,
    PostFilterOutcome, PreFilterOutcome, PreScoreOutcome, RejectCode, Verdict, Verdicts,
};

/// May the pod enter the queue at all?
pub trait PreEnqueue: Plugin {
    /// A rejection keeps the pod gated until one of the plugin's events.
    ///
    /// # Errors
    /// The plugin's failure.
    fn pre_enqueue(&self, pod: &Pod) -> Result<Verdict, Error>;
}

/// Which pod goes first? One plugin sorts the queue, the same in all profiles.
pub trait QueueSort: Plugin {
    /// Where the pod stands: the lower first number goes first, between equals the lower second one, and between equals in
    /// both the pod that came first. `since`: when the pod entered the queue after its last attempt, in milliseconds since
    /// the Unix epoch.
    ///
    /// Asked when a pod enters the queue, and not again while it is there: the answer depends on the pod, the config and
    /// `since` only.
    ///
    /// # Errors
    /// The plugin's failure; the pod stands where the plugin PrioritySort puts it.
    fn rank(&self, pod: &Pod, since: u64) -> Result<(i64, i64), Error>;
}

/// May an event let a pod fit that the plugin rejected? Without this trait each event of the manifest does.
pub trait Hints: Plugin {
    /// Whether the pod is worth another try.
    ///
    /// # Errors
    /// Counts as yes.
    fn hint(&self, pod: &Pod, event: &Event) -> Result<bool, Error>;
}

/// Something to be done from time to time, whatever becomes of pods.
pub trait Timers: Plugin {
    /// How often; at least every 100 milliseconds.
    ///
    /// # Errors
    /// The profile is refused with this text.
    fn every(config: &Self::Config) -> Result<Duration, Error>;

    /// The time has come. [`host::engine::activate`](crate::host::engine::activate) and
    /// [`host::waiting`](crate::host::waiting) are of use here.
    ///
    /// # Errors
    /// The plugin's failure. There will be another tick.
    fn tick(&mut self) -> Result<(), Error>;
}

/// Objects beside pods and nodes, which the manifest declares: see [`object`](crate::object). Every plugin can; to name it
/// in [`export_plugin!`](crate::export_plugin) is enough.
pub trait Objects: Plugin {}

impl<P: Plugin> Objects for P {}

/// What is measured on nodes, which the manifest declares: see [`metric`](crate::metric). Every plugin can; to name it in
/// [`export_plugin!`](crate::export_plugin) is enough.
pub trait Metrics: Plugin {}

impl<P: Plugin> Metrics for P {}

/// Look at the pod once, before any node.
pub trait PreFilter: Plugin {
    /// Which nodes are worth a look, and what later stages should know.
    ///
    /// # Errors
    /// The plugin's failure.
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<Self::Shared>, Error>;
}

/// How what PreFilter left changes with the pods on a node, for hypotheses.
pub trait PreFilterExtensions: PreFilter {
    /// As if `added` were on the node.
    ///
    /// # Errors
    /// The plugin's failure.
    fn add_pod(&self, shared: &mut Self::Shared, pod: &Pod, added: &PodInfo, node: &str)
    -> Result<(), Error>;

    /// As if `removed` were not.
    ///
    /// # Errors
    /// The plugin's failure.
    fn remove_pod(
        &self,
        shared: &mut Self::Shared,
        pod: &Pod,
        removed: &PodInfo,
        node: &str,
    ) -> Result<(), Error>;
}

/// Can the pod run there?
pub trait Filter: Plugin {
    /// Judges one node.
    fn filter(&self, cycle: &Cycle<Self>, node: Node<'_>) -> Verdict;

    /// Judges many nodes: rejects those that do not fit, in ascending order. Leave it as it is unless the columns as
    /// wholes are of use; it must say what [`Filter::filter`] says.
    #[inline]
    fn filter_all(&self, cycle: &Cycle<Self>, nodes: Nodes<'_>, verdicts: &mut Verdicts) {
        nodes.each(|node| {
            if let Verdict::Reject(reject) = self.filter(cycle, node) {
                verdicts.reject(node, reject);
            }
        });
    }
}

/// No node is feasible: what can be done?
pub trait PostFilter: Plugin {
    /// `rejected` has every node's name, and how final its rejection is.
    ///
    /// # Errors
    /// The plugin's failure.
    fn post_filter(
        &mut self,
        pod: &Pod,
        shared: &Self::Shared,
        rejected: &[(String, RejectCode)],
    ) -> Result<PostFilterOutcome, Error>;
}

/// Two nodes or more are feasible.
pub trait PreScore: Plugin {
    /// What Score should know, in place of what PreFilter left.
    ///
    /// # Errors
    /// The plugin's failure.
    fn pre_score(
        &self,
        pod: &Pod,
        shared: Self::Shared,
        feasible: u32,
    ) -> Result<PreScoreOutcome<Self::Shared>, Error>;
}

/// How good is a node for the pod?
pub trait Score: Plugin {
    /// Scores one node: 0 to 100, unless the plugin normalises.
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64;

    /// Scores many nodes: one number for each, in ascending order.
    #[inline]
    fn score_all(&self, cycle: &Cycle<Self>, nodes: Nodes<'_>, scores: &mut Vec<i64>) {
        scores.reserve(nodes.count());
        nodes.each(|node| scores.push(self.score(cycle, node)));
    }
}

/// Brings the scores of all feasible nodes into 0 to 100.
pub trait NormalizeScore: Score {
    /// Changes the scores in place.
    ///
    /// # Errors
    /// The plugin's failure.
    fn normalize_score(&self, shared: &Self::Shared, scores: &mut [i64]) -> Result<(), Error>;
}

/// Set aside what the scheduler does not count.
pub trait Reserve: Plugin {
    /// May be called again for a pod and a node, when an instance replaces another: the answer must be the same and
    /// nothing may be counted twice.
    ///
    /// # Errors
    /// The plugin's failure.
    fn reserve(&mut self, at: &Placement<'_, Self>) -> Result<Verdict, Error>;

    /// Called also for pods that were never reserved.
    fn unreserve(&mut self, pod: &Pod, node: &str);
}

/// Now, later or never.
pub trait Permit: Plugin {
    /// After Reserve, before anything is written.
    ///
    /// # Errors
    /// The plugin's failure.
    fn permit(&mut self, at: &Placement<'_, Self>) -> Result<PermitOutcome, Error>;
}

/// Last look before the binding.
pub trait PreBind: Plugin {
    /// A rejection sends the pod back.
    ///
    /// # Errors
    /// The plugin's failure.
    fn pre_bind(&mut self, at: &Placement<'_, Self>) -> Result<Verdict, Error>;
}

/// The binding itself.
pub trait Bind: Plugin {
    /// The scheduler writes the binding; the API server copies its annotations to the pod. `None` leaves it to the
    /// next plugin.
    ///
    /// # Errors
    /// The plugin's failure.
    fn bind(&mut self, at: &Placement<'_, Self>) -> Result<Option<Binding>, Error>;
}

/// The pod is bound.
pub trait PostBind: Plugin {
    /// Nothing can be changed any more.
    fn post_bind(&mut self, pod: &Pod, node: &str);
}

/// State that lives longer than an instance.
pub trait Handover: Plugin {
    /// What is kept, as JSON of at most 1 MiB.
    type Saved: Serialize + DeserializeOwned;

    /// Everything that is worth keeping.
    fn save(&self) -> Self::Saved;

    /// What another instance of this plugin, perhaps of another version, saved.
    ///
    /// # Errors
    /// The new instance is not used.
    fn restore(&mut self, saved: Self::Saved) -> Result<(), Error>;
}
