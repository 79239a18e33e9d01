//! A pod, from its creation to its node: who takes it, how long that takes, and what is wrong when nobody does.

mod pod;
mod wait;

#[cfg(test)]
mod tests;

use std::future::Future;

use serde_json::{Value, json};
use tokio::time::Instant;

pub use self::pod::Probe;
use super::{Check, text};
use crate::call::{ApiError, Caller, decode, path};

/// Creates the pod, tells each step as it is taken, and deletes the pod, whatever happened; also when `stop` ends first.
/// The steps after one that failed are not taken.
pub async fn probe(api: &Caller, probe: &Probe, stop: impl Future<Output = ()>, told: &mut dyn FnMut(Check)) {
    let stopped = tokio::select! {
        () = steps(api, probe, told) => false,
        () = stop => true,
    };
    if stopped {
        let again = "run the check again; the probe pod is deleted";
        told(Check::failed("the probe pod is bound", "interrupted", again));
    }
    if let Some(check) = delete(api, probe).await {
        told(check);
    }
}

async fn steps(api: &Caller, probe: &Probe, told: &mut dyn FnMut(Check)) {
    let began = Instant::now();
    let name = format!("probe pod {}/{} is created", probe.namespace, probe.name);
    let pods = format!("/api/v1/namespaces/{}/pods", probe.namespace);
    let created: Result<Value, ApiError> =
        api.post(&pods, &manifest(probe)).await.and_then(|bytes| decode(&bytes));
    let pod = match created {
        Ok(pod) => pod,
        Err(error) => return told(not_created(name, &error, probe)),
    };
    let scheduler = text(&pod, "/spec/schedulerName");
    if scheduler != probe.scheduler_name {
        let message =
            format!("its spec.schedulerName was changed from {} to {scheduler}", probe.scheduler_name);
        let remedy =
            "an admission webhook or policy does this: except this namespace, or choose another --namespace";
        return told(Check::failed(name, message, remedy));
    }
    told(Check::ok(name).saying(format!("schedulerName {scheduler}")).after(began.elapsed()));
    wait::wait(api, probe, text(&pod, "/metadata/uid"), told).await;
}

fn not_created(name: String, error: &ApiError, probe: &Probe) -> Check {
    let remedy = match error.code {
        403 if error.message.contains("quota") || error.message.contains("PodSecurity") => {
            "choose another --namespace".to_string()
        }
        403 => format!(
            "get permission to create and delete pods in {}, or choose another --namespace",
            probe.namespace
        ),
        404 => format!("create namespace {}, or choose another --namespace", probe.namespace),
        _ => "fix what the message says, or choose another --namespace".to_string(),
    };
    Check::failed(name, error.to_string(), remedy)
}

/// A pod that asks for next to nothing and that the strictest Pod Security level admits.
fn manifest(probe: &Probe) -> Value {
    let amount = json!({"cpu": "1m", "memory": "4Mi"});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": probe.namespace, "name": probe.name,
            "labels": {"app.kubernetes.io/name": "longshore-check", "app.kubernetes.io/managed-by": "longshore"},
        },
        "spec": {
            "schedulerName": probe.scheduler_name,
            "terminationGracePeriodSeconds": 0, "restartPolicy": "Never",
            "automountServiceAccountToken": false, "enableServiceLinks": false,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65535, "runAsGroup": 65535,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "pause", "image": probe.image,
                "resources": {"requests": amount, "limits": amount},
                "securityContext": {
                    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"]},
                },
            }],
        },
    })
}

/// Deletes the pod at once. `None` when it was never there.
async fn delete(api: &Caller, probe: &Probe) -> Option<Check> {
    let (namespace, name) = (&probe.namespace, &probe.name);
    let title = format!("probe pod {namespace}/{name} is deleted");
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
    match api.delete(&path::pod(namespace, name), &options).await {
        Ok(_) => Some(Check::ok(title)),
        // It could not be created for want of the same permission, and that has been told.
        Err(error) if error.is_not_found() || error.code == 403 && !exists(api, probe).await => None,
        Err(error) => {
            let command = format!("kubectl delete pod -n {namespace} {name} --grace-period=0 --force");
            Some(Check::failed(title, error.to_string(), command))
        }
    }
}

async fn exists(api: &Caller, probe: &Probe) -> bool {
    api.get::<Value>(&path::pod(&probe.namespace, &probe.name)).await.is_ok()
}
