//! The pods that are meant, as the API server has them.

use anyhow::bail;
use longshore_cluster::call::path::escape;
use longshore_cluster::call::{ApiError, Caller};
use serde_json::Value;

use super::target::{Kind, Target};

/// A pod, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodRef {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Its UID; `None` when the pod may not be read.
    pub(super) uid: Option<String>,
    /// `schedulerName`; `None` when the pod may not be read.
    pub(super) scheduler: Option<String>,
    /// The node that it is bound to.
    pub(super) node: Option<String>,
}

impl PodRef {
    /// `namespace/name`.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    fn of(pod: &Value) -> Self {
        let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default();
        Self {
            namespace: text("/metadata/namespace").to_string(),
            name: text("/metadata/name").to_string(),
            uid: Some(text("/metadata/uid").to_string()),
            scheduler: Some(text("/spec/schedulerName").to_string()),
            node: Some(text("/spec/nodeName").to_string()).filter(|node| !node.is_empty()),
        }
    }
}

/// The pods of one target, by name. `namespace` is where it is, unless the name says so.
///
/// # Errors
/// There is none, or the API server does not answer.
pub(super) async fn find(api: &Caller, target: &Target<'_>, namespace: &str) -> anyhow::Result<Vec<PodRef>> {
    if target.kind == Kind::Pod {
        let (namespace, name) = target.name.split_once('/').unwrap_or((namespace, target.name));
        let query = format!("?fieldSelector=metadata.name%3D{}", escape(name));
        return match list(api, namespace, &query).await {
            Ok(pods) => match pods.first() {
                Some(pod) => Ok(vec![PodRef::of(pod)]),
                None => bail!("there is no pod {namespace}/{name}; name its namespace by -n"),
            },
            // Who may ask the scheduler need not be allowed to read pods.
            Err(error) if error.code == 403 => Ok(vec![PodRef {
                namespace: namespace.to_string(),
                name: name.to_string(),
                uid: None,
                scheduler: None,
                node: None,
            }]),
            Err(error) => bail!("the pod cannot be read: {error}"),
        };
    }
    let pods = match list(api, namespace, "").await {
        Ok(pods) => pods,
        Err(error) => bail!("the pods of {} cannot be listed: {error}", target.shown()),
    };
    let mut found: Vec<PodRef> = pods.iter().filter(|pod| is_of(target, pod)).map(PodRef::of).collect();
    if found.is_empty() {
        let shown = target.shown();
        bail!(
            "{shown} has no pods in {namespace} that wait or run; is its name right? kubectl describe {shown} -n {namespace}"
        );
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Whether the target made this pod, and it has not ended.
fn is_of(target: &Target<'_>, pod: &Value) -> bool {
    let text = |path: &str| pod.pointer(path).and_then(Value::as_str);
    if matches!(text("/status/phase"), Some("Succeeded" | "Failed")) {
        return false;
    }
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let is_controller = |owner: &&Value| owner.get("controller").and_then(Value::as_bool) == Some(true);
    let owner = owners.into_iter().flatten().find(is_controller);
    let field = |name: &str| owner.and_then(|owner| owner.get(name)?.as_str());
    let owner = field("kind").zip(field("name"));
    target.makes(owner, text("/metadata/labels/pod-template-hash"))
}

async fn list(api: &Caller, namespace: &str, query: &str) -> Result<Vec<Value>, ApiError> {
    let path = format!("/api/v1/namespaces/{}/pods{query}", escape(namespace));
    let mut list: Value = api.get(&path).await?;
    let items = list.get_mut("items").and_then(Value::as_array_mut);
    Ok(items.map(std::mem::take).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_of_a_workload_that_have_not_ended() {
        #[track_caller]
        fn check(phase: &str, controller: bool, want: bool) {
            let pod = json!({
                "metadata": {"labels": {"pod-template-hash": "5d9"}, "ownerReferences": [
                    {"kind": "ReplicaSet", "name": "web-5d9", "controller": controller}]},
                "status": {"phase": phase},
            });
            let target = Target { kind: Kind::Deployment, name: "web" };
            assert_eq!(is_of(&target, &pod), want, "{pod}");
        }
        check("Pending", true, true);
        check("Running", true, true);
        check("Succeeded", true, false);
        check("Failed", true, false);
        check("Running", false, false);
    }

    #[test]
    fn what_is_read_of_a_pod() {
        let pod = json!({"metadata": {"namespace": "shop", "name": "web-1"},
            "spec": {"schedulerName": "longshore", "nodeName": "n1"}});
        let known = PodRef::of(&pod);
        assert_eq!((known.key().as_str(), known.scheduler.as_deref()), ("shop/web-1", Some("longshore")));
        assert_eq!(known.node.as_deref(), Some("n1"));
    }
}
