//! What extenders are sent. The field names are those of Go structs without tags: capitalised.

use std::collections::BTreeMap;

use longshore_framework::extender::NodeVictims;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;
use serde::Serialize;
use serde_json::value::RawValue;

use super::raw::Raw;

/// Of filter and prioritize: exactly one of the lists is set.
#[derive(Serialize)]
pub(super) struct Args<'a> {
    #[serde(rename = "Pod")]
    pub(super) pod: &'a RawValue,
    #[serde(rename = "Nodes")]
    pub(super) nodes: Option<NodeList<'a>>,
    #[serde(rename = "NodeNames")]
    pub(super) node_names: Option<Vec<&'a str>>,
}

/// A `v1.NodeList`.
#[derive(Serialize)]
pub(super) struct NodeList<'a> {
    metadata: Empty,
    items: Vec<&'a RawValue>,
}

/// An object without fields.
#[derive(Serialize)]
struct Empty {}

impl<'a> NodeList<'a> {
    pub(super) fn of(nodes: &'a [Raw]) -> Self {
        Self { metadata: Empty {}, items: nodes.iter().map(|node| &**node).collect() }
    }
}

/// Of preempt: one of the maps is set, the other null.
#[derive(Serialize)]
pub(super) struct PreemptionArgs<'a> {
    #[serde(rename = "Pod")]
    pod: &'a RawValue,
    #[serde(rename = "NodeNameToVictims")]
    victims: Option<BTreeMap<&'a str, Victims<Raw>>>,
    #[serde(rename = "NodeNameToMetaVictims")]
    meta_victims: Option<BTreeMap<&'a str, Victims<MetaPod<'a>>>>,
}

/// The victims on one node.
#[derive(Serialize)]
struct Victims<P> {
    #[serde(rename = "Pods")]
    pods: Vec<P>,
    #[serde(rename = "NumPDBViolations")]
    violations: usize,
}

/// A pod by its UID.
#[derive(Serialize)]
struct MetaPod<'a> {
    #[serde(rename = "UID")]
    uid: &'a str,
}

impl<'a> PreemptionArgs<'a> {
    /// For an extender that knows the pods.
    pub(super) fn by_uid(pod: &'a RawValue, candidates: &'a [NodeVictims]) -> Self {
        let named = |c: &'a NodeVictims| {
            let pods = c.victims.iter().map(|v| MetaPod { uid: &v.meta.uid }).collect();
            (&*c.node, Victims { pods, violations: c.violations })
        };
        let meta_victims = Some(candidates.iter().map(named).collect());
        Self { pod, victims: None, meta_victims }
    }

    /// For an extender that does not.
    pub(super) fn whole(
        pod: &'a RawValue,
        candidates: &'a [NodeVictims],
        find: impl Fn(&Pod) -> Result<Raw, PluginError>,
    ) -> Result<Self, PluginError> {
        let whole = |c: &'a NodeVictims| {
            let pods = c.victims.iter().map(|v| find(v)).collect::<Result<_, PluginError>>()?;
            Ok((&*c.node, Victims { pods, violations: c.violations }))
        };
        let victims = candidates.iter().map(whole).collect::<Result<_, PluginError>>()?;
        Ok(Self { pod, victims: Some(victims), meta_victims: None })
    }
}

/// Of bind.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BindingArgs<'a> {
    pub(super) pod_name: &'a str,
    pub(super) pod_namespace: &'a str,
    #[serde(rename = "PodUID")]
    pub(super) pod_uid: &'a str,
    pub(super) node: &'a str,
}
