//! All that enters and leaves the engine.

mod claims;
mod groups;
mod requests;

use std::sync::Arc;

use crate::group::GroupKey;
use crate::node::Node;
use crate::node_metrics::{MetricsSource, Sample};
use crate::objects::Object;
use crate::pod::Pod;
use crate::resources::is_qualified_name;
use crate::verdict::{PluginError, Rejection};
use crate::{Str, Timestamp};

pub use claims::{
    AwaitDevices, ClaimRelease, ClaimWrite, ExtendedRequest, GeneratedClaim, PreBindWrite, ReleasedClaim,
};
pub use groups::{GroupStanding, GroupState};
pub use requests::{Request, Requests};

/// Something the engine is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A pod is new or has changed. Which of the two the engine knows by its UID: of a pod that was deleted and created
    /// anew under its name it has to be told [`PodDeleted`](Self::PodDeleted) first.
    Pod(Arc<Pod>),
    /// A pod is gone or has finished.
    PodDeleted {
        /// Its UID.
        uid: Str,
    },
    /// A node is new or has changed.
    Node(Arc<Node>),
    /// A node is gone.
    NodeDeleted {
        /// Its name.
        name: Str,
    },
    /// Another object is new or has changed. A ResourceClaim may be told of as it was before; the older
    /// [version](crate::resource_claim::ResourceClaim::version) is ignored.
    Object(Object),
    /// Another object is gone.
    ObjectDeleted(Object),
    /// A source says what is measured on nodes.
    Metrics {
        /// The source, as plugins name it.
        source: Arc<MetricsSource>,
        /// What it says.
        sample: Arc<Sample>,
    },
    /// What has to be written before the binding is written, or failed.
    PreBound {
        /// The pod.
        uid: Str,
        /// `Err` with a message when it failed.
        result: Result<(), Str>,
    },
    /// The binding was accepted, or failed.
    Bound {
        /// The pod.
        uid: Str,
        /// `Err` with a message when it failed.
        result: Result<(), Str>,
    },
    /// The evictions for a preemptor were performed, or one failed.
    Evicted {
        /// The preemptor.
        uid: Str,
        /// `Err` with a message when one failed.
        result: Result<(), Str>,
    },
    /// A plugin lets a waiting pod go.
    Allow {
        /// The pod.
        uid: Str,
        /// The plugin.
        plugin: Str,
    },
    /// A plugin turns a waiting pod away.
    Reject {
        /// The pod.
        uid: Str,
        /// The plugin.
        plugin: Str,
        /// Why.
        message: Str,
    },
    /// Time has passed.
    Time(Timestamp),
}

/// A binding to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Namespace of the pod.
    pub namespace: Str,
    /// Name of the pod.
    pub name: Str,
    /// UID of the pod, so that one recreated under its name is not bound by mistake.
    pub uid: Str,
    /// The node.
    pub node: Str,
    /// Annotations that the API server copies to the pod, over those of the same keys.
    pub annotations: Vec<(Str, Str)>,
}

/// What all annotations of an object hold at the most, keys included: 256 KiB.
const MAX_ANNOTATIONS: usize = 256 << 10;

impl Binding {
    /// `pod` on `node`, without annotations.
    pub fn of(pod: &Pod, node: &Str) -> Self {
        let meta = &pod.meta;
        Self {
            namespace: Arc::clone(&meta.namespace),
            name: Arc::clone(&meta.name),
            uid: Arc::clone(&meta.uid),
            node: Arc::clone(node),
            annotations: Vec::new(),
        }
    }

    /// Whether a pod may have these annotations. The API server takes any with a binding, and then refuses every later
    /// change of the pod for the ones it should not have taken.
    ///
    /// # Errors
    /// A key that is not a qualified name, or more than 256 KiB in all.
    pub fn check_annotations(&self) -> Result<(), PluginError> {
        if let Some((key, _)) = self.annotations.iter().find(|(k, _)| !is_qualified_name(&k.to_lowercase())) {
            return Err(PluginError::new(format!("{key:?} is not a key of annotations")));
        }
        let size: usize = self.annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
        if size > MAX_ANNOTATIONS {
            return Err(PluginError::new(format!(
                "annotations of {size} bytes; at most {MAX_ANNOTATIONS} fit"
            )));
        }
        Ok(())
    }
}

/// A change to a storage object that goes before the binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageWrite {
    /// Set the volume's `claimRef`.
    BindVolume {
        /// PersistentVolume.
        volume: Str,
        /// Namespace of the claim.
        namespace: Str,
        /// Claim.
        claim: Str,
    },
    /// Set the claim's selected-node annotation.
    Provision {
        /// Namespace of the claim.
        namespace: Str,
        /// Claim.
        claim: Str,
        /// Node.
        node: Str,
    },
}

/// Why a pod did not get a node, as its condition will say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureReason {
    /// It does not fit.
    Unschedulable,
    /// Something broke.
    SchedulerError,
}

