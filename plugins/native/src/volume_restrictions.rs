//! VolumeRestrictions: rejects nodes with a pod that holds an inline disk the pod cannot share, and every node while
//! another pod uses a ReadWriteOncePod claim of the pod. Rejects the pod everywhere while a claim it names is missing.
//!
//! Deleted pods, new nodes and new claims can change its mind.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::{Action, ClusterEvent, EventPattern, Hint, HintContext, Resource, Subject};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, Filter, Plugin, PreFilter};
use longshore_framework::pod::Pod;
use longshore_framework::reason::Reason;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Rejection, Verdict};
use longshore_framework::view::NodeView;
use longshore_framework::volume::VolumeSource;
use serde_json::Value;

use crate::volume_binding::claims::{claim_not_found, claim_of, named_claims, names};

/// The plugin's name.
pub const NAME: &str = "VolumeRestrictions";

/// Access mode of a claim that one pod alone may use.
const READ_WRITE_ONCE_POD: &str = "ReadWriteOncePod";

/// The plugin.
#[derive(Debug, Default)]
pub struct VolumeRestrictions;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(VolumeRestrictions).pre_filter().filter().build()
}

/// The pod's ReadWriteOncePod claims, and how often pods on nodes use them.
#[derive(Clone)]
struct Exclusive {
    claims: Arc<[Str]>,
    uses: i64,
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![
            EventPattern::new(Resource::Pod, Action::DELETE),
            EventPattern::new(Resource::Node, Action::ADD),
            EventPattern::new(Resource::PersistentVolumeClaim, Action::ADD),
        ]
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        match &event.subject {
            Subject::Pod(Some(gone), _) => Hint::queue_if(
                gone.meta.namespace == pod.meta.namespace
                    && (disks_conflict(pod, gone)
                        || named_claims(pod).any(|c| named_claims(gone).any(|g| g == c))),
            ),
            Subject::Object(_, new) => {
                Hint::queue_if(claim_of(new.as_ref()).is_none_or(|claim| names(pod, claim)))
            }
            _ => Hint::Queue,
        }
    }

    /// The inline disks matter, and the claims that one pod alone may use, if one is in use.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if cx.pod.spec.volumes.is_empty() {
            return;
        }
        let Ok(exclusive) = Exclusive::of(cx) else { return likeness.set_apart() };
        if let Some(Exclusive { claims, uses }) = exclusive {
            disks(cx.pod).for_each(|disk| likeness.add_volume(disk));
            likeness.add_namespace(cx.pod);
            likeness.add_numbers(&[uses.unsigned_abs()]);
            likeness.add_texts(&*claims);
        }
    }
}

impl PreFilter for VolumeRestrictions {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        Ok(match Exclusive::of(cx) {
            Err(why) => PreFilterVerdict::Reject(Rejection::unresolvable(why)),
            Ok(None) => PreFilterVerdict::Skip,
            Ok(Some(exclusive)) => {
                state.put(exclusive);
                PreFilterVerdict::Pass(None)
            }
        })
    }

    fn add_pod(
        &self,
        _cx: Cycle<'_>,
        state: &mut PluginState,
        added: &Pod,
        _node: Slot,
    ) -> Result<(), PluginError> {
        state.get_mut::<Exclusive>()?.count(added, 1);
        Ok(())
    }

    fn remove_pod(
        &self,
        _cx: Cycle<'_>,
        state: &mut PluginState,
        removed: &Pod,
        _node: Slot,
    ) -> Result<(), PluginError> {
        state.get_mut::<Exclusive>()?.count(removed, -1);
        Ok(())
    }
}

impl Exclusive {
    /// Of the pod; `None` when nothing can conflict with it, or why it cannot run anywhere.
    fn of(cx: Cycle<'_>) -> Result<Option<Self>, String> {
        let mut claims: Vec<Str> = Vec::new();
        for name in named_claims(cx.pod) {
            let claim = cx.objects.pod_claim(cx.pod, name).ok_or_else(|| claim_not_found(name))?;
            if claim.access_modes.iter().any(|m| &**m == READ_WRITE_ONCE_POD) && !claims.contains(name) {
                claims.push(Arc::clone(name));
            }
        }
        let in_use = |name: &&Str| cx.snapshot.claim_users(&cx.pod.meta.namespace, name) > 0;
        let used = claims.iter().filter(in_use).count();
        let uses = i64::try_from(used).unwrap_or(i64::MAX);
        let matters = used > 0 || has_disk(cx.pod);
        Ok(matters.then(|| Self { claims: claims.into(), uses }))
    }

    /// Counts the uses of a pod in or out: by claim name alone, as kube-scheduler does, whatever the pod's namespace.
    fn count(&mut self, pod: &Pod, sign: i64) {
        let uses = named_claims(pod).filter(|name| self.claims.contains(name)).count();
        self.uses = self.uses.saturating_add(sign * i64::try_from(uses).unwrap_or(i64::MAX));
    }
}

/// Why Filter fails when PreFilter is switched off.
const NOT_COUNTED: &str = "cannot read \"PreFilterVolumeRestrictions\" from cycleState";

impl Filter for VolumeRestrictions {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        if has_disk(cx.pod) && node.pods().iter().any(|held| disks_conflict(cx.pod, held)) {
            return Ok(Verdict::unschedulable(Reason::DiskConflict));
        }
        if state.get_or::<Exclusive>(NOT_COUNTED)?.uses > 0 {
            return Ok(Verdict::unschedulable(Reason::ReadWriteOncePodConflict));
        }
        Ok(Verdict::Pass)
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        if has_disk(pod) { Dependence::Node } else { Dependence::Static }
    }
}

/// Whether the pod has an inline disk of a kind that pods cannot always share.
fn has_disk(pod: &Pod) -> bool {
    disks(pod).next().is_some()
}

/// The inline disks of such a kind.
fn disks(pod: &Pod) -> impl Iterator<Item = &VolumeSource> {
    use VolumeSource as V;
    pod.spec.volumes.iter().map(|volume| &volume.source).filter(|source| {
        matches!(
            source,
            V::GcePersistentDisk { .. } | V::AwsElasticBlockStore { .. } | V::Iscsi { .. } | V::Rbd { .. }
        )
    })
}

/// Whether the two pods cannot be on one node for the sake of some inline disk.
fn disks_conflict(a: &Pod, b: &Pod) -> bool {
    let other = |v: &VolumeSource| b.spec.volumes.iter().any(|o| conflict(v, &o.source));
    a.spec.volumes.iter().any(|v| other(&v.source))
}

/// The same disk conflicts, unless both only read; an EBS volume always.
fn conflict(a: &VolumeSource, b: &VolumeSource) -> bool {
    use VolumeSource as V;
    match (a, b) {
        (
            V::GcePersistentDisk { name, read_only },
            V::GcePersistentDisk { name: other, read_only: reads },
        ) => name == other && !(*read_only && *reads),
        (V::AwsElasticBlockStore { id }, V::AwsElasticBlockStore { id: other }) => id == other,
        (V::Iscsi { iqn, read_only }, V::Iscsi { iqn: other, read_only: reads }) => {
            iqn == other && !(*read_only && *reads)
        }
        (
            V::Rbd { monitors, pool, image, read_only },
            V::Rbd { monitors: hosts, pool: others_pool, image: others_image, read_only: reads },
        ) => {
            let shared = monitors.iter().any(|m| hosts.contains(m));
            shared && pool == others_pool && image == others_image && !(*read_only && *reads)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
