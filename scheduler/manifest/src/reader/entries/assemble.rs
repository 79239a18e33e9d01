//! All objects are known: pods get their priorities, workloads their pods, claims their class.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;

use super::{Body, Entries, Identity, Place};
use crate::error::ObjectError;
use crate::expand::{self, World};
use crate::kind::Kind;
use crate::manifests::{ManifestProblem, Manifests};
use crate::wire::workload::Workload;
use crate::{meta, pod, wire, workload};

impl Entries {
    /// The cluster.
    pub(in crate::reader) fn finish(mut self) -> Manifests {
        let bodies = std::mem::take(&mut self.bodies);
        let nodes = std::mem::take(&mut self.read.nodes);
        let classes = std::mem::take(&mut self.classes);
        let default_class = self.default_class.take().map(|(_, name)| name);
        let mut world = World::new(&classes, &nodes, default_class);
        let bodies: Vec<_> = bodies.into_iter().filter_map(|b| self.register(b, &mut world)).collect();
        for (place, body) in bodies {
            self.emit(place, body, &mut world);
        }
        self.read.pods = std::mem::take(&mut world.pods);
        self.read.objects = std::mem::take(&mut world.objects);
        drop(world);
        self.read.nodes = nodes;
        self.sort_problems();
        self.read
    }

    /// Problems are found in several rounds; people read them in the order of the input.
    fn sort_problems(&mut self) {
        let sources = &self.sources;
        let rank = |p: &ManifestProblem| (sources.iter().position(|s| *s == p.source), p.document, p.item);
        self.read.problems.sort_by_cached_key(rank);
    }

    /// First round: what expansions must know of the input. Finished pods go no further, nor do unreadable ones.
    fn register(&mut self, (place, body): (Place, Body), world: &mut World<'_>) -> Option<(Place, Ready)> {
        let ready = match body {
            Body::Pod(written) => {
                let read = match pod::convert(&written, world.classes) {
                    Ok(read) => read,
                    Err(error) => {
                        self.bad(place, Some(&identity(Kind::Pod, &written.metadata)), error);
                        return None;
                    }
                };
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
            Body::Object(object) => Ready::Object(object),
        };
        Some((place, ready))
    }

    /// Second round: everything takes its place.
    fn emit(&mut self, place: Place, ready: Ready, world: &mut World<'_>) {
        match ready {
            Ready::Pod(read, written) => {
                let hand_written = meta::is_hand_written(&written.metadata);
                if let Err(error) = world.add_pod(*read, &written.spec.volumes, hand_written) {
                    self.bad(place, Some(&identity(Kind::Pod, &written.metadata)), error);
                }
            }
            Ready::Claim { claim, hand_written } => world.add_claim(*claim, hand_written),
            Ready::Object(object) => world.objects.push(object),
            Ready::Workload { kind, workload, hash } => {
                if let Err(error) = emit_workload(kind, &workload, &hash, world) {
                    self.bad(place, Some(&identity(kind, &workload.metadata)), error);
                }
            }
        }
    }
}

/// An object after the first round.
enum Ready {
    Pod(Box<Pod>, Box<wire::pod::Pod>),
    Workload { kind: Kind, workload: Box<Workload>, hash: String },
    Claim { claim: Box<longshore_framework::volume::Claim>, hand_written: bool },
    Object(Object),
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

fn identity(kind: Kind, metadata: &wire::meta::Meta) -> Identity {
    let namespace: Str = if kind.namespaced() { meta::namespace(metadata) } else { "".into() };
    Identity { kind, namespace, name: metadata.name.clone(), uid: metadata.uid.clone() }
}