impl FailureReason {
    /// The condition's reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unschedulable => "Unschedulable",
            Self::SchedulerError => "SchedulerError",
        }
    }
}

/// Something the engine wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write these, then say [`Input::PreBound`].
    PreBind {
        /// The pod.
        pod: Arc<Pod>,
        /// Its node.
        node: Str,
        /// The writes, in this order. The first that fails ends it.
        writes: Vec<PreBindWrite>,
    },
    /// Take back what claims have. Nobody waits for it, and a failure is only noted: where it matters, the next attempt
    /// asks for it again. Each claim as it is afterwards is told by [`Input::Object`] or [`Input::ObjectDeleted`].
    ReleaseClaims {
        /// The pod for which something was reserved, or is to be tried again.
        pod: Arc<Pod>,
        /// What is taken back, in this order. Each is tried, whatever became of the others.
        releases: Vec<ReleasedClaim>,
    },
    /// Write the binding, then say [`Input::Bound`].
    Bind {
        /// The pod.
        pod: Arc<Pod>,
        /// The binding.
        binding: Binding,
        /// Names of the extenders that are asked, in this order, to write the binding instead. The first answer counts,
        /// errors included, but an ignorable extender that fails is passed over; after the last one the binding is
        /// written as if there were none.
        extenders: Vec<Str>,
    },
    /// Evict these pods in this order, then say [`Input::Evicted`]. The preemptor rests until then, and until the victims
    /// were seen to go. Those that are terminating need no call.
    Evict {
        /// For whom.
        preemptor: Arc<Pod>,
        /// Which.
        victims: Vec<Arc<Pod>>,
        /// Where.
        node: Str,
    },
    /// A pod that was not bound yet gave up its room for another one in the scheduler's memory, and is tried again;
    /// there is nothing to evict. Record a Preempted event on it, with the suffix ` (in kube-scheduler memory).`.
    Preempted {
        /// Whose room it was.
        victim: Arc<Pod>,
        /// For whom.
        preemptor: Arc<Pod>,
        /// Where.
        node: Str,
    },
    /// Clear the nominated node of a pod.
    ClearNomination {
        /// The pod.
        pod: Arc<Pod>,
    },
    /// Set the PodScheduled condition to False and the nominated node, and record a FailedScheduling event.
    Failed {
        /// The pod.
        pod: Arc<Pod>,
        /// The condition's reason.
        reason: FailureReason,
        /// The condition's message.
        message: String,
        /// The nominated node to write: `None` leaves it, an empty name clears it.
        nominated_node: Option<Str>,
    },
    /// The pod may not be bound now; it waits for plugins to allow it.
    Waiting {
        /// The pod.
        pod: Arc<Pod>,
        /// Its node.
        node: Str,
        /// When the first of the plugins gives up.
        until: Timestamp,
    },
    /// The pod is gated; a rejection of a PreEnqueue plugin.
    Gated {
        /// The pod.
        pod: Arc<Pod>,
        /// The plugin.
        plugin: Str,
        /// What it said.
        rejection: Rejection,
    },
    /// A plugin has something to say of the pod; record an event of this reason.
    PluginEvent {
        /// The pod.
        pod: Arc<Pod>,
        /// The plugin.
        plugin: Str,
        /// Whether it is a warning.
        warning: bool,
        /// In CamelCase, as the plugin wrote it.
        reason: Str,
        /// For people.
        note: Str,
    },
    /// A group is decided, waits for more pods since a while, or had to make room for others. Say so in the status of its
    /// object, if it has one, and record an event on it.
    GroupStatus {
        /// The group.
        group: GroupKey,
        /// How it stands.
        standing: GroupStanding,
        /// One of its pods.
        pod: Arc<Pod>,
    },
    /// The pod is bound; record a Scheduled event.
    Scheduled {
        /// The pod.
        pod: Arc<Pod>,
        /// Its node.
        node: Str,
        /// Nodes that were looked at for it.
        evaluated_nodes: usize,
        /// Nodes that it fitted on.
        feasible_nodes: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pod;

    #[track_caller]
    fn check(annotations: &[(&str, &str)], problem: Option<&str>) {
        let mut binding = Binding::of(&pod("web").namespace("shop").build(), &"n".into());
        binding.annotations = annotations.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        match (binding.check_annotations(), problem) {
            (Ok(()), None) => {}
            (Err(error), Some(want)) => assert!(error.to_string().contains(want), "{error}"),
            (got, want) => panic!("{got:?}, not {want:?}"),
        }
    }

    #[test]
    fn a_pod_may_have_annotations_with_qualified_names_and_any_text() {
        check(&[], None);
        check(&[("Example.com/GPU-index", "0,1 — any text"), ("plain", "")], None);
        check(&[("two/slashes/here", "")], Some("two/slashes/here"));
        check(&[("", "x")], Some("not a key"));
        check(&[("a", &"x".repeat(256 << 10))], Some("262145 bytes"));
    }
}
