//! How many replicas a workload shall have.

use std::collections::BTreeMap;

use longshore_framework::Str;

use super::count::{Result, wanted};
use crate::kind::Kind;
use crate::meta;
use crate::wire::admission::Autoscaler;
use crate::wire::workload::Workload;

/// The bounds that HorizontalPodAutoscalers set.
#[derive(Debug, Default)]
pub(crate) struct Autoscalers(BTreeMap<(Kind, Str, Str), (i64, i64)>);

impl Autoscalers {
    /// Takes an autoscaler.
    pub(crate) fn add(&mut self, written: &Autoscaler) {
        let (spec, target) = (&written.spec, &written.spec.scale_target_ref);
        if let Some(kind) = Kind::of(&target.api_version, &target.kind) {
            let bounds = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
            self.0.insert((kind, meta::namespace(&written.metadata), target.name.clone()), bounds);
        }
    }

    /// Leaves a workload alone from now on: somebody has said how many replicas it has.
    pub(crate) fn forget(&mut self, kind: Kind, namespace: &Str, name: &Str) {
        self.0.remove(&(kind, namespace.clone(), name.clone()));
    }

    /// The replicas that the workload asks for, within what its autoscaler allows; at 0 it is left alone. Without metrics
    /// an autoscaler does no more.
    pub(crate) fn replicas(&self, kind: Kind, workload: &Workload) -> Result<usize> {
        let metadata = &workload.metadata;
        let asked = wanted("spec.replicas", workload.spec.replicas)?;
        let key = (kind, meta::namespace(metadata), metadata.name.clone());
        let Some((least, most)) = self.0.get(&key).filter(|_| asked > 0) else { return Ok(asked) };
        let bound = |n: i64| usize::try_from(n).unwrap_or(0);
        Ok(if asked > bound(*most) { bound(*most) } else { asked.max(bound(*least)) })
    }
}
