//! Makes `src/schema.txt`, the fields of the kinds that are read, from the OpenAPI documents of Kubernetes releases
//! (`api/openapi-spec/swagger.json` of each, after the name of the release), the oldest first:
//!
//! ```sh
//! cargo run -p longshore-manifest --example schema -- v1.36.3=A/swagger.json v1.37.2=B/swagger.json > scheduler/manifest/src/schema.txt
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, Write};

use serde_json::{Map, Value};

/// Group and kind of what is read, and of what scheduling will read.
const KINDS: [(&str, &str); 30] = [
    ("", "Pod"),
    ("", "Node"),
    ("", "Namespace"),
    ("", "Service"),
    ("", "ReplicationController"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("apps", "ReplicaSet"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("batch", "Job"),
    ("batch", "CronJob"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("policy", "PodDisruptionBudget"),
    ("node.k8s.io", "RuntimeClass"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("scheduling.k8s.io", "PodGroup"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSIStorageCapacity"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "ResourceClaim"),
    ("resource.k8s.io", "ResourceClaimTemplate"),
    ("resource.k8s.io", "ResourceSlice"),
    ("resource.k8s.io", "DeviceTaintRule"),
];

const HEAD: &str = "\
# The fields of the kinds that are read, in every version that the releases below have. Made by examples/schema.rs.
#   kind VERSION KIND TYPE      the type of a kind
#   TYPE FIELD FIELD=TYPE ...   the fields of a type; =TYPE where the value, or each element of the list, has fields of its own;
#                               =*TYPE where the value is a map of such values";

/// Types by name, each with its fields and their types.
type Types = BTreeMap<String, BTreeMap<String, String>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut types = Types::new();
    let mut kinds: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut releases = Vec::new();
    for argument in std::env::args().skip(1) {
        let (release, path) = argument.split_once('=').ok_or("write RELEASE=FILE")?;
        let document: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        releases.push(release.to_string());
        let none = Map::new();
        let definitions = document["definitions"].as_object().unwrap_or(&none);
        for (name, definition) in definitions {
            for kind in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                let (group, version) = (text(kind, "group"), text(kind, "version"));
                if KINDS.contains(&(group, text(kind, "kind"))) {
                    let version =
                        if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
                    kinds.insert((version, text(kind, "kind").to_string()), short(name));
                    add(name, definitions, &mut types);
                }
            }
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{HEAD}\n# From {}.", releases.join(" and "))?;
    for ((version, kind), of) in &kinds {
        writeln!(out, "kind {version} {kind} {of}")?;
    }
    for (name, fields) in &types {
        let fields = fields.iter().map(|(field, of)| format!(" {field}{of}"));
        writeln!(out, "{name}{}", fields.collect::<String>())?;
    }
    Ok(())
}

/// Adds a type and all that it is made of.
fn add(name: &str, definitions: &Map<String, Value>, types: &mut Types) {
    let (mut open, mut seen) = (vec![name.to_string()], BTreeSet::new());
    while let Some(name) = open.pop() {
        let Some(fields) = definitions.get(&name).and_then(|d| d["properties"].as_object()) else { continue };
        if !seen.insert(name.clone()) {
            continue;
        }
        for (field, schema) in fields {
            let (mark, of) = match (reference(schema), reference(&schema["items"])) {
                (Some(of), _) | (_, Some(of)) => ("=", Some(of)),
                _ => ("=*", reference(&schema["additionalProperties"])),
            };
            let has_fields = |of: &&str| definitions.get(*of).is_some_and(|d| d["properties"].is_object());
            let of = of.filter(has_fields);
            let written = of.map_or(String::new(), |of| format!("{mark}{}", short(of)));
            types.entry(short(&name)).or_default().insert(field.clone(), written);
            open.extend(of.map(str::to_string));
        }
    }
}

/// The type that a schema refers to.
fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/definitions/")
}

/// The name of a type without what all have.
fn short(name: &str) -> String {
    let name = name.strip_prefix("io.k8s.api.").unwrap_or(name);
    name.strip_prefix("io.k8s.apimachinery.pkg.apis.").unwrap_or(name).to_string()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
