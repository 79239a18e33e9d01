//! Workloads that are to have another number of replicas.

use crate::expand::World;
use crate::kind::Kind;
use crate::meta;
use crate::reader::entries::Entries;
use crate::wire::workload::Workload;

impl Entries {
    /// The workload with the replicas that are asked for, as one that somebody has changed; and what it was before.
    pub(super) fn scale(
        &mut self,
        kind: Kind,
        mut workload: Box<Workload>,
        before: Option<Box<Workload>>,
        world: &mut World<'_>,
    ) -> (Box<Workload>, Option<Box<Workload>>) {
        let (namespace, name) = (meta::namespace(&workload.metadata), workload.metadata.name.clone());
        let owned = meta::owner(&workload.metadata).is_some();
        let asked = &self.options.what_if.replicas;
        // The last one counts, and every other one has been heard.
        let meant = asked.iter().enumerate().filter(|(_, scale)| scale.means(kind, &namespace, &name, owned));
        let meant: Vec<(usize, i64)> = meant.map(|(at, scale)| (at, scale.replicas)).collect();
        let Some((_, replicas)) = meant.last() else { return (workload, before) };
        self.scaled.extend(meant.iter().map(|(at, _)| *at));
        let served = !meta::is_hand_written(&workload.metadata);
        let before = if served { Some(workload.clone()) } else { before };
        workload.metadata.uid = "".into();
        workload.spec.replicas = Some(*replicas);
        // What is asked for goes before what an autoscaler would allow.
        world.autoscalers.forget(kind, &namespace, &name);
        (workload, before)
    }

    /// Lists those that were not found.
    pub(super) fn note_what_was_not_scaled(&mut self) {
        for (at, scale) in self.options.what_if.replicas.iter().enumerate() {
            if !self.scaled.contains(&at) {
                self.read.misfits.push(format!(
                    "--replicas {}: there is no such Deployment, StatefulSet, ReplicaSet or ReplicationController in the input",
                    scale.target()
                ));
            }
        }
    }
}
