//! Kinds whose absence from the input can change a decision in it, each with a warning of its own.

mod devices;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::Pod;
use longshore_framework::resource_claim::ResourceClaim;
use longshore_framework::volume::{
    Claim, CsiDriver, NO_PROVISIONER, PersistentVolume, StorageClass, VolumeSource,
};

use crate::manifests::Manifests;
use crate::meta;

/// What is to be said of a kind, when there is something.
type Rule = fn(&Input<'_>) -> Option<String>;

/// Each with the kind that it misses.
const RULES: [(&str, Rule); 13] = [
    ("PersistentVolumeClaim", claims),
    ("PersistentVolume", volumes),
    ("CSINode", csi_nodes),
    ("VolumeAttachment", attachments),
    ("CSIDriver", csi_drivers),
    ("CSIStorageCapacity", capacities),
    ("StorageClass", classes),
    ("ReplicaSet", controllers),
    ("Service", services),
    ("LimitRange", limit_ranges),
    ("ResourceClaim", devices::claims),
    ("DeviceClass", devices::classes),
    ("ResourceSlice", devices::slices),
];

/// What the reader knows beside the cluster itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// Nodes come from an API server, so that other objects of the cluster may be missing.
    pub(crate) live: bool,
    /// There is a LimitRange.
    pub(crate) limit_ranges: bool,
}

/// A warning for each kind that pods of the input need and that is not in it. What a dump says to be all there is, is never
/// missed.
pub(crate) fn warnings(read: &Manifests, facts: Facts) -> Vec<String> {
    let input = Input { facts, ..Input::of(read) };
    if input.pending.is_empty() || read.nodes.is_empty() {
        return Vec::new();
    }
    let only = read.coverage.namespace.as_ref().map(|namespace| {
        format!("the dump has only namespace {namespace}: pods of other namespaces use no room on the nodes")
    });
    let missed = RULES.iter().filter(|(kind, _)| !read.coverage.has(kind)).filter_map(|(kind, rule)| {
        let said = rule(&input)?;
        Some(match read.coverage.why_missing(kind) {
            Some(reason) => format!("{said} (the dump could not have them: {reason})"),
            None => said,
        })
    });
    only.into_iter().chain(missed).collect()
}

/// The objects by name, as far as the rules look at them.
#[derive(Default)]
struct Input<'a> {
    pending: Vec<&'a Pod>,
    claims: BTreeMap<NamespacedName, &'a Claim>,
    volumes: BTreeMap<Str, &'a PersistentVolume>,
    classes: BTreeMap<Str, &'a StorageClass>,
    drivers: BTreeMap<Str, &'a CsiDriver>,
    /// Classes for which a CSIStorageCapacity is there.
    capacities: BTreeSet<Str>,
    csi_nodes: bool,
    attachments: bool,
    services: bool,
    controllers: BTreeSet<(Str, Str, Str)>,
    device_claims: BTreeMap<NamespacedName, &'a ResourceClaim>,
    device_classes: BTreeSet<&'a Str>,
    slices: bool,
    running: Vec<&'a Pod>,
    facts: Facts,
}

impl<'a> Input<'a> {
    fn of(read: &'a Manifests) -> Self {
        let (running, pending) =
            read.pods.iter().map(Arc::as_ref).partition(|p: &&Pod| p.meta.node_name.is_some());
        let mut input = Self { pending, running, ..Self::default() };
        for object in &read.objects {
            match object {
                Object::Claim(o) => {
                    input.claims.insert((o.namespace.clone(), o.name.clone()), o);
                }
                Object::PersistentVolume(o) => {
                    input.volumes.insert(o.name.clone(), o);
                }
                Object::StorageClass(o) => {
                    input.classes.insert(o.name.clone(), o);
                }
                Object::CsiDriver(o) => {
                    input.drivers.insert(o.name.clone(), o);
                }
                Object::CsiStorageCapacity(o) => {
                    input.capacities.insert(o.class.clone());
                }
                Object::CsiNode(_) => input.csi_nodes = true,
                Object::VolumeAttachment(_) => input.attachments = true,
                Object::Service(_) => input.services = true,
                Object::Controller(o) => {
                    input.controllers.insert((o.kind.clone(), o.namespace.clone(), o.name.clone()));
                }
                Object::ResourceClaim(o) => {
                    input.device_claims.insert(o.key(), o);
                }
                Object::DeviceClass(o) => {
                    input.device_classes.insert(&o.name);
                }
                Object::ResourceSlice(_) => input.slices = true,
                _ => {}
            }
        }
        input
    }

