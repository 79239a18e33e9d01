//! NodeVolumeLimits: rejects nodes where the pod's volumes would be more than a CSI driver can attach there, by the
//! limits in the node's CSINode.
//!
//! New or raised CSINodes, deleted pods, new claims and deleted VolumeAttachments can change its mind.

mod csi;
mod hints;
mod pod_volumes;

use std::sync::Arc;

use longshore_framework::event::{ClusterEvent, EventPattern, Hint, HintContext};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, Dependence, Filter, Plugin, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Verdict};
use longshore_framework::view::NodeView;
use longshore_framework::volume::CsiNode;
use serde_json::Value;

use crate::volume_binding::claims::ClaimVolume;
use csi::is_migratable;
use pod_volumes::{Trouble, Volumes, Whose, collect};

/// The plugin's name.
pub const NAME: &str = "NodeVolumeLimits";

/// The plugin.
#[derive(Debug, Default)]
pub struct NodeVolumeLimits;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(NodeVolumeLimits).pre_filter().filter().build()
}

/// The pod's volumes, which are the same on every node with a CSINode. Without one nothing is limited, and only
/// trouble is of interest.
#[derive(Clone)]
struct Incoming(Arc<IncomingVolumes>);

struct IncomingVolumes {
    volumes: Result<Volumes, Trouble>,
    trouble_without_csi_node: Option<Trouble>,
}

impl Incoming {
    fn of(pod: &Pod, objects: &Objects) -> Self {
        let all = |migrated: bool| {
            let mut found = Volumes::default();
            collect(pod, objects, Whose::Incoming, migrated, &mut found).map(|()| found)
        };
        Self(Arc::new(IncomingVolumes { volumes: all(true), trouble_without_csi_node: all(false).err() }))
    }
}

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        hints::events()
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        hints::hint(pod, event)
    }

    /// Claims are found by the pod's namespace and name.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if cx.pod.claim_names().next().is_some() {
            likeness.add_identity(cx.pod);
        }
    }
}

impl PreFilter for NodeVolumeLimits {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        if !has_countable(cx.pod) {
            return Ok(PreFilterVerdict::Skip);
        }
        state.put(Incoming::of(cx.pod, cx.objects));
        Ok(PreFilterVerdict::Pass(None))
    }
}

impl Filter for NodeVolumeLimits {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        // A profile may leave PreFilter out.
        let incoming =
            state.get::<Incoming>().cloned().unwrap_or_else(|_| Incoming::of(cx.pod, cx.objects)).0;
        let Some(csi_node) = cx.objects.csi_nodes.get(node.name()) else {
            return incoming.trouble_without_csi_node.as_ref().map_or(Ok(Verdict::Pass), told);
        };
        let volumes = match &incoming.volumes {
            Ok(volumes) => volumes,
            Err(trouble) => return told(trouble),
        };
        if volumes.is_empty() || csi_node.drivers.iter().all(|(_, limit)| limit.is_none()) {
            return Ok(Verdict::Pass);
        }
        let attached = attached(node, cx.objects)?;
        Ok(if exceeds(volumes, &attached, csi_node, node, cx.objects) {
            Verdict::unschedulable(Reason::VolumeLimit)
        } else {
            Verdict::Pass
        })
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        // Claims, volumes, CSINodes and VolumeAttachments change without a trace on the node.
        if has_countable(pod) { Dependence::Uncacheable } else { Dependence::Static }
    }
}

/// Whether the pod has a volume of a kind that may be attached by a CSI driver.
fn has_countable(pod: &Pod) -> bool {
    pod.spec.volumes.iter().any(|v| ClaimVolume::of(pod, v).is_some() || is_migratable(v))
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

/// The volumes of the pods on the node.
fn attached(node: NodeView<'_>, objects: &Objects) -> Result<Volumes, PluginError> {
    let mut found = Volumes::default();
    for pod in node.pods() {
        collect(pod, objects, Whose::Existing, true, &mut found).map_err(|trouble| match trouble {
            Trouble::MissingClaim(message) => PluginError::new(message),
            Trouble::Broken(error) => error,
        })?;
    }
    Ok(found)
}

/// Whether some driver would have to attach more than it can: the node's volumes, those of VolumeAttachments that no
/// pod accounts for, and the pod's own that no pod on the node uses yet.
fn exceeds(
    volumes: &Volumes,
    attached: &Volumes,
    csi_node: &CsiNode,
    node: NodeView<'_>,
    objects: &Objects,
) -> bool {
    let new: Vec<_> = volumes.difference(attached).collect();
    let limited = |driver: &str| limit_of(csi_node, driver);
    if new.iter().all(|v| limited(&v.driver).is_none()) {
        return false;
    }
    let lingering: Volumes = objects
        .attachments_on(node.name())
        .filter_map(|a| csi::of_attachment(a, objects))
        .filter(|v| !attached.contains(v))
        .collect();
    new.iter().any(|volume| {
        let driver = &volume.driver;
        let on_node = attached.iter().chain(&lingering).filter(|v| v.driver == *driver).count();
        let added = new.iter().filter(|v| v.driver == *driver).count();
        limited(driver).is_some_and(|limit| i64::try_from(on_node + added).unwrap_or(i64::MAX) > limit)
    })
}

#[cfg(test)]
mod tests;
