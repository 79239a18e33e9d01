//! `kube_pod_resource_request`, on `/metrics/resources`: what each pod asks for.
//!
//! `kube_pod_resource_limit` is absent: limits play no part in scheduling and are not kept.

use std::fmt::Write;
use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::resources::{CPU, EPHEMERAL_STORAGE, MEMORY};

const HEAD: &str = "\
# HELP kube_pod_resource_request Resources requested by workloads, by pod, with the unit of the resource if it has one.
# TYPE kube_pod_resource_request gauge
";

/// The page for these pods, in their order.
pub fn pod_resources(pods: &[Arc<Pod>]) -> String {
    let mut page = String::from(HEAD);
    for pod in pods {
        lines(&mut page, pod, pod.meta.node_name.as_deref().unwrap_or_default());
    }
    page
}

fn lines(page: &mut String, pod: &Arc<Pod>, node: &str) {
    for (resource, amount) in pod.resources.request.iter().filter(|(_, amount)| *amount != 0) {
        let (unit, value) = match resource {
            CPU => ("cores", amount as f64 / 1000.0),
            MEMORY | EPHEMERAL_STORAGE => ("bytes", amount as f64),
            _ if resource.starts_with("hugepages-") => ("bytes", amount as f64),
            _ if resource.starts_with("attachable-volumes-") => ("integer", amount as f64),
            _ => ("", amount as f64),
        };
        // Names and resources are DNS names and need no quoting; a scheduler name may be anything.
        let scheduler =
            pod.spec.scheduler_name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "kube_pod_resource_request{{namespace=\"{}\",node=\"{node}\",pod=\"{}\",priority=\"{}\",resource=\"{resource}\",\
             scheduler=\"{scheduler}\",unit=\"{unit}\"}} {value}",
            pod.meta.namespace, pod.meta.name, pod.spec.priority
        );
    }
}
