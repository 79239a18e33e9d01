//! Devices, as drivers publish them and claims ask for them.

use std::sync::Arc;

use crate::node::Node;
use crate::node_selector::NodeSelector;
use crate::quantity::Quantity;
use crate::{Str, Timestamp};
use serde::{Deserialize, Serialize};

/// What the implicit extended resource of every class begins with; the name of the class follows.
pub const DEVICE_CLASS_PREFIX: &str = "deviceclass.resource.kubernetes.io/";

/// A DeviceClass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceClass {
    /// Name.
    pub name: Str,
    /// `spec.extendedResourceName`: pods that ask for this resource may be given devices of the class.
    pub extended_resource: Option<Str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `spec.selectors`: expressions that a device must match, all of them.
    pub selectors: Arc<[Str]>,
    /// `spec.config`: what drivers are told of each device of the class.
    pub config: Arc<[DriverConfig]>,
}

/// What one driver is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DriverConfig {
    /// The driver.
    pub driver: Str,
    /// `parameters`, as JSON; only the driver knows what it means.
    pub parameters: Str,
}

/// A ResourceSlice: some devices of a pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceSlice {
    /// Name.
    pub name: Str,
    /// `spec.driver`.
    pub driver: Str,
    /// `spec.pool.name`.
    pub pool: Str,
    /// `spec.pool.generation`: slices of older generations do not count.
    pub generation: i64,
    /// `spec.pool.resourceSliceCount`: how many slices the pool has in this generation.
    pub slice_count: i64,
    /// The nodes from which its devices can be used.
    pub nodes: SliceNodes,
    /// `spec.devices`.
    pub devices: Arc<[Device]>,
    /// `spec.sharedCounters`.
    pub counters: Arc<[CounterSet]>,
}

/// From which nodes the devices of a slice can be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SliceNodes {
    /// All devices from these.
    Of(DeviceNodes),
    /// Each device says so itself.
    PerDevice,
    /// In a way that is not known here. Nobody can use them.
    Unknown,
}

/// Some nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DeviceNodes {
    /// The node of this name.
    Named(Str),
    /// Every node.
    All,
    /// Those that match.
    Selector(Arc<NodeSelector>),
}

impl DeviceNodes {
    /// Whether the node is one of them.
    pub fn include(&self, node: &Node) -> bool {
        match self {
            Self::Named(name) => *name == node.name,
            Self::All => true,
            Self::Selector(selector) => selector.matches(node),
        }
    }
}

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Name, unique in its pool.
    pub name: Str,
    /// By qualified name, in order. A name without a domain is of the driver's.
    pub attributes: Vec<(Str, Attribute)>,
    /// By qualified name, in order.
    pub capacity: Vec<(Str, Capacity)>,
    /// `consumesCounters`: what is taken of the pool's counters while the device is in use.
    pub consumes: Vec<CounterSet>,
    /// For slices that leave it to the device: from which nodes it can be used.
    pub nodes: Option<DeviceNodes>,
    /// Who may not be given the device.
    pub taints: Vec<DeviceTaint>,
    /// `bindsToNode`: once allocated it is used from one node only.
    pub binds_to_node: bool,
    /// Conditions that must be true before a pod is bound.
    pub binding_conditions: Option<Arc<[Str]>>,
    /// Conditions of which one that is true means that binding failed.
    pub binding_failure_conditions: Arc<[Str]>,
    /// `allowMultipleAllocations`: it may be given to several claims, each of which takes a part of its capacity.
    pub shared: bool,
    /// It is given to nobody, because it needs a feature that is off.
    pub withheld: bool,
}

impl Default for DeviceClass {
    fn default() -> Self {
        let (selectors, config) = (Arc::from([]), Arc::from([]));
        Self { name: "".into(), extended_resource: None, created: None, selectors, config }
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Attribute {
    /// A whole number.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// Text.
    String(Str),
    /// A semantic version.
    Version(Str),
    /// Of a type that is not known here.
    Unsupported,
}

/// What a device has of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// How much.
    pub value: Quantity,
    /// How much of it a claim may ask for.
    pub policy: Option<Arc<RequestPolicy>>,
}

/// `requestPolicy`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestPolicy {
    /// What a claim takes that does not say.
    pub default: Option<Quantity>,
    /// Which amounts there are.
    pub valid: Option<ValidAmounts>,
}

/// The amounts that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValidAmounts {
    /// These, in ascending order. What lies between is rounded up.
    Values(Vec<Quantity>),
    /// From the least on, in steps.
    Range {
        /// The least.
        min: Option<Quantity>,
        /// The most.
        max: Option<Quantity>,
        /// What lies between is rounded up to whole steps from the least.
        step: Option<Quantity>,
    },
}

/// Counters by name, which devices share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterSet {
    /// Name of the set.
    pub name: Str,
    /// In order of name.
    pub counters: Vec<(Str, Quantity)>,
}

/// Keeps claims away from a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTaint {
    /// Key.
    pub key: Str,
    /// Value.
    pub value: Str,
    /// What it does.
    pub effect: DeviceTaintEffect,
}

/// What a taint of a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeviceTaintEffect {
    /// The device is given to no claim that does not tolerate it.
    NoSchedule,
    /// The same, and pods that use it are evicted.
    NoExecute,
    /// Nothing, as everything that is not known here.
    None,
}

impl DeviceTaintEffect {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::NoExecute => "NoExecute",
            Self::None => "None",
        }
    }
}

/// A DeviceTaintRule: taints devices as if their driver had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTaintRule {
    /// Name.
    pub name: Str,
    /// `spec.deviceSelector`: the devices that are tainted; none without one.
    pub devices: Option<DeviceChoice>,
    /// `spec.taint`.
    pub taint: DeviceTaint,
}

/// Devices by their names. What is not given stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChoice {
    /// The driver.
    pub driver: Option<Str>,
    /// The pool.
    pub pool: Option<Str>,
    /// The device.
    pub device: Option<Str>,
}

impl DeviceTaintRule {
    /// Whether a device of the slice can be tainted by it.
    pub fn concerns(&self, slice: &ResourceSlice) -> bool {
        let is = |wanted: &Option<Str>, have: &Str| wanted.as_ref().is_none_or(|wanted| wanted == have);
        self.devices.as_ref().is_some_and(|d| is(&d.driver, &slice.driver) && is(&d.pool, &slice.pool))
    }

    /// Whether it taints the device, which is one of a slice that it [concerns](Self::concerns).
    pub fn taints(&self, device: &Str) -> bool {
        self.devices.as_ref().is_some_and(|d| d.device.as_ref().is_none_or(|wanted| wanted == device))
    }
}

/// Lets a request have tainted devices.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceToleration {
    /// Key; nothing stands for every key.
    pub key: Str,
    /// Whether any value will do. Otherwise the value must be equal.
    pub exists: bool,
    /// Value.
    pub value: Str,
    /// Which effects are tolerated; nothing stands for all.
    pub effect: Option<DeviceTaintEffect>,
    /// `tolerationSeconds`: how long, of NoExecute.
    pub seconds: Option<i64>,
}

impl DeviceToleration {
    /// Whether a taint is tolerated.
    pub fn tolerates(&self, taint: &DeviceTaint) -> bool {
        let effect = self.effect.is_none_or(|effect| effect == taint.effect);
        let key = self.key.is_empty() || self.key == taint.key;
        effect && key && (self.exists || self.value == taint.value)
    }
}
