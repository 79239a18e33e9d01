//! All objects are known: new pods are admitted, workloads get their pods, claims their class, budgets their numbers.

mod devices;
mod pods;
mod scale;

use std::sync::Arc;

use longshore_framework::objects::{DisruptionBudget, Object};
use longshore_framework::pod::Pod;
use longshore_framework::resource_claim::ResourceClaim;
use longshore_framework::{Str, Timestamp};

use super::body::Body;
use super::{Entries, Place, Unnamed, changed};
use crate::admission::Admission;
use crate::error::ObjectError;
use crate::expand::{self, Change, World};
use crate::identity::{Identity, Version};
use crate::kind::Kind;
use crate::manifests::{ManifestProblem, Manifests};
use crate::priority::PriorityClasses;
use crate::unnamed::Namer;
use crate::wire::workload::{CronJob, DisruptionBudgetSpec, Workload};
use crate::{absent, meta, namespaces, settle, wire, workload};

impl Entries {
    /// The cluster.
    pub(in crate::reader) fn finish(mut self) -> Manifests {
        self.name_the_unnamed();
        let bodies: Vec<_> = std::mem::take(&mut self.bodies).into_iter().flatten().collect();
        let mut nodes = Vec::new();
        let mut classes = PriorityClasses::default();
        let mut default_class = DefaultClass::default();
        for (place, body) in &bodies {
            match body {
                Body::Node(node) => nodes.push(Arc::clone(node)),
                Body::PriorityClass(class) => {
                    if let Err(error) = classes.add(class) {
                        self.bad(*place, Some(&Identity::read(Kind::PriorityClass, &class.metadata)), error);
                    }
                }
                Body::StorageClass { class, default_since: Some(since) } => {
                    default_class.note(*since, &class.name)
                }
                _ => {}
            }
        }
        let mut bodies = bodies;
        let changed = changed::apply(&self.options.what_if, &mut nodes, &mut bodies);
        let mut world =
            World::new(Admission::of(classes, self.options.features), &nodes, default_class.name());
        let mut bodies: Vec<_> = bodies.into_iter().filter_map(|b| enact(b, &mut world)).collect();
        for (_, body) in &bodies {
            if let Body::Object(Object::DeviceClass(class)) = body {
                world.admission.add_device_class(class);
            }
        }
        for (namespace, owner, node) in &changed.daemons {
            world.existing.note_daemon(namespace, owner, node);
        }
        world.gone = changed.gone;
        self.read.misfits = changed.misfits;
        self.remade = changed.remade;
        pods::existing(&mut bodies, self.options.features, &mut world.admission);
        let bodies: Vec<_> = bodies.into_iter().filter_map(|b| self.register(b, &mut world)).collect();
        for (place, body) in bodies {
            self.emit(place, body, &mut world);
        }
        settle::settle(&mut world);
        self.list_unexpanded(&world);
        self.note_what_was_not_scaled();
        self.take_world(world);
        self.read.nodes = nodes;
        self.note_what_is_lacking();
        self.read.problems = self.sorted_problems();
        self.read.warnings = self.notes.into_lines();
        self.read
    }

    fn take_world(&mut self, world: World<'_>) {
        let stays = |pod: &Arc<Pod>| !world.is_removed(&pod.meta.uid);
        self.read.pods = world.pods.iter().filter(|pod| stays(pod)).cloned().collect();
        self.read.removed = world.gone;
        self.read.objects = world.objects;
        self.read.refused = world.refused;
        world.admission.into_warnings().chain(world.warnings).for_each(|warning| self.notes.add(warning));
    }

    fn note_what_is_lacking(&mut self) {
        let namespaces = namespaces::complete(&self.read.pods, &mut self.read.objects);
        namespaces
            .into_iter()
            .chain(absent::warnings(&self.read, self.facts))
            .for_each(|warning| self.notes.add(warning));
    }

    /// Everything else has its name: the others get theirs.
    fn name_the_unnamed(&mut self) {
        let mut namer = Namer::default();
        for Unnamed { kind, mut value, place, slot } in std::mem::take(&mut self.unnamed) {
            let object = Identity::of(kind, &value);
            let is_free =
                |name: &Str| !self.seen.contains_key(&(kind, object.namespace.clone(), name.clone()));
            let name = namer.name(&object, &mut value, is_free);
            self.put(&Identity { name, ..object }, Version::of(&value), &value, place, slot);
        }
    }

    /// Problems are found in several rounds; people read them in the order of the input.
    fn sorted_problems(&mut self) -> Vec<ManifestProblem> {
        let sources = &self.sources;
        let rank = |p: &ManifestProblem| (sources.iter().position(|s| *s == p.source), p.document, p.item);
        let mut problems: Vec<_> = std::mem::take(&mut self.problems).into_iter().map(|(_, p)| p).collect();
        problems.sort_by_cached_key(rank);
        problems
    }

