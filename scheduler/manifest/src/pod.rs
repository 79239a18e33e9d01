//! Pods, with the defaults that the API server fills in.

mod affinity;
mod containers;
mod volumes;

use longshore_framework::Str;
use longshore_framework::node_selector::{NodeAffinity, PreferredTerm};
use longshore_framework::pod::{
    ActualResources, ClaimSource, Pod, PodClaim, PodLevelResources, PodMeta, PodSpec,
};
use longshore_framework::resources::ResourceList;
use serde_json::Value;

use crate::decode::decode;
use crate::error::{ObjectError, Within};
use crate::{defaults, groups, meta, priority, selectors, wire};

/// The scheduler of pods that name none.
const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// Reads a Pod as an API server returns it, phase apart: a finished pod reads like any other.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn pod(value: &Value) -> Result<Pod, ObjectError> {
    let mut written: wire::pod::Pod = decode(value)?;
    match meta::is_hand_written(&written.metadata) {
        true => defaults::new_pod(&mut written),
        false => defaults::pod(&mut written),
    }
    convert(&written)
}

/// From the written pod, its defaults filled in, to the model.
pub(crate) fn convert(written: &wire::pod::Pod) -> Result<Pod, ObjectError> {
    let meta = pod_meta(written)?;
    let spec = pod_spec(written, &meta)?;
    Ok(Pod::new(meta, spec))
}

/// Whether the pod has finished and takes no room any more.
pub(crate) fn is_finished(written: &wire::pod::Pod) -> bool {
    matches!(&*written.status.phase, "Succeeded" | "Failed")
}

/// Whether a running pod counts as ready: it says so, or says nothing of its conditions.
pub(crate) fn is_ready(written: &wire::pod::Pod) -> bool {
    let status = &written.status;
    let ready = |c: &wire::pod::Condition| &*c.r#type == "Ready" && &*c.status == "True";
    match status.conditions.is_empty() {
        true => matches!(&*status.phase, "" | "Running"),
        false => status.conditions.iter().any(ready),
    }
}

fn pod_meta(written: &wire::pod::Pod) -> Result<PodMeta, ObjectError> {
    let (metadata, status) = (&written.metadata, &written.status);
    let preempted = |c: &wire::pod::Condition| {
        &*c.r#type == "DisruptionTarget" && &*c.status == "True" && &*c.reason == "PreemptionByScheduler"
    };
    Ok(PodMeta {
        namespace: meta::namespace(metadata),
        name: meta::name(metadata)?,
        uid: meta::uid(metadata, "Pod"),
        node_name: meta::given(&written.spec.node_name),
        labels: meta::labels(&metadata.labels),
        own_group: groups::own_group(metadata),
        owner: meta::owner(metadata),
        created: metadata.creation_timestamp.map(|t| t.0),
        terminating: metadata.deletion_timestamp.is_some(),
        started: status.start_time.map(|t| t.0),
        nominated_node: meta::given(&status.nominated_node_name),
        preempted: status.conditions.iter().any(preempted),
        generated_claims: status.resource_claim_statuses.iter().map(generated).collect(),
        unread: 0,
    })
}

fn generated(written: &wire::pod::ClaimStatus) -> (Str, Option<Str>) {
    (written.name.clone(), written.resource_claim_name.clone())
}

fn pod_spec(written: &wire::pod::Pod, meta: &PodMeta) -> Result<PodSpec, ObjectError> {
    let (spec, status) = (&written.spec, &written.status);
    let containers = containers::main(spec, status).within("spec")?;
    let init_containers = containers::init(spec, status).within("spec")?;
    let tolerations = spec.tolerations.iter().enumerate();
    let tolerations = tolerations.map(|(at, t)| selectors::toleration(t).within_item("spec.tolerations", at));
    Ok(PodSpec {
        scheduler_name: meta::given(&spec.scheduler_name).unwrap_or_else(|| DEFAULT_SCHEDULER.into()),
        priority: spec.priority.unwrap_or_default(),
        preemption_policy: priority::policy(&spec.preemption_policy).within("spec")?.unwrap_or_default(),
        gates: spec.scheduling_gates.iter().map(|g| g.name.clone()).collect(),
        pod_level: PodLevelResources {
            requests: pod_level_requests(spec).within("spec.resources")?,
            actual: status.resources.as_ref().map(|r| ActualResources {
                has_resources: true,
                requests: meta::reported(&r.requests),
                allocated: meta::reported(&status.allocated_resources),
            }),
        },
        containers,
        init_containers,
        overhead: meta::resource_list(&spec.overhead).within("spec.overhead")?,
        resize_infeasible: status
            .conditions
            .iter()
            .any(|c| &*c.r#type == "PodResizePending" && &*c.reason == "Infeasible"),
        tolerations: tolerations.collect::<Result<_, _>>()?,
        node_selector: spec.node_selector.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        node_affinity: node_affinity(&spec.affinity.node_affinity).within("spec.affinity.nodeAffinity")?,
        pod_affinity: affinity::terms(&spec.affinity.pod_affinity, meta)
            .within("spec.affinity.podAffinity")?,
        pod_anti_affinity: affinity::terms(&spec.affinity.pod_anti_affinity, meta)
            .within("spec.affinity.podAntiAffinity")?,
        spread: affinity::spread(&spec.topology_spread_constraints, meta).within("spec")?,
        volumes: volumes::volumes(&spec.volumes),
        resource_claims: spec.resource_claims.iter().map(pod_claim).collect(),
        scheduling_group: meta::given(&spec.scheduling_group.pod_group_name),
        required_features: required_features(spec),
    })
}

fn pod_claim(written: &wire::pod::PodClaim) -> PodClaim {
    let claim = meta::given(&written.resource_claim_name).map(ClaimSource::Claim);
    let source =
        claim.or_else(|| meta::given(&written.resource_claim_template_name).map(ClaimSource::Template));
    PodClaim { name: written.name.clone(), source: source.unwrap_or(ClaimSource::Unknown) }
}

fn pod_level_requests(spec: &wire::pod::PodSpec) -> Result<ResourceList, ObjectError> {
    let Some(resources) = &spec.resources else { return Ok(ResourceList::default()) };
    meta::resource_list(&resources.limits).within("limits")?;
    meta::resource_list(&resources.requests).within("requests")
}

fn node_affinity(written: &wire::affinity::NodeAffinity) -> Result<NodeAffinity, ObjectError> {
    let required = written.required.as_ref().map(selectors::node_selector).transpose();
    let preferred = written.preferred.iter().enumerate().map(|(at, term)| {
        let read = affinity::weight(term.weight).and_then(|weight| {
            Ok(PreferredTerm { weight, term: selectors::node_term(&term.preference).within("preference")? })
        });
        read.within_item(affinity::PREFERRED, at)
    });
    Ok(NodeAffinity {
        required: required.within(affinity::REQUIRED)?,
        preferred: preferred.collect::<Result<_, _>>()?,
    })
}

/// Kubelet features that the spec needs, as the NodeDeclaredFeatures plugin infers them.
fn required_features(spec: &wire::pod::PodSpec) -> Vec<Str> {
    let mut features = Vec::new();
    let mut containers = spec.containers.iter().chain(&spec.init_containers);
    if containers.any(|c| c.restart_policy_rules.iter().any(|r| &*r.action == "RestartAllContainers")) {
        features.push("RestartAllContainersOnContainerExits".into());
    }
    if spec.host_network && spec.host_users == Some(false) {
        features.push("UserNamespacesHostNetworkSupport".into());
    }
    features
}

#[cfg(test)]
mod tests;
