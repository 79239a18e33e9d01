//! Devices in reports: what requests find, and how many are in use.

use longshore_plugins_native::dynamic_resources::shortage::Use;
use serde::{Deserialize, Serialize};

use super::rounded;

/// What the requests of a pod find.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSearches {
    /// On all nodes together, each device counted once, by request.
    pub everywhere: Vec<DeviceSearch>,
    /// Nodes with the same answer together, those first where the most devices are free.
    pub by_node: Vec<DeviceSearch>,
}

/// What a request of a claim finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSearch {
    /// The nodes, by name, that have this answer; none where it is about all nodes together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// The claim, as `namespace/name`; `<extended-resources>` for the one that would be made.
    pub claim: String,
    /// `request`, or `request/alternative`; empty where the claim has devices already.
    pub request: String,
    /// The class that is asked for.
    pub class: String,
    /// How many devices; absent where all that match are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<u64>,
    /// Devices that there are.
    pub devices: usize,
    /// Devices that all selectors of the class and the request match.
    pub matching: usize,
    /// Devices that could be given, each by itself.
    pub free: usize,
    /// Devices of those that match which others have, or of which others leave too little.
    pub taken: usize,
    /// Who has these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_by: Vec<DeviceHolder>,
    /// Selectors that say no, each with the devices that it is the first to reject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected_by: Vec<SelectorCount>,
    /// Taints that are not tolerated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tainted: Vec<DeviceTaintCount>,
    /// Devices of those that match that do not have as much as is asked for.
    pub too_small: usize,
    /// Devices of those that match whose counters others use up.
    pub without_counters: usize,
    /// Devices of those that match whose pool cannot be used.
    pub in_unusable_pools: usize,
    /// The same in a sentence.
    pub text: String,
}

/// Somebody who has devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceHolder {
    /// The claim, as `namespace/name`.
    pub claim: String,
    /// The pods that use it, as `namespace/name`.
    pub pods: Vec<String>,
    /// How many of the devices.
    pub devices: usize,
}

/// A selector and how many devices it rejects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectorCount {
    /// The expression.
    pub selector: String,
    /// How many.
    pub devices: usize,
}

/// A taint and how many devices have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceTaintCount {
    /// As `key=value:effect`.
    pub taint: String,
    /// How many.
    pub devices: usize,
}

/// How many devices of a driver or a class are in use.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceUse {
    /// The driver; absent for those of a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The class; absent for those of a driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Devices that there are.
    pub devices: usize,
    /// Devices of these that some claim has, or a share of.
    pub in_use: usize,
    /// The second to the first, 1 for all.
    pub share: f64,
}

impl From<Use> for DeviceUse {
    fn from(of: Use) -> Self {
        Self {
            driver: of.driver.map(|name| name.to_string()),
            class: of.class.map(|name| name.to_string()),
            devices: of.devices,
            in_use: of.in_use,
            share: rounded(of.in_use as f64 / of.devices.max(1) as f64, 4),
        }
    }
}
