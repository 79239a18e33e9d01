//! Objects as they were written, for those who want more of them than scheduling reads: HTTP extenders.

use std::collections::BTreeMap;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use serde_json::{Map, Value, json};

use crate::collect::Source;
use crate::identity::{Compared, Identity, Key, Version};
use crate::items::{Item, items};
use crate::kind::Kind;
use crate::text::utf8;
use crate::unnamed::Namer;
use crate::{document, split, unnamed};

/// Nodes, pods, and the templates of pods.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    objects: BTreeMap<Key, (Version, Value)>,
    unnamed: Vec<(Identity, Value)>,
}

impl Whole {
    /// Reads the objects of the sources once more. Of two with the same name that one is kept that [`read`](crate::read)
    /// keeps; what cannot be read is passed over: it has been reported.
    pub fn of(sources: &[Source]) -> Self {
        let mut whole = Self::default();
        for source in sources {
            for chunk in split::split(&utf8(&source.text)) {
                for document in document::parse(chunk).into_iter().flatten() {
                    items(&document.value).iter().for_each(|item| whole.add(item));
                }
            }
        }
        let mut namer = Namer::default();
        for (object, mut value) in std::mem::take(&mut whole.unnamed) {
            let key = |name: &Str| (object.kind, object.namespace.clone(), name.clone());
            let name = namer.name(&object, &mut value, |name| !whole.objects.contains_key(&key(name)));
            whole.objects.insert(key(&name), (Version::of(&value), value));
        }
        whole
    }

    fn add(&mut self, item: &Item<'_>) {
        let Some(kind) = Kind::of(&item.api_version, &item.kind).filter(|kind| is_kept(*kind)) else {
            return;
        };
        let object = Identity::of(kind, item.value);
        if unnamed::waits(&object, item.value) {
            return self.unnamed.push((object, item.value.clone()));
        }
        let version = Version::of(item.value);
        let earlier = self.objects.get(&object.key());
        if earlier.is_none_or(|(earlier, _)| version.after(earlier) == Compared::Newer) {
            self.objects.insert(object.key(), (version, item.value.clone()));
        }
    }

    /// The node as it was written.
    pub fn node(&self, name: &str) -> Option<&Value> {
        self.get(Kind::Node, "", name)
    }

    /// The pod as it was written, or as its workload's template has it, with the identity, labels, priority and node that
    /// it has to the scheduler.
    pub fn pod(&self, pod: &Pod) -> Value {
        let written = self.get(Kind::Pod, &pod.meta.namespace, &pod.meta.name).or_else(|| self.template(pod));
        let mut whole = match written {
            Some(Value::Object(fields)) => fields.clone(),
            _ => Map::new(),
        };
        whole.insert("apiVersion".to_string(), json!("v1"));
        whole.insert("kind".to_string(), json!("Pod"));
        let metadata = object(&mut whole, "metadata");
        for (field, value) in
            [("name", &pod.meta.name), ("namespace", &pod.meta.namespace), ("uid", &pod.meta.uid)]
        {
            metadata.insert(field.to_string(), json!(&**value));
        }
        let labels: Map<String, Value> =
            pod.meta.labels.iter().map(|(k, v)| (k.to_string(), json!(&**v))).collect();
        metadata.insert("labels".to_string(), labels.into());
        let spec = object(&mut whole, "spec");
        spec.insert("schedulerName".to_string(), json!(&*pod.spec.scheduler_name));
        spec.insert("priority".to_string(), json!(pod.spec.priority));
        if let Some(node) = &pod.meta.node_name {
            spec.insert("nodeName".to_string(), json!(&**node));
        }
        whole.into()
    }

    /// The template of the pod's workload. A ReplicaSet that was made for a Deployment has its name and a suffix.
    fn template(&self, pod: &Pod) -> Option<&Value> {
        let owner = pod.meta.owner.as_ref()?;
        let kind = Kind::of(&owner.api_version, &owner.kind)?;
        let namespace = &pod.meta.namespace;
        let made_by = |kind| {
            let (maker, _) = owner.name.rsplit_once('-')?;
            self.get(kind, namespace, maker)
        };
        let owner = self.get(kind, namespace, &owner.name);
        let owner = owner.or_else(|| made_by(Kind::Deployment)).or_else(|| made_by(Kind::CronJob));
        let spec = owner?.get("spec")?;
        spec.get("template").or_else(|| spec.get("jobTemplate")?.get("spec")?.get("template"))
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(kind, namespace.into(), name.into())).map(|(_, value)| value)
    }
}

/// Pods, nodes, and what makes pods.
fn is_kept(kind: Kind) -> bool {
    use Kind::{
        CronJob, DaemonSet, Deployment, Job, Node, Pod, ReplicaSet, ReplicationController, StatefulSet,
    };
    matches!(
        kind,
        Pod | Node
            | ReplicationController
            | ReplicaSet
            | Deployment
            | StatefulSet
            | DaemonSet
            | Job
            | CronJob
    )
}

/// The object in a field, made when there is none.
fn object<'m>(fields: &'m mut Map<String, Value>, name: &str) -> &'m mut Map<String, Value> {
    let value = fields.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(fields) => fields,
        _ => unreachable!("it was made an object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (crate::Manifests, Whole) {
        let sources = [Source { name: "-".to_string(), text: text.as_bytes().to_vec() }];
        (crate::read(&sources), Whole::of(&sources))
    }

    #[test]
    fn a_pod_has_everything_it_was_written_with_and_its_identity() {
        let (read, whole) = both(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {a: b}}\nspec: {hostname: host, nodeName: node, containers: [{name: c}]}",
        );
        let pod = whole.pod(&read.pods[0]);
        assert_eq!(pod["metadata"]["annotations"]["a"], "b");
        assert_eq!(pod["metadata"]["namespace"], "default");
        assert_eq!(pod["metadata"]["uid"], &*read.pods[0].meta.uid);
        let spec = json!({"containers": [{"name": "c"}], "hostname": "host", "nodeName": "node", "priority": 0, "schedulerName": "default-scheduler"});
        assert_eq!(pod["spec"], spec);
    }

    #[test]
    fn a_pod_of_a_workload_has_its_template() {
        for (group, kind) in [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job")] {
            let (read, whole) = both(&format!(
                "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: w, namespace: ns}}\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    spec: {{hostname: host, restartPolicy: Never, containers: [{{name: c}}]}}"
            ));
            let pod = whole.pod(&read.pods[0]);
            assert_eq!(
                (&pod["spec"]["hostname"], &pod["metadata"]["labels"]["a"]),
                (&json!("host"), &json!("b"))
            );
            assert_eq!(pod["metadata"]["name"], &*read.pods[0].meta.name, "{kind}");
        }
    }

    #[test]
    fn nodes_are_as_written_and_what_is_odd_does_no_harm() {
        let (read, whole) = both(
            "apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: n1}}, {metadata: {name: n1}, status: {x: 1}}, 7]\n---\n{",
        );
        assert_eq!(whole.node("n1").unwrap()["status"]["x"], 1);
        assert_eq!(whole.node("m"), None);
        assert_eq!(read.nodes.len(), 1);
        let stray = longshore_framework::fixture::pod("stray").build();
        assert_eq!(whole.pod(&stray)["metadata"]["name"], "stray");
    }
}
