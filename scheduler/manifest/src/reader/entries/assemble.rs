//! All objects are known: pods get their priorities, workloads their pods, claims their class.

use std::sync::Arc;

use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::{Str, Timestamp};

use super::body::Body;
use super::{Entries, Place, Unnamed, salvage};
use crate::error::ObjectError;
use crate::expand::{self, World};
use crate::identity::{Identity, Version};
use crate::kind::Kind;
use crate::manifests::{ManifestProblem, Manifests};
use crate::priority::PriorityClasses;
use crate::unnamed::Namer;
use crate::wire::workload::{CronJob, Workload};
use crate::{meta, pod, wire, workload};

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
        let mut world = World::new(&classes, &nodes, default_class.name());
        let bodies: Vec<_> = bodies.into_iter().filter_map(|b| self.register(b, &mut world)).collect();
        for (place, body) in bodies {
            self.emit(place, body, &mut world);
        }
        self.list_unexpanded(&world);
        self.read.pods = std::mem::take(&mut world.pods);
        self.read.objects = std::mem::take(&mut world.objects);
        drop(world);
        self.read.nodes = nodes;
        self.read.problems = self.sorted_problems();
        self.read.warnings = self.notes.into_lines();
        self.read
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
            Body::Node(_) | Body::PriorityClass(_) => return None,
            Body::Pod { written, lost } => {
                let (read, written) = self.convert(place, written, lost, world)?;
                world.take_name(&read.meta.namespace, &read.meta.name);
                if pod::is_finished(&written) {
                    self.read.finished += 1;
                    return None;
                }
                world.note_owner(&read);
                Ready::Pod(Box::new(read), written)
            }
            Body::Claim { claim, hand_written } => {
                world.claim_names.insert((claim.namespace.clone(), claim.name.clone()));
                Ready::Claim { claim, hand_written }
            }
            Body::Workload { kind, workload, hash } => {
                if kind == Kind::ReplicaSet {
                    world.note_replica_set(&workload);
                }
                Ready::Workload { kind, workload, hash }
            }
            Body::CronJob(cron_job) => Ready::CronJob(cron_job),
            Body::StorageClass { class, .. } => Ready::Object(Object::StorageClass(class)),
            Body::Object(object) => Ready::Object(object),
        };
        Some((place, ready))
    }

    /// The pod, perhaps without what could not be read of it, which is a problem all the same.
    fn convert(
        &mut self,
        place: Place,
        mut written: Box<wire::pod::Pod>,
        mut lost: Option<ObjectError>,
        world: &mut World<'_>,
    ) -> Option<(Pod, Box<wire::pod::Pod>)> {
        self.own_uid(&mut written, world);
        let identity = Identity::read(Kind::Pod, &written.metadata);
        let node = Some(&*written.spec.node_name).filter(|n| !n.is_empty() && !pod::is_finished(&written));
        let node = node.map(ToString::to_string);
        let mut read = pod::convert(&written, world.classes);
        for _ in 0..salvage::MOST {
            let (Err(error), Some(_)) = (&read, &node) else { break };
            let Some(rest) = salvage::of_written(&written, error) else { break };
            lost.get_or_insert(error.clone());
            written = rest;
            read = pod::convert(&written, world.classes);
        }
        let counted = read.is_ok();
        let (read, error) = match read {
            Ok(read) => (Some(read), lost),
            Err(error) => (None, Some(lost.unwrap_or(error))),
        };
        if let Some(error) = error {
            self.bad(place, Some(&identity), error);
            if let Some((_, problem)) = self.problems.last_mut() {
                (problem.node, problem.counted) = (node, counted);
            }
        }
        read.map(|read| (read, written))
    }

    /// A pod that has the UID of another was copied from it: it is told apart by a UID of its own.
    fn own_uid(&mut self, written: &mut wire::pod::Pod, world: &mut World<'_>) {
        let metadata = &mut written.metadata;
        if metadata.uid.is_empty() || world.uids.insert(metadata.uid.clone()) {
            return;
        }
        let (namespace, name) = (meta::namespace(metadata), metadata.name.clone());
        self.warn(format!(
            "Pod {namespace}/{name} has the metadata.uid of another pod; it is taken for a pod of its own"
        ));
        metadata.uid = meta::made_up_uid("Pod", &namespace, &name);
    }

    /// Second round: everything takes its place.
    fn emit(&mut self, place: Place, ready: Ready, world: &mut World<'_>) {
        match ready {
            Ready::Pod(read, written) => {
                let hand_written = meta::is_hand_written(&written.metadata);
                if let Err(error) = world.add_pod(*read, &written.spec.volumes, hand_written) {
                    self.bad(place, Some(&Identity::read(Kind::Pod, &written.metadata)), error);
                }
            }
            Ready::Claim { claim, hand_written } => world.add_claim(*claim, hand_written),
            Ready::Object(object) => world.objects.push(object),
            Ready::Workload { kind, workload, hash } => {
                if let Err(error) = emit_workload(kind, &workload, &hash, world) {
                    self.bad(place, Some(&Identity::read(kind, &workload.metadata)), error);
                }
            }
            Ready::CronJob(cron_job) => {
                if let Err(error) = expand::cron_job(&cron_job, world) {
                    self.bad(place, Some(&Identity::read(Kind::CronJob, &cron_job.metadata)), error);
                }
            }
        }
    }
}

/// An object after the first round.
enum Ready {
    Pod(Box<Pod>, Box<wire::pod::Pod>),
    Workload { kind: Kind, workload: Box<Workload>, hash: String },
    CronJob(Box<CronJob>),
    Claim { claim: Box<longshore_framework::volume::Claim>, hand_written: bool },
    Object(Object),
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

fn emit_workload(
    kind: Kind,
    written: &Workload,
    hash: &str,
    world: &mut World<'_>,
) -> Result<(), ObjectError> {
    if matches!(kind, Kind::ReplicationController | Kind::ReplicaSet | Kind::StatefulSet) {
        let controller = workload::of_workload(written, kind.name())?;
        world.objects.push(Object::Controller(Arc::new(controller)));
    }
    if meta::is_hand_written(&written.metadata) { expand::expand(kind, written, hash, world) } else { Ok(()) }
}