    /// Claims of pending pods.
    fn wanted(&self) -> impl Iterator<Item = &'a Claim> {
        let of = |pod: &&'a Pod| -> Vec<NamespacedName> {
            pod.claim_names().map(|name| (pod.meta.namespace.clone(), name)).collect()
        };
        self.pending.iter().flat_map(of).filter_map(|key| self.claims.get(&key).copied())
    }

    /// Those of them without a volume, with their class.
    fn unbound(&self) -> impl Iterator<Item = (&'a Claim, &Str)> {
        let without = self.wanted().filter(|c| c.volume_name.is_empty());
        without.filter_map(|c| Some((c, c.class.as_ref().filter(|name| !name.is_empty())?)))
    }

    /// Drivers of volumes that pending pods attach, now or once they are provisioned.
    fn attached(&self) -> BTreeSet<&Str> {
        let inline = self.pending.iter().flat_map(|pod| &pod.spec.volumes);
        let inline = inline.filter_map(|volume| match &volume.source {
            VolumeSource::InlineCsi { driver } => Some(driver),
            _ => None,
        });
        let bound = self
            .wanted()
            .filter_map(|claim| Some(&self.volumes.get(&claim.volume_name)?.csi.as_ref()?.driver));
        let to_come = self.unbound().filter_map(|(_, name)| self.provisioner(name));
        inline.chain(bound).chain(to_come).collect()
    }

    fn provisioner(&self, class: &Str) -> Option<&'a Str> {
        let in_tree = |name: &str| name.starts_with("kubernetes.io/");
        let class: &'a StorageClass = self.classes.get(class)?;
        (&*class.provisioner != NO_PROVISIONER && !in_tree(&class.provisioner)).then_some(&class.provisioner)
    }
}

fn claims(input: &Input<'_>) -> Option<String> {
    let of = |pod: &&Pod| -> Vec<NamespacedName> {
        pod.claim_names().map(|name| (pod.meta.namespace.clone(), name)).collect()
    };
    let lacking = input.pending.iter().flat_map(of).filter(|key| !input.claims.contains_key(key));
    let names: Vec<Str> = lacking.map(|(namespace, name)| format!("{namespace}/{name}").into()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "pending pods use PersistentVolumeClaims that are not in the input ({}), so they fit nowhere; add the claims",
            listed(names.iter().collect())
        )
    })
}

fn volumes(input: &Input<'_>) -> Option<String> {
    let bound = input.wanted().map(|claim| &claim.volume_name).filter(|name| !name.is_empty());
    let lacking: BTreeSet<&Str> = bound.filter(|name| !input.volumes.contains_key(*name)).collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "claims of pending pods are bound to PersistentVolumes that are not in the input ({}), so it is not known where \
             they can be used; add the volumes",
            listed(lacking)
        )
    })
}

/// Volumes stay attached for a while after their pod is gone.
fn attachments(input: &Input<'_>) -> Option<String> {
    let drivers = input.attached();
    if input.attachments || !input.csi_nodes || !input.facts.live || drivers.is_empty() {
        return None;
    }
    Some(format!(
        "no VolumeAttachment is in the input, so volumes that are attached without a pod do not count towards the limits of \
         nodes ({}); add the VolumeAttachments",
        listed(drivers)
    ))
}

/// Pods that are spread by default over the pods of a Service, of which the input of a real cluster has none.
fn services(input: &Input<'_>) -> Option<String> {
    if input.services || !input.facts.live {
        return None;
    }
    let spread = input.pending.iter().filter(|pod| pod.spec.spread.is_empty());
    let beside = |pod: &&&Pod| {
        let alike = |other: &&Pod| {
            let mut labels = pod.meta.labels.iter();
            other.meta.namespace == pod.meta.namespace
                && labels.any(|(key, value)| other.meta.labels.get(key) == Some(value))
        };
        input.running.iter().any(alike)
    };
    let names: Vec<Str> = spread.filter(beside).map(|pod| pod.key().into()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "no Service is in the input, so pending pods are not spread by default over the pods of their Service ({}); add \
             the Services",
            listed(names.iter().collect())
        )
    })
}