    /// First round: what expansions must know of the input. Finished pods go no further, nor do unreadable ones.
    fn register(&mut self, (place, body): (Place, Body), world: &mut World<'_>) -> Option<(Place, Ready)> {
        let ready = match body {
            Body::Node(_) | Body::PriorityClass(_) | Body::Rule(_) => return None,
            Body::Pod { written, lost } => {
                let (read, written) = self.register_pod(place, written, lost, world)?;
                Ready::Pod(read, written)
            }
            Body::Claim { claim, hand_written } => {
                world.claim_names.insert((claim.namespace.clone(), claim.name.clone()));
                Ready::Claim { claim, hand_written }
            }
            Body::Workload { kind, workload, hash, before } => {
                let (workload, before) = self.scale(kind, workload, before, world);
                if kind == Kind::ReplicaSet {
                    world.existing.note_replica_set(&workload);
                }
                if let Ok(replicas) = world.autoscalers.replicas(kind, &workload) {
                    let key = (kind, meta::namespace(&workload.metadata), workload.metadata.name.clone());
                    world.scales.insert(key, replicas);
                }
                Ready::Workload { kind, workload, hash, before }
            }
            Body::CronJob(cron_job) => Ready::CronJob(cron_job),
            Body::DeviceClaim { written, claim } => {
                devices::note(&written, &claim, world);
                Ready::DeviceClaim { written, claim }
            }
            Body::ClaimTemplate(template) => Ready::ClaimTemplate(template),
            Body::Object(Object::DeviceTaintRule(rule)) => {
                self.note_taint_rule(&rule);
                Ready::Object(Object::DeviceTaintRule(rule))
            }
            Body::Object(Object::Namespace(namespace)) => {
                world.admin_namespaces.insert(namespace.name.clone(), devices::allows_admin(&namespace));
                Ready::Object(Object::Namespace(namespace))
            }
            Body::StorageClass { class, .. } => Ready::Object(Object::StorageClass(class)),
            Body::Budget { budget, spec } => Ready::Budget { budget, spec },
            Body::Object(object) => Ready::Object(object),
        };
        Some((place, ready))
    }

    /// Second round: everything takes its place.
    fn emit(&mut self, place: Place, ready: Ready, world: &mut World<'_>) {
        match ready {
            Ready::Pod(read, written) => {
                let remade = self.remade.contains(&written.metadata.uid);
                let hand_written = meta::is_hand_written(&written.metadata) || remade;
                if let Err(error) = world.add_pod(read, &written.spec.volumes, hand_written) {
                    self.bad(place, Some(&Identity::read(Kind::Pod, &written.metadata)), error);
                }
            }
            Ready::Claim { claim, hand_written } => world.add_claim(*claim, hand_written),
            Ready::DeviceClaim { written, claim } => self.emit_device_claim(place, &written, *claim, world),
            Ready::ClaimTemplate(template) => self.emit_claim_template(place, &template, world),
            Ready::Object(Object::PodGroup(mut group)) => {
                world.admission.prioritise_group(Arc::make_mut(&mut group));
                world.objects.push(Object::PodGroup(group));
            }
            Ready::Object(object) => world.objects.push(object),
            Ready::Budget { budget, spec } => {
                world.new_budgets.push((world.objects.len(), spec));
                world.objects.push(Object::DisruptionBudget(Arc::from(budget)));
            }
            Ready::Workload { kind, workload, hash, before } => {
                world.subject = Identity::read(kind, &workload.metadata).described();
                let change = Change { kind, workload: &workload, before: before.as_deref(), hash: &hash };
                if let Err(error) = emit_workload(change, world) {
                    self.bad(place, Some(&Identity::read(kind, &workload.metadata)), error);
                }
            }
            Ready::CronJob(cron_job) => {
                world.subject = Identity::read(Kind::CronJob, &cron_job.metadata).described();
                if let Err(error) = expand::cron_job(&cron_job, world) {
                    self.bad(place, Some(&Identity::read(Kind::CronJob, &cron_job.metadata)), error);
                }
            }
        }
    }
}

/// An object after the first round.
enum Ready {
    Pod(Arc<Pod>, Box<wire::pod::Pod>),
    Workload { kind: Kind, workload: Box<Workload>, hash: String, before: Option<Box<Workload>> },
    CronJob(Box<CronJob>),
    Claim { claim: Box<longshore_framework::volume::Claim>, hand_written: bool },
    Budget { budget: Box<DisruptionBudget>, spec: DisruptionBudgetSpec },
    DeviceClaim { written: Box<wire::devices::ResourceClaim>, claim: Box<ResourceClaim> },
    ClaimTemplate(Box<wire::devices::ResourceClaimTemplate>),
    Object(Object),
}

/// Rules are in force before any pod is looked at.
fn enact((place, body): (Place, Body), world: &mut World<'_>) -> Option<(Place, Body)> {
    match body {
        Body::Rule(rule) => {
            rule.enact(world);
            None
        }
        other => Some((place, other)),
    }
}

/// The default StorageClass: the newest of those marked as default, of equally new ones the first by name.
#[derive(Debug, Default)]
struct DefaultClass(Option<(Option<Timestamp>, Str)>);

impl DefaultClass {
    fn note(&mut self, created: Option<Timestamp>, name: &Str) {
        let newer = match &self.0 {
            None => true,
            Some((have, other)) => created > *have || (created == *have && *name < *other),
        };
        if newer {
            self.0 = Some((created, name.clone()));
        }
    }

    fn name(self) -> Option<Str> {
        self.0.map(|(_, name)| name)
    }
}

fn emit_workload(change: Change<'_>, world: &mut World<'_>) -> Result<(), ObjectError> {
    let Change { kind, workload: written, .. } = change;
    if matches!(kind, Kind::ReplicationController | Kind::ReplicaSet | Kind::StatefulSet) {
        let controller = workload::of_workload(written, kind.name())?;
        world.objects.push(Object::Controller(Arc::new(controller)));
    }
    match meta::is_hand_written(&written.metadata) {
        true => expand::expand(change, world),
        false => expand::shortfall(kind, written, world),
    }
}
