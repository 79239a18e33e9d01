//! NodeVolumeLimits: rejects nodes where the pod's volumes would be more than a CSI driver can attach there, by the
//! limits in the node's CSINode, and nodes without a driver that has to be there.
//!
//! New or raised CSINodes, deleted pods, new claims and deleted VolumeAttachments can change its mind.

mod csi;
mod hints;
mod incoming;
mod on_node;
mod pod_volumes;
mod seats;

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::{ClusterEvent, EventPattern, Hint, HintContext};
use longshore_framework::features::{Features, Gate};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, Filter, FilterSink, Plugin, PreFilter, Seats};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Verdict};
use longshore_framework::view::NodeView;
use longshore_framework::volume::CsiNode;
use serde_json::Value;

use csi::is_migratable;
use incoming::{Brought, Incoming};
use on_node::{Nodes, OnNode, Row, has_limit};
use pod_volumes::Trouble;
use seats::VolumeSeats;

/// The plugin's name.
pub const NAME: &str = "NodeVolumeLimits";

/// The plugin.
#[derive(Debug)]
pub struct NodeVolumeLimits {
    nodes: Arc<Nodes>,
    /// Drivers that say so must be on the node (VolumeLimitScaling).
    requires_drivers: bool,
}

impl NodeVolumeLimits {
    /// The plugin for these rules.
    fn new(features: Features) -> Self {
        Self { nodes: Arc::default(), requires_drivers: features.enabled(Gate::VolumeLimitScaling) }
    }
}

impl Default for NodeVolumeLimits {
    fn default() -> Self {
        Self::new(Features::default())
    }
}

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(NodeVolumeLimits::new(context.features)).pre_filter().filter().build()
}

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        hints::events()
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        hints::hint(pod, event, self.requires_drivers)
    }

    /// How many volumes of which drivers the pod brings matters; which ones only if other pods use them.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if has_countable(cx.pod) {
            Incoming::of(cx.pod, cx.objects, cx.snapshot).tell_apart(likeness, self.requires_drivers);
        }
    }

    fn seats(&self) -> Option<Box<dyn Seats>> {
        Some(Box::new(VolumeSeats::new(&self.nodes, self.requires_drivers)))
    }
}

impl PreFilter for NodeVolumeLimits {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        if !has_countable(cx.pod) {
            return Ok(PreFilterVerdict::Skip);
        }
        state.put(Incoming::of(cx.pod, cx.objects, cx.snapshot));
        Ok(PreFilterVerdict::Pass(None))
    }
}

impl Filter for NodeVolumeLimits {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        if node.is_supposed() {
            let (incoming, row) = (Incoming::by_name(cx.pod, cx.objects), Row::of(node, cx.objects));
            return judge(&incoming, &row, self.requires_drivers);
        }
        let incoming = incoming(cx, state);
        self.nodes.reader().read(node, cx.objects, |row| judge(&incoming, row, self.requires_drivers))
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let (incoming, mut reader) = (incoming(cx, state), self.nodes.reader());
        nodes.retain(|slot| {
            let judge = |row: &Row| judge(&incoming, row, self.requires_drivers);
            reader.read(cx.snapshot.view(slot), cx.objects, judge)
        })
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        if has_countable(pod) { Dependence::Node } else { Dependence::Static }
    }
}

/// What is said of a node where this is attached. Drivers that have to be there are asked for if `requires_drivers`.
fn judge(incoming: &Incoming, row: &Row, requires_drivers: bool) -> Result<Verdict, PluginError> {
    let csi_node = row.csi_node.as_deref();
    let trouble = match csi_node {
        Some(_) => incoming.volumes().err(),
        None => incoming.trouble_without_csi_node(),
    };
    if let Some(trouble) = trouble {
        return told(trouble);
    }
    if requires_drivers && let Some(reason) = incoming.missing_driver(csi_node) {
        return Ok(Verdict::unschedulable(reason.clone()));
    }
    let (Some(csi_node), Ok(volumes)) = (csi_node, incoming.volumes()) else { return Ok(Verdict::Pass) };
    if volumes.is_empty() || !has_limit(csi_node) {
        return Ok(Verdict::Pass);
    }
    let on_node = row.found.as_ref().map_err(Clone::clone)?;
    let exceeded = exceeds(volumes, on_node, csi_node);
    Ok(if exceeded { Verdict::unschedulable(Reason::VolumeLimit) } else { Verdict::Pass })
}

/// What the pod brings to nodes as they are. A profile may leave PreFilter out.
fn incoming(cx: Cycle<'_>, state: &PluginState) -> Incoming {
    state.get::<Incoming>().cloned().unwrap_or_else(|_| Incoming::of(cx.pod, cx.objects, cx.snapshot))
}

/// Whether the pod has a volume of a kind that may be attached by a CSI driver.
fn has_countable(pod: &Pod) -> bool {
    pod.spec.volumes.iter().any(|v| v.is_claim() || is_migratable(v))
}

/// Trouble with the pod's own volumes, as a verdict on a node.
fn told(trouble: &Trouble) -> Result<Verdict, PluginError> {
    match trouble {
        Trouble::MissingClaim(message) => Ok(Verdict::unresolvable(message.clone())),
        Trouble::Broken(error) => Err(error.clone()),
    }
}

/// How many volumes a driver can attach; the last entry of a driver counts, and none means no limit.
fn limit_of(csi_node: &CsiNode, driver: &str) -> Option<i64> {
    csi_node.drivers.iter().rev().find_map(|(name, limit)| limit.filter(|_| &**name == driver))
}

/// Whether some driver would have to attach more than it can: what is on the node, and what the pod brings that no pod there
/// uses yet.
fn exceeds(brought: &Brought, on_node: &OnNode, csi_node: &CsiNode) -> bool {
    let is_too_many = |(driver, added): &(Str, i64)| {
        limit_of(csi_node, driver).is_some_and(|limit| on_node.count(driver) + added > limit)
    };
    if brought.shared.is_empty() {
        return brought.unused.iter().any(is_too_many);
    }
    let mut new = brought.unused.clone();
    for volume in brought.shared.iter().filter(|volume| !on_node.has(volume)) {
        match new.iter_mut().find(|(driver, _)| *driver == volume.driver) {
            Some((_, count)) => *count += 1,
            None => new.push((volume.driver.clone(), 1)),
        }
    }
    new.iter().any(is_too_many)
}

#[cfg(test)]
mod tests;
