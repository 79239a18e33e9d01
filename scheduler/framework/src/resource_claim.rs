//! What pods ask for of devices, and what they were given.

pub mod released;

use std::sync::Arc;

use crate::device::{DeviceToleration, DriverConfig};
use crate::node_selector::NodeSelector;
use crate::quantity::Quantity;
use crate::{Str, Timestamp};
use serde::{Deserialize, Serialize};

/// The annotation of claims that schedulers make for extended resources.
pub const EXTENDED_RESOURCE_CLAIM: &str = "resource.kubernetes.io/extended-resource-claim";
/// The finalizer of claims that have something.
pub const CLAIM_FINALIZER: &str = "resource.kubernetes.io/delete-protection";

/// A ResourceClaim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceClaim {
    /// Namespace.
    pub namespace: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
    /// `metadata.resourceVersion`: of two versions of a claim the one with the greater number is newer. 0 when nobody says,
    /// as in files.
    pub version: u64,
    /// It is being deleted.
    pub terminating: bool,
    /// The UID of the pod for which it was made.
    pub owner_uid: Option<Str>,
    /// A scheduler made it for extended resources of its owner: it has the annotation
    /// [`EXTENDED_RESOURCE_CLAIM`] with the value `true`.
    pub extended: bool,
    /// What it asks for.
    pub spec: Arc<ClaimSpec>,
    /// What it was given.
    pub allocation: Option<Arc<Allocation>>,
    /// `status.allocation.allocationTimestamp`.
    pub allocated_at: Option<Timestamp>,
    /// `status.reservedFor`: who uses it.
    pub reserved_for: Vec<ClaimUser>,
    /// `status.devices`: what drivers say of its devices.
    pub devices: Vec<DeviceStatus>,
}

impl ResourceClaim {
    /// Namespace and name.
    pub fn key(&self) -> (Str, Str) {
        (Arc::clone(&self.namespace), Arc::clone(&self.name))
    }

    /// `namespace/name`, as in messages.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Whether a pod of this UID is among its [users](Self::reserved_for).
    pub fn is_reserved_for(&self, uid: &Str) -> bool {
        self.reserved_for.iter().any(|user| user.uid == *uid)
    }

    /// Whether all of the status is the same.
    pub fn has_same_status(&self, other: &Self) -> bool {
        self.allocation == other.allocation
            && self.allocated_at == other.allocated_at
            && self.reserved_for == other.reserved_for
            && self.devices == other.devices
    }
}

/// Who uses a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimUser {
    /// `pods`, or another resource.
    pub resource: Str,
    /// Name.
    pub name: Str,
    /// UID.
    pub uid: Str,
}

/// What a driver says of a device that a claim has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// The driver.
    pub driver: Str,
    /// The pool.
    pub pool: Str,
    /// The device.
    pub device: Str,
    /// Types of conditions that are true.
    pub holds: Vec<Str>,
}

/// `spec.devices` of a ResourceClaim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClaimSpec {
    /// What is asked for, in order.
    pub requests: Vec<DeviceRequest>,
    /// What the devices must have in common, or must not.
    pub constraints: Vec<DeviceConstraint>,
    /// What drivers are told.
    pub config: Vec<ClaimConfig>,
}

/// One request of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// Name, unique in the claim.
    pub name: Str,
    /// What is asked for.
    pub wanted: Wanted,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Wanted {
    /// Exactly this.
    Exactly(DeviceWish),
    /// The first of these that there is. Each has a name of its own.
    FirstAvailable(Vec<(Str, DeviceWish)>),
    /// Something that is not known here.
    Unknown,
}

/// Devices of a class.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceWish {
    /// `deviceClassName`.
    pub class: Str,
    /// Expressions that a device must match, all of them.
    pub selectors: Arc<[Str]>,
    /// How many.
    pub count: DeviceCount,
    /// `adminAccess`: also devices that are in use.
    pub admin: bool,
    /// Which taints do not matter.
    pub tolerations: Arc<[DeviceToleration]>,
    /// `capacity.requests`: how much is needed of what, in order of name.
    pub capacity: Vec<(Str, Quantity)>,
}

impl Default for DeviceWish {
    fn default() -> Self {
        Self {
            class: "".into(),
            selectors: Arc::from([]),
            count: DeviceCount::Exactly(1),
            admin: false,
            tolerations: Arc::from([]),
            capacity: Vec::new(),
        }
    }
}

/// How many devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeviceCount {
    /// So many.
    Exactly(u64),
    /// All that match, at least one.
    All,
}

/// What devices must have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceConstraint {
    /// Names of requests, or of one alternative as `request/alternative`; none stands for all.
    pub requests: Vec<Str>,
    /// What holds for their devices.
    pub rule: ConstraintRule,
}

/// How an attribute is to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConstraintRule {
    /// The same for all devices.
    Match(Str),
    /// Different for each device.
    Distinct(Str),
    /// Something that is not known here.
    Unknown,
}

/// What a driver is told of some requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClaimConfig {
    /// Names of requests, or of alternatives; none stands for all.
    pub requests: Vec<Str>,
    /// What is said.
    pub config: DriverConfig,
}

/// What a claim was given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// The devices, in the order of requests.
    pub devices: Vec<AllocatedDevice>,
    /// What drivers are told.
    pub config: Vec<AllocatedConfig>,
    /// The nodes from which all the devices can be used; without one, every node.
    pub node_selector: Option<Arc<NodeSelector>>,
}

/// A device that was given to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AllocatedDevice {
    /// `request`, or `request/alternative`.
    pub request: Str,
    /// The driver.
    pub driver: Str,
    /// The pool.
    pub pool: Str,
    /// The device.
    pub device: Str,
    /// The device may be in use by others, and this is no use of it.
    pub admin: bool,
    /// The request's tolerations.
    pub tolerations: Arc<[DeviceToleration]>,
    /// Of a device that several claims have: what tells this share from the others. Empty before it is reserved.
    pub share: Option<Str>,
    /// How much of what it has is taken by this, in order of name.
    pub consumed: Vec<(Str, Quantity)>,
    /// Conditions that must be true before a pod is bound.
    pub binding_conditions: Option<Arc<[Str]>>,
    /// Conditions of which one that is true means that binding failed.
    pub binding_failure_conditions: Arc<[Str]>,
}

/// What a driver is told of what a claim was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AllocatedConfig {
    /// Who says it.
    pub source: ConfigSource,
    /// The requests that it is said of; none stands for all.
    pub requests: Vec<Str>,
    /// What is said.
    pub config: DriverConfig,
}

/// Who tells a driver something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigSource {
    /// The class of a device.
    Class,
    /// The claim.
    Claim,
}

impl ConfigSource {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "FromClass",
            Self::Claim => "FromClaim",
        }
    }
}
