//! Deployments: one ReplicaSet, and its pods.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::Requirement;
use longshore_framework::objects::{Controller, Object};

use super::template::Template;
use super::world::World;
use super::{Result, names, wanted};
use crate::kind::Kind;
use crate::wire::workload::Workload;
use crate::{meta, selectors};

/// The label that tells the ReplicaSets of a Deployment apart.
const TEMPLATE_HASH: &str = "pod-template-hash";

pub(super) fn expand(workload: &Workload, hash: &str, world: &mut World<'_>) -> Result<()> {
    let metadata = &workload.metadata;
    let namespace = meta::namespace(metadata);
    let hash: Str = names::template_hash(names::hash(hash)).into();
    let set: Str = format!("{}-{hash}", metadata.name).into();
    if world.replica_sets.insert((namespace.clone(), set.clone())) {
        let mut selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
        if let Some(selector) = &mut selector {
            selector.requirements.push(Requirement::equals(TEMPLATE_HASH, hash.clone()));
        }
        world.objects.push(Object::Controller(Arc::new(Controller {
            kind: Kind::ReplicaSet.name().into(),
            namespace: namespace.clone(),
            name: set.clone(),
            uid: meta::made_up_uid(Kind::ReplicaSet.name(), &namespace, &set),
            selector,
        })));
    }
    let mut sets =
        world.sets_of.get(&(namespace.clone(), metadata.name.clone())).cloned().unwrap_or_default();
    sets.push(set.clone());
    sets.sort();
    sets.dedup();
    // A ReplicaSet written by hand makes its own pods.
    let have = sets.iter().map(|set| {
        let wish = world.wishes.get(&(namespace.clone(), set.clone())).copied().unwrap_or(0);
        world.owned_by(Kind::ReplicaSet.name(), &namespace, set).max(wish)
    });
    let have = have.fold(0, usize::saturating_add);
    let missing = wanted("spec.replicas", workload.spec.replicas)?.saturating_sub(have);
    let mut template = Template::owned_by(Kind::ReplicaSet, &set, workload);
    template.labels.insert(TEMPLATE_HASH.into(), hash);
    template.copies(missing, world)
}
