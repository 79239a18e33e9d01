//! Pods, when all rules are known: admitted where they are new, read, and counted for their workloads.

use std::sync::Arc;

use longshore_framework::features::{Features, Rule};
use longshore_framework::pod::Pod;

use crate::admission::Admission;
use crate::error::ObjectError;
use crate::expand::World;
use crate::identity::Identity;
use crate::kind::Kind;
use crate::reader::entries::body::Body;
use crate::reader::entries::{Entries, Place, salvage};
use crate::{defaults, meta, pod, wire};

/// Tells admission of the pods that exist: first of those that an API server returned, which say what others are worth.
pub(super) fn existing(bodies: &mut [(Place, Body)], features: Features, admission: &mut Admission) {
    let whenever_read = !features.follow(Rule::PodLevelDefaultsAtCreation);
    let mut pods: Vec<&mut wire::pod::Pod> = Vec::new();
    for (_, body) in bodies {
        if let Body::Pod { written, .. } = body {
            if whenever_read || meta::is_hand_written(&written.metadata) {
                defaults::new_pod(written);
            } else {
                defaults::pod(written);
            }
            pods.push(written);
        }
    }
    let (served, written): (Vec<_>, Vec<_>) =
        pods.into_iter().partition(|pod| !meta::is_hand_written(&pod.metadata));
    served.iter().for_each(|pod| admission.note(pod));
    for pod in written.into_iter().filter(|pod| !is_new(pod)) {
        // It runs, so it was let in.
        let _ = admission.admit(&Identity::read(Kind::Pod, &pod.metadata).described(), pod);
        admission.note(pod);
    }
}

/// Whether the pod is still to be created: no API server has seen it, and it runs nowhere.
fn is_new(pod: &wire::pod::Pod) -> bool {
    meta::is_hand_written(&pod.metadata) && pod.spec.node_name.is_empty() && !pod::is_finished(pod)
}

impl Entries {
    /// A pod that is not finished, if admission lets it in and it can be read.
    pub(super) fn register_pod(
        &mut self,
        place: Place,
        mut written: Box<wire::pod::Pod>,
        lost: Option<ObjectError>,
        world: &mut World<'_>,
    ) -> Option<(Arc<Pod>, Box<wire::pod::Pod>)> {
        self.own_uid(&mut written, world);
        if is_new(&written) {
            world.subject = Identity::read(Kind::Pod, &written.metadata).described();
            let created = world.admission.create(&world.subject, &mut written);
            if let Err(refused) = created.and_then(|charge| world.admission.charge(&charge)) {
                world.refuse(1, refused);
                return None;
            }
        }
        let (read, written) = self.convert(place, written, lost)?;
        let read = Arc::new(read);
        world.take_name(&read.meta.namespace, &read.meta.name);
        world.existing.note(&read, &written);
        if pod::is_finished(&written) {
            self.read.finished += 1;
            return None;
        }
        if read.meta.node_name.is_some() && !pod::is_ready(&written) {
            world.unready.insert(read.meta.uid.clone());
        }
        Some((read, written))
    }

    /// The pod, perhaps without what could not be read of it, which is a problem all the same.
    fn convert(
        &mut self,
        place: Place,
        mut written: Box<wire::pod::Pod>,
        mut lost: Option<ObjectError>,
    ) -> Option<(Pod, Box<wire::pod::Pod>)> {
        let identity = Identity::read(Kind::Pod, &written.metadata);
        let node = Some(&*written.spec.node_name).filter(|n| !n.is_empty() && !pod::is_finished(&written));
        let node = node.map(ToString::to_string);
        let mut read = pod::convert(&written);
        for _ in 0..salvage::MOST {
            let (Err(error), Some(_)) = (&read, &node) else { break };
            let Some(rest) = salvage::of_written(&written, error) else { break };
            lost.get_or_insert(error.clone());
            written = rest;
            read = pod::convert(&written);
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
            "Pod {namespace}/{name} has the metadata.uid of another pod; it is treated as a separate pod"
        ));
        metadata.uid = meta::made_up_uid("Pod", &namespace, &name);
    }
}
