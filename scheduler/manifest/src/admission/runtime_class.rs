//! What a RuntimeClass adds to its pods.

use super::refused::Refused;
use super::tolerations;
use crate::meta;
use crate::wire::admission::RuntimeClass;
use crate::wire::pod::PodSpec;

/// Overhead, node selector and tolerations.
pub(super) fn apply(class: &RuntimeClass, spec: &mut PodSpec) -> Result<(), Refused> {
    overhead(class, spec)?;
    let scheduling = &class.scheduling;
    for (key, value) in &scheduling.node_selector {
        match spec.node_selector.get(key) {
            Some(own) if own != value => {
                return Err(Refused(format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
                )));
            }
            _ => spec.node_selector.insert(key.clone(), value.clone()),
        };
    }
    if !scheduling.tolerations.is_empty() {
        spec.tolerations = tolerations::merged(&spec.tolerations, &scheduling.tolerations);
    }
    Ok(())
}

fn overhead(class: &RuntimeClass, spec: &mut PodSpec) -> Result<(), Refused> {
    let Some(overhead) = &class.overhead else {
        return match spec.overhead.is_empty() {
            true => Ok(()),
            false => refuse("Pod Overhead set without corresponding RuntimeClass defined Overhead"),
        };
    };
    let differs = meta::reported(&spec.overhead) != meta::reported(&overhead.pod_fixed);
    if !spec.overhead.is_empty() && differs {
        return refuse("Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
    spec.overhead = overhead.pod_fixed.clone();
    Ok(())
}

fn refuse(why: &str) -> Result<(), Refused> {
    Err(Refused(format!("pod rejected: {why}")))
}
