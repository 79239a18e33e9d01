//! StatefulSets: pods with ordinals, each with claims of its own.

use longshore_framework::Str;

use super::count::Result;
use super::template::{Prototype, Template};
use super::world::World;
use crate::error::{ObjectError, Within};
use crate::kind::Kind;
use crate::storage;
use crate::wire::meta::Meta;
use crate::wire::volume::{ClaimSource, Volume};
use crate::wire::workload::Workload;

/// The label with a pod's own name.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// The label with a pod's ordinal.
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

pub(super) fn expand(workload: &Workload, world: &mut World<'_>) -> Result<()> {
    let replicas = world.autoscalers.replicas(Kind::StatefulSet, workload)?;
    let start = workload.spec.ordinals.start;
    if !(0..=i64::from(i32::MAX)).contains(&start) {
        let message = format!("must be from 0 to {}, not {start}", i32::MAX);
        return Err(ObjectError::of("spec.ordinals.start", message));
    }
    let mut template = Template::new(Kind::StatefulSet, workload);
    template.read(world)?;
    template.allow(replicas, world)?;
    let name = |ordinal: i64| -> Str { format!("{}-{ordinal}", workload.metadata.name).into() };
    // A pod of that name is the pod of that ordinal.
    let lacks = |ordinal: &i64| !world.has_name(&template.namespace, &name(*ordinal));
    let missing: Vec<i64> = (start..).take(replicas).filter(lacks).collect();
    for (at, ordinal) in missing.iter().enumerate() {
        // The controller makes one after the other, and goes no further than the first that is refused.
        let rest = missing.len() - at;
        if !add(workload, &mut template, (&name(*ordinal), *ordinal), rest, world)? {
            break;
        }
    }
    Ok(())
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
