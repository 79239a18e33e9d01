//! VolumeZone: rejects nodes outside the zones and regions in the labels of the pod's bound volumes. Rejects the pod
//! everywhere while a claim it names, or its volume, is missing or not bound though it should be.
//!
//! New storage classes that wait for a pod, nodes, node labels, the pod's claims and volumes can change its mind.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::node::{Node, REGION, REGION_BETA, ZONE, ZONE_BETA};
use longshore_framework::objects::{Object, Objects};
use longshore_framework::plugin::{Cycle, Dependence, Filter, Plugin, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Rejection, Verdict};
use longshore_framework::view::NodeView;
use longshore_framework::volume::{Claim, PersistentVolume};
use serde_json::Value;

use crate::volume_binding::claims::{claim_not_found, named_claims, names, not_found};

/// The plugin's name.
pub const NAME: &str = "VolumeZone";

/// The labels of volumes that say where they can be used.
const TOPOLOGY_LABELS: [&str; 4] = [ZONE_BETA, REGION_BETA, ZONE, REGION];

/// The plugin.
#[derive(Debug, Default)]
pub struct VolumeZone;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(VolumeZone).pre_filter().filter().build()
}

/// A label of a volume, with the values a node may have for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Topology {
    key: &'static str,
    values: BTreeSet<Str>,
}

/// What the pod's volumes demand.
#[derive(Clone)]
struct Demands(Arc<[Topology]>);

impl Plugin for VolumeZone {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::StorageClass, Action::ADD),
            EventPattern::new(Resource::Node, Action::ADD | Action::NODE_LABEL),
            EventPattern::new(Resource::PersistentVolumeClaim, Action::ADD | Action::UPDATE),
            EventPattern::new(Resource::PersistentVolume, Action::ADD | Action::UPDATE),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        use Object as O;
        let Subject::Object(before, Some(after)) = &event.subject else { return Hint::Queue };
        Hint::queue_if(match (before, after) {
            (_, O::StorageClass(class)) => class.waits(),
            (_, O::Claim(claim)) => names(pod, claim),
            (Some(O::PersistentVolume(old)), O::PersistentVolume(new)) => {
                !topologies(old).eq(topologies(new))
            }
            _ => true,
        })
    }

    /// The labels of the volumes matter.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if named_claims(cx.pod).next().is_none() {
            return;
        }
        let Ok(demands) = Demands::of(cx.pod, cx.objects) else { return likeness.set_apart() };
        for demand in &*demands.0 {
            likeness.add_texts([&Str::from(demand.key)]);
            likeness.add_texts(&demand.values);
        }
    }
}

impl PreFilter for VolumeZone {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        Ok(match Demands::of(cx.pod, cx.objects) {
            Err(why) => PreFilterVerdict::Reject(Rejection::unresolvable(why)),
            Ok(demands) if demands.0.is_empty() => PreFilterVerdict::Skip,
            Ok(demands) => {
                state.put(demands);
                PreFilterVerdict::Pass(None)
            }
        })
    }
}

impl Filter for VolumeZone {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let demands = match state.get::<Demands>() {
            Ok(demands) => demands.clone(),
            // A profile may leave PreFilter out.
            Err(_) => match Demands::of(cx.pod, cx.objects) {
                Ok(demands) => demands,
                Err(why) => return Ok(Verdict::unresolvable(why)),
            },
        };
        let node = node.node();
        // A node without any such label stands for a cluster of one zone.
        if TOPOLOGY_LABELS.iter().all(|key| node.labels.get(key).is_none()) {
            return Ok(Verdict::Pass);
        }
        Ok(if demands.0.iter().all(|demand| demand.is_met_by(node)) {
            Verdict::Pass
        } else {
            Verdict::unresolvable(Reason::VolumeZone)
        })
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        Dependence::Static
    }
}

impl Demands {
    /// What the volumes of the pod's claims demand, or why the pod cannot run anywhere.
    fn of(pod: &Pod, objects: &Objects) -> Result<Self, String> {
        let mut demands = Vec::new();
        for name in named_claims(pod) {
            demands.extend(volume_of(pod, name, objects)?.into_iter().flat_map(|v| topologies(v)));
        }
        Ok(Self(demands.into()))
    }
}

impl Topology {
    /// The node's label counts, or, where a volume has the former label and the node does not, today's.
    fn is_met_by(&self, node: &Node) -> bool {
        let found = node.labels.get(self.key).or_else(|| node.labels.get(todays(self.key)));
        found.is_some_and(|value| self.values.contains(value))
    }
}

/// The volume a claim of the pod is bound to; `None` when the claim waits for a pod.
fn volume_of<'a>(
    pod: &Pod,
    name: &Str,
    objects: &'a Objects,
) -> Result<Option<&'a Arc<PersistentVolume>>, String> {
    if name.is_empty() {
        return Err("PersistentVolumeClaim had no name".to_string());
    }
    let claim = objects.pod_claim(pod, name).ok_or_else(|| claim_not_found(name))?;
    if claim.volume_name.is_empty() {
        return unbound(claim, objects).map(|()| None);
    }
    let volume = objects.volumes.get(&claim.volume_name);
    volume.map(Some).ok_or_else(|| not_found("persistentvolume", &claim.volume_name))
}

/// Whether a claim without a volume may be so.
fn unbound(claim: &Claim, objects: &Objects) -> Result<(), String> {
    let Some(name) = claim.class.as_ref().filter(|c| !c.is_empty()) else {
        return Err("PersistentVolumeClaim had no pv name and storageClass name".to_string());
    };
    let class = objects.classes.get(name).ok_or_else(|| not_found("storageclass.storage.k8s.io", name))?;
    if class.binding_mode.is_none() {
        return Err(format!("VolumeBindingMode not set for StorageClass \"{name}\""));
    }
    if class.waits() { Ok(()) } else { Err("PersistentVolume had no name".to_string()) }
}

/// Where the volume's labels say that it can be used. A label with an empty value among its values (`a____b`) is
/// ignored.
fn topologies(volume: &PersistentVolume) -> impl Iterator<Item = Topology> {
    TOPOLOGY_LABELS.into_iter().filter_map(|key| {
        let values: BTreeSet<Str> =
            volume.labels.get(key)?.split("__").map(|value| Str::from(value.trim())).collect();
        (!values.contains("")).then_some(Topology { key, values })
    })
}

/// Today's name of a topology label.
fn todays(key: &'static str) -> &'static str {
    match key {
        ZONE_BETA => ZONE,
        REGION_BETA => REGION,
        other => other,
    }
}

#[cfg(test)]
mod tests;
