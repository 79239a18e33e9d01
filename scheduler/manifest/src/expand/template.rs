//! Pods made from a workload's template.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;

use super::labels::TEMPLATE_HASH;
use super::names;
use super::world::World;
use crate::admission::Charge;
use crate::error::{ObjectError, Within};
use crate::kind::Kind;
use crate::wire::StringMap;
use crate::wire::meta::{Meta, OwnerReference};
use crate::wire::pod::Pod as Written;
use crate::wire::workload::Workload;
use crate::{defaults, meta, pod};

/// The template of a workload, with what its controller adds to every pod.
#[derive(Clone, Debug)]
pub(super) struct Template<'w> {
    workload: &'w Workload,
    /// Namespace of workload and pods.
    pub(super) namespace: Str,
    owner: OwnerReference,
    /// Labels that the controller adds.
    pub(super) labels: StringMap,
}

impl<'w> Template<'w> {
    /// The template of `workload`, which is the owner of the pods.
    pub(super) fn new(kind: Kind, workload: &'w Workload) -> Self {
        Self::owned_by(kind, &workload.metadata.name, workload)
    }

    /// The same with an owner of another name between workload and pods.
    pub(super) fn owned_by(kind: Kind, name: &Str, workload: &'w Workload) -> Self {
        let namespace = meta::namespace(&workload.metadata);
        let api_version = match kind {
            Kind::ReplicationController => "v1",
            Kind::Job => "batch/v1",
            _ => "apps/v1",
        };
        let owner = OwnerReference {
            api_version: api_version.into(),
            kind: kind.name().into(),
            name: name.clone(),
            uid: meta::made_up_uid(kind.name(), &namespace, name),
            controller: true,
        };
        Self { workload, namespace, owner, labels: StringMap::new() }
    }

    /// Name and hash of the owner, which names of pods are made of.
    pub(super) fn owner_name(&self) -> &Str {
        &self.owner.name
    }

    /// UID of the owner.
    pub(super) fn owner_uid(&self) -> &Str {
        &self.owner.uid
    }

    /// A pod as the controller would write it.
    pub(super) fn written(&self, name: Str) -> Written {
        let template = &self.workload.spec.template;
        let mut labels = template.metadata.labels.clone();
        labels.extend(self.labels.clone());
        let metadata = Meta {
            name,
            namespace: self.namespace.clone(),
            labels,
            annotations: template.metadata.annotations.clone(),
            creation_timestamp: self.workload.metadata.creation_timestamp,
            owner_references: vec![self.owner.clone()],
            ..Default::default()
        };
        Written { metadata, spec: template.spec.clone(), status: Default::default() }
    }

    /// The pod that the template describes, whether it is let in or not.
    pub(super) fn read(&self, world: &mut World<'_>) -> Result<Pod, ObjectError> {
        let mut written = self.written(self.owner.name.clone());
        defaults::new_pod(&mut written);
        // A refusal is reported where pods are made.
        let _ = world.admission.admit(&world.subject, &mut written);
        pod::convert(&written).within("spec.template")
    }

    /// The first of `count` pods like `written`, as admission lets it in; nothing when it does not.
    pub(super) fn admitted(
        &self,
        mut written: Written,
        count: usize,
        world: &mut World<'_>,
    ) -> Result<Option<Prototype>, ObjectError> {
        defaults::new_pod(&mut written);
        let admitted = world.admission.create(&world.subject, &mut written);
        let pod = Arc::new(pod::convert(&written).within("spec.template")?);
        let pod = Arc::unwrap_or_clone(pod.taken_by(world.admission.features));
        match admitted {
            Ok(charge) => Ok(Some(Prototype { pod, charge })),
            Err(refused) => {
                world.refuse(count, refused);
                Ok(None)
            }
        }
    }

    /// The first of `count` pods, whose copies the others are; its name is not its own yet.
    pub(super) fn prototype(
        &self,
        count: usize,
        world: &mut World<'_>,
    ) -> Result<Option<Prototype>, ObjectError> {
        self.admitted(self.written(self.owner.name.clone()), count, world)
    }

    /// Refuses more pods, or larger ones, than any cluster has.
    pub(super) fn allow(&self, count: usize, world: &mut World<'_>) -> Result<(), ObjectError> {
        let spec = &self.workload.spec.template.spec;
        let parts = spec.containers.len() + spec.init_containers.len() + spec.volumes.len();
        let parts = parts + spec.tolerations.len() + self.workload.spec.volume_claim_templates.len();
        // A pod of up to a hundred parts counts once.
        world.allow(count.saturating_mul(parts / 100 + 1), count)
    }

    /// Adds `count` pods named `<owner>-<suffix>` that differ in nothing else.
    pub(super) fn copies(&self, count: usize, world: &mut World<'_>) -> Result<(), ObjectError> {
        let Some(prototype) = self.prototype(count, world)? else { return Ok(()) };
        self.allow(count, world)?;
        let mut naming = Naming::new(self);
        for at in 0..count {
            if !world.charge(&prototype.charge, count - at) {
                break;
            }
            let name = naming.next(&format!("{}-", self.owner.name), world);
            self.add(named(prototype.pod.clone(), name), world)?;
        }
        Ok(())
    }

    /// Adds a pod with the template's ephemeral volumes.
    pub(super) fn add(&self, pod: Pod, world: &mut World<'_>) -> Result<(), ObjectError> {
        world.add_pod(Arc::new(pod), &self.workload.spec.template.spec.volumes, true).within("spec.template")
    }
}

/// Whether decisions tell pods of two templates apart. The label with the template's hash does not count.
pub(super) fn are_alike(a: &Pod, b: &Pod) -> bool {
    let labels = |pod: &Pod| -> Vec<(Str, Str)> {
        let all = pod.meta.labels.iter().filter(|(key, _)| ***key != *TEMPLATE_HASH);
        all.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    a.spec == b.spec && labels(a) == labels(b)
}

/// A pod that admission lets in, and what each like it takes of quotas.
pub(super) struct Prototype {
    pub(super) pod: Pod,
    pub(super) charge: Charge,
}

/// `pod` under another name.
pub(super) fn named(mut pod: Pod, name: Str) -> Pod {
    pod.meta.uid = World::pod_uid(&pod.meta.namespace, &name);
    pod.meta.name = name;
    pod
}

/// Names with suffixes that no other pod has.
#[derive(Debug)]
pub(super) struct Naming {
    namespace: Str,
    seed: u64,
    next: u64,
}

impl Naming {
    /// Names for the pods of a template.
    pub(super) fn new(template: &Template<'_>) -> Self {
        Self { namespace: template.namespace.clone(), seed: names::hash(template.owner_uid()), next: 0 }
    }

    /// The next free name, taken at once.
    pub(super) fn next(&mut self, prefix: &str, world: &mut World<'_>) -> Str {
        loop {
            let name: Str = format!("{prefix}{}", names::suffix(self.seed, self.next)).into();
            self.next += 1;
            if world.take_name(&self.namespace, &name) {
                return name;
            }
        }
    }
}
