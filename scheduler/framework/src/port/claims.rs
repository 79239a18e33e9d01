//! What is written of claims for devices.

mod applied;

use std::sync::Arc;
use std::time::Duration;

use super::StorageWrite;
use crate::Str;
pub use crate::resource_claim::released::{ClaimRelease, ReleasedClaim};

use crate::objects::NamespacedName;
use crate::resource_claim::{Allocation, ClaimSpec};

/// Something that goes before the binding.
#[derive(Clone, Debug, PartialEq)]
pub enum PreBindWrite {
    /// A change to a storage object.
    Storage(StorageWrite),
    /// A claim for devices gets what was found for it, and the pod as a user.
    Claim(Box<ClaimWrite>),
    /// Wait for devices to be ready.
    AwaitDevices(AwaitDevices),
}

/// A claim that is given to the pod.
///
/// Written as kube-scheduler does: the claim is read again after each conflict. It fails when the claim is being deleted
/// (`claim NS/NAME got deleted in the meantime`), when there is an allocation to be written and it has one already (`claim
/// NS/NAME got allocated elsewhere in the meantime`), and when there is none to be written and it has none (`claim NS/NAME got
/// deallocated elsewhere in the meantime`, if it is [stamped](Self::stamp)). An allocation needs the finalizer first, by an update
/// of its own. Then allocation, the pod in `reservedFor` and the time stamp are one update of the status.
///
/// Each version of the claim that the API server answers with is told by [`Input::Object`](super::Input::Object) before
/// [`Input::PreBound`](super::Input::PreBound): what the engine assumes of the claim ends with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimWrite {
    /// Namespace of the claim.
    pub namespace: Str,
    /// Name of the claim; for one that is to be made the placeholder `<extended-resources>`.
    pub name: Str,
    /// UID of the claim, so that one recreated under its name is not taken for it. A made-up one for one that is to be made.
    pub uid: Str,
    /// Make the claim first.
    pub generated: Option<Box<GeneratedClaim>>,
    /// What it gets. `None`: it has what it needs, only the pod is added to `reservedFor`.
    pub allocation: Option<Arc<Allocation>>,
    /// Set `allocationTimestamp` to the time of writing where the allocation has none.
    pub stamp: bool,
}

/// A claim for extended resources of a pod. It gets the generateName `POD-extended-resources-`, the pod as its controlling owner, and the
/// annotation `resource.kubernetes.io/extended-resource-claim: "true"`. After it was written like any other claim, the pod's
/// `status.extendedResourceClaimStatus` gets its name and the requests; without requests that fails (`nil or empty request
/// mappings, no update of pod NS/NAME ExtendedResourceClaimStatus`).
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedClaim {
    /// `spec.devices`: requests of [exactly](crate::resource_claim::Wanted::Exactly) so many devices of a class.
    pub spec: Arc<ClaimSpec>,
    /// Which request is for which resource of which container.
    pub requests: Vec<ExtendedRequest>,
}

/// One of `requestMappings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedRequest {
    /// `containerName`.
    pub container: Str,
    /// `resourceName`.
    pub resource: Str,
    /// `requestName`.
    pub request: Str,
}

/// A wait for the binding conditions of all devices of some claims: of these, and of those that are written by the same PreBind.
///
/// It is over when no condition is missing, and fails when a failure condition is true (`device binding failed: claim=NAME,
/// reason=REASON, message="MESSAGE"`), when a claim lacks conditions for longer than the timeout after its `allocationTimestamp` (`device
/// binding timeout: claim=NAME`), and after the timeout at the latest (`device binding timeout: context deadline exceeded`). An
/// event BindingConditionsPending of type Normal, `waiting for binding conditions for device on node NODE`, is recorded when it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitDevices {
    /// The claims that are not written, because the pod is among their users already.
    pub claims: Vec<NamespacedName>,
    /// `bindingTimeout` of DynamicResources.
    pub timeout: Duration,
}
