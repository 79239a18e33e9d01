//! StatefulSets: pods with ordinals, each with claims of its own.

use std::ops::Range;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

use super::count::Result;
use super::template::{Prototype, Template};
use super::world::World;
use super::{Change, rollout};
use crate::error::{ObjectError, Within};
use crate::kind::Kind;
use crate::wire::meta::Meta;
use crate::wire::volume::{ClaimSource, Volume};
use crate::wire::workload::Workload;
use crate::{meta, storage};

/// The label with a pod's own name.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// The label with a pod's ordinal.
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

pub(super) fn expand(change: Change<'_>, world: &mut World<'_>) -> Result<()> {
    let workload = change.workload;
    let replicas = world.autoscalers.replicas(Kind::StatefulSet, workload)?;
    let start = workload.spec.ordinals.start;
    if !(0..=i64::from(i32::MAX)).contains(&start) {
        let message = format!("must be from 0 to {}, not {start}", i32::MAX);
        return Err(ObjectError::of("spec.ordinals.start", message));
    }
    let mut template = Template::new(Kind::StatefulSet, workload);
    template.read(world)?;
    template.allow(replicas, world)?;
    let ordinals = start..start.saturating_add(i64::try_from(replicas).unwrap_or(i64::MAX));
    remove_beyond(workload, &ordinals, world);
    let replaced = replace(change, &ordinals, world)?;
    let name = |ordinal: i64| -> Str { format!("{}-{ordinal}", workload.metadata.name).into() };
    // A pod of that name is the pod of that ordinal.
    let lacks =
        |ordinal: &i64| !world.has_name(&template.namespace, &name(*ordinal)) || replaced.contains(ordinal);
    let missing: Vec<i64> = ordinals.filter(lacks).collect();
    for (at, ordinal) in missing.iter().enumerate() {
        // The controller makes one after the other, and goes no further than the first that is refused.
        let rest = missing.len() - at;
        if !add(workload, &mut template, (&name(*ordinal), *ordinal), rest, world)? {
            break;
        }
    }
    Ok(())
}

/// The pods that it has, with their ordinals.
fn members(workload: &Workload, world: &World<'_>) -> Vec<(i64, Arc<Pod>)> {
    let metadata = &workload.metadata;
    let ordinal = |pod: &Arc<Pod>| {
        let rest = pod.meta.name.strip_prefix(&*metadata.name)?.strip_prefix('-')?;
        Some((rest.parse().ok()?, Arc::clone(pod)))
    };
    let pods = world.existing.pods_of(Kind::StatefulSet, &meta::namespace(metadata), &metadata.name);
    pods.iter().filter_map(ordinal).collect()
}

/// Takes out pods of ordinals that there are not to be.
fn remove_beyond(workload: &Workload, ordinals: &Range<i64>, world: &mut World<'_>) {
    let reason = format!("{} is scaled to {}", world.subject, ordinals.end - ordinals.start);
    for (ordinal, pod) in members(workload, world) {
        if !ordinals.contains(&ordinal) {
            world.remove(&pod, &reason);
        }
    }
}

/// The first step of a rolling update: the pods of the highest ordinals go and are made anew. Their ordinals.
fn replace(change: Change<'_>, ordinals: &Range<i64>, world: &mut World<'_>) -> Result<Vec<i64>> {
    let strategy = &change.workload.spec.update_strategy;
    if &*strategy.r#type == "OnDelete" || !change.is_of_new_template(world)? {
        return Ok(Vec::new());
    }
    let rolling = &strategy.rolling_update;
    let total = usize::try_from(ordinals.end - ordinals.start).unwrap_or(usize::MAX);
    let at_once =
        rolling.max_unavailable.as_ref().map_or(1, |most| rollout::scaled(most, total, false).max(1));
    let updated =
        |(ordinal, _): &(i64, Arc<Pod>)| ordinals.contains(ordinal) && *ordinal >= rolling.partition;
    let mut old: Vec<(i64, Arc<Pod>)> = members(change.workload, world).into_iter().filter(updated).collect();
    old.sort_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
    let reason = format!("{} has another template: its rollout begins", world.subject);
    let stay = old.len().saturating_sub(at_once);
    old.truncate(at_once);
    old.iter().for_each(|(_, pod)| world.remove(pod, &reason));
    if stay > 0 {
        world.warn_of_subject(&format!(
            "has another template: its rollout begins with {} pod(s); {stay} old one(s) stay until the new one is available, which \
             is not simulated",
            old.len()
        ));
    }
    Ok(old.into_iter().map(|(ordinal, _)| ordinal).collect())
}

/// Adds one pod and its claims; whether admission lets it in, and with it the rest.
fn add(
    workload: &Workload,
    template: &mut Template<'_>,
    (name, ordinal): (&Str, i64),
    rest: usize,
    world: &mut World<'_>,
) -> Result<bool> {
    template.labels.insert(POD_NAME.into(), name.clone());
    template.labels.insert(POD_INDEX.into(), ordinal.to_string().into());
    let mut written = template.written(name.clone());
    for (at, claim) in workload.spec.volume_claim_templates.iter().enumerate() {
        let claim_name: Str = format!("{}-{name}", claim.metadata.name).into();
        let mut labels = claim.metadata.labels.clone();
        labels.extend(workload.spec.selector.iter().flat_map(|s| s.match_labels.clone()));
        let metadata = Meta {
            name: claim_name.clone(),
            namespace: template.namespace.clone(),
            labels,
            annotations: claim.metadata.annotations.clone(),
            ..Default::default()
        };
        let made = storage::claim_of(&metadata, &claim.spec).within_item("spec.volumeClaimTemplates", at)?;
        world.make_claim(made);
        let source = ClaimSource { claim_name };
        written.spec.volumes.retain(|v| v.name != claim.metadata.name);
        written.spec.volumes.push(Volume {
            name: claim.metadata.name.clone(),
            persistent_volume_claim: Some(source),
            ..Default::default()
        });
    }
    let Some(Prototype { pod, charge }) = template.admitted(written, rest, world)? else { return Ok(false) };
    if !world.charge(&charge, rest) {
        return Ok(false);
    }
    world.take_name(&template.namespace, name);
    template.add(pod, world)?;
    Ok(true)
}
