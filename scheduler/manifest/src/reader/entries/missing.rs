//! Objects that make pods and are not expanded.

use longshore_framework::Str;
use serde_json::Value;

use super::{Entries, Place};
use crate::expand::World;
use crate::identity::described;
use crate::items::Item;
use crate::kind::{group, text};
use crate::manifests::Unexpanded;
use crate::meta::DEFAULT_NAMESPACE;
use crate::unexpanded::Pods;

/// An object that makes pods.
#[derive(Debug)]
pub(super) struct Makes {
    place: Place,
    kind: String,
    /// The group and version that reads it, when it is an old one.
    now: Option<&'static str>,
    namespace: Str,
    name: Str,
    /// No API server has seen it, so nobody has made its pods.
    hand_written: bool,
    pods: Pods,
}

impl Makes {
    /// Of an object of that kind.
    pub(super) fn of(item: &Item<'_>, place: Place, pods: Pods) -> Self {
        let metadata = item.value.get("metadata").unwrap_or(&Value::Null);
        let namespace = match text(metadata, "namespace") {
            "" => DEFAULT_NAMESPACE,
            given => given,
        };
        let name = match text(metadata, "name") {
            "" => text(metadata, "generateName"),
            name => name,
        };
        let old = group(&item.api_version) == "extensions";
        Self {
            place,
            kind: item.kind.clone(),
            now: old.then_some("apps/v1"),
            namespace: namespace.into(),
            name: name.into(),
            hand_written: text(metadata, "uid").is_empty(),
            pods,
        }
    }

    /// Whether its pods are missing: of an object that an API server has seen they may be in the input.
    fn lacks(&self, world: &World<'_>) -> bool {
        self.hand_written || !world.has_pod_named_after(&self.namespace, &self.name)
    }

    fn message(&self) -> String {
        let missing = match self.pods.count {
            Some(1) => "1 pod is missing".to_string(),
            Some(count) => format!("{count} pods are missing"),
            None => "its pods are missing".to_string(),
        };
        let by: Vec<&str> = self.pods.counted.iter().copied().collect();
        let by =
            if self.pods.count.is_some() { format!(" (by its {})", by.join(", ")) } else { String::new() };
        let fix = match self.now {
            Some(now) => format!("write apiVersion: {now}"),
            None if self.kind == "CronJob" => "--expand-cronjobs makes the pods of one run".to_string(),
            None => "add the pods or workloads that its controller makes".to_string(),
        };
        format!("not expanded: {missing}{by}; {fix}")
    }
}

impl Entries {
    /// Lists the objects whose pods are missing.
    pub(super) fn list_unexpanded(&mut self, world: &World<'_>) {
        for makes in std::mem::take(&mut self.makes) {
            if !makes.lacks(world) {
                continue;
            }
            let place = makes.place;
            self.read.unexpanded.push(Unexpanded {
                source: self.sources[place.source].clone(),
                document: place.document,
                item: place.item,
                object: described(&makes.kind, &makes.namespace, &makes.name),
                pods: makes.pods.count,
                message: makes.message(),
            });
        }
    }
}