fn limit_ranges(input: &Input<'_>) -> Option<String> {
    let Facts { live, limit_ranges } = input.facts;
    let is_new = |pod: &&&Pod| pod.meta.uid == meta::made_up_uid("Pod", &pod.meta.namespace, &pod.meta.name);
    let lacks = |pod: &&Pod| {
        let asks = |resource: &str| pod.spec.containers.iter().all(|c| c.requests.get(resource).is_some());
        !(asks("cpu") && asks("memory"))
    };
    let lacking = || input.pending.iter().filter(is_new).any(lacks);
    (live && !limit_ranges && lacking()).then(|| {
        "no LimitRange is in the input, and containers of new pods lack a request that one would give them; add the LimitRanges"
            .to_string()
    })
}

fn csi_nodes(input: &Input<'_>) -> Option<String> {
    let drivers = input.attached();
    if input.csi_nodes || drivers.is_empty() {
        return None;
    }
    Some(format!(
        "no CSINode is in the input, so how many volumes a node can attach is not known and not limited ({}); add the CSINodes",
        listed(drivers)
    ))
}

fn csi_drivers(input: &Input<'_>) -> Option<String> {
    let lacking = input.unbound().filter(|(_, class)| input.capacities.contains(*class));
    let lacking = lacking.filter_map(|(_, class)| input.provisioner(class));
    let lacking: BTreeSet<&Str> = lacking.filter(|driver| !input.drivers.contains_key(*driver)).collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "CSIStorageCapacities are in the input without their CSIDriver ({}), so capacity is not checked; add the CSIDrivers",
            listed(lacking)
        )
    })
}

fn capacities(input: &Input<'_>) -> Option<String> {
    let tracked = |driver: &&Str| input.drivers.get(*driver).is_some_and(|d| d.storage_capacity);
    let waiting = input.unbound().filter(|(_, class)| input.classes.get(*class).is_some_and(|c| c.waits()));
    let lacking = waiting.filter_map(|(_, class)| input.provisioner(class)).filter(tracked);
    let lacking: BTreeSet<&Str> = lacking.collect();
    (input.capacities.is_empty() && !lacking.is_empty()).then(|| {
        format!(
            "no CSIStorageCapacity is in the input, and drivers say by it where there is room ({}), so their claims fit \
             nowhere; add the CSIStorageCapacities",
            listed(lacking)
        )
    })
}

fn classes(input: &Input<'_>) -> Option<String> {
    let lacking = input.unbound().map(|(_, class)| class).filter(|class| !input.classes.contains_key(*class));
    let lacking: BTreeSet<&Str> = lacking.collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "claims of pending pods name StorageClasses that are not in the input ({}); add them",
            listed(lacking)
        )
    })
}

/// Pods that are spread by default, over the pods of a controller that is not there.
fn controllers(input: &Input<'_>) -> Option<String> {
    let spread = input.pending.iter().filter(|pod| pod.spec.spread.is_empty());
    let owners = spread.filter_map(|pod| Some((&pod.meta.namespace, pod.meta.owner.as_ref()?)));
    let selecting = owners.filter(|(_, owner)| match &*owner.kind {
        "ReplicaSet" | "StatefulSet" => &*owner.api_version == "apps/v1",
        "ReplicationController" => &*owner.api_version == "v1",
        _ => false,
    });
    let keys =
        selecting.map(|(namespace, owner)| (owner.kind.clone(), namespace.clone(), owner.name.clone()));
    let lacking: BTreeSet<_> = keys.filter(|key| !input.controllers.contains(key)).collect();
    let names: Vec<Str> =
        lacking.iter().map(|(kind, ns, name)| format!("{kind} {ns}/{name}").into()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "pending pods belong to controllers that are not in the input ({}), so default spreading does not see the pods \
             beside them; add the controllers",
            listed(names.iter().collect())
        )
    })
}

/// The first few names, and how many more there are.
fn listed(names: BTreeSet<&Str>) -> String {
    const NAMED: usize = 3;
    let shown: Vec<&str> = names.iter().take(NAMED).map(|name| &***name).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests;
