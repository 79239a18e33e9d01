//! Deployments: one ReplicaSet, and its pods.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Requirement};
use longshore_framework::objects::{Controller, Object};
use longshore_framework::pod::Pod;

use super::count::Result;
use super::labels::TEMPLATE_HASH;
use super::names;
use super::template::Template;
use super::world::World;
use crate::kind::Kind;
use crate::wire::workload::Workload;
use crate::{meta, selectors};

pub(super) fn expand(workload: &Workload, hash: &str, world: &mut World<'_>) -> Result<()> {
    let selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
    let wanted = world.autoscalers.replicas(Kind::Deployment, workload)?;
    let new: Str = names::template_hash(names::hash(hash)).into();
    let Plan { have, hash, old } = plan(workload, selector.as_ref(), &new, world)?;
    let Some(hash) = hash else {
        world.warn_of_subject("is paused and has no ReplicaSet, so no pods are made for it");
        return Ok(());
    };
    let set: Str = format!("{}-{hash}", workload.metadata.name).into();
    add_set(workload, &set, selector, &hash, world);
    let missing = wanted.saturating_sub(have);
    if old > 0 && missing > 0 {
        world.warn_of_subject(&format!(
            "has {old} pod(s) of another template; a rollout is not simulated, only what is missing of {wanted} is made"
        ));
    }
    let mut template = Template::owned_by(Kind::ReplicaSet, &set, workload);
    template.labels.insert(TEMPLATE_HASH.into(), hash);
    template.copies(missing, world)
}

/// What is there of a Deployment, and which of its ReplicaSets gets the pods that are missing.
struct Plan {
    have: usize,
    /// The hash that tells the set apart; none when there is nothing to be made.
    hash: Option<Str>,
    /// Pods of other templates.
    old: usize,
}

fn plan(
    workload: &Workload,
    selector: Option<&LabelSelector>,
    new: &Str,
    world: &mut World<'_>,
) -> Result<Plan> {
    let name = &workload.metadata.name;
    let written = Template::new(Kind::Deployment, workload).read(world)?;
    let sets = world.existing.sets_of(&meta::namespace(&workload.metadata), name, selector);
    let have = sets.iter().map(|(_, set)| set.pods()).fold(0, usize::saturating_add);
    let hash_of = |set: &Str| set.strip_prefix(&**name).and_then(|s| s.strip_prefix('-')).map(Str::from);
    let of_template = |sample: &Arc<Pod>| is_of_template(sample, &written);
    let fitting =
        sets.iter().filter(|(_, set)| workload.spec.paused || set.sample.as_ref().is_some_and(of_template));
    let current = fitting.max_by_key(|(_, set)| set.pods()).and_then(|(set, _)| hash_of(set));
    let hash = current.clone().or_else(|| (!workload.spec.paused).then(|| new.clone()));
    let old = if current.is_some() { 0 } else { sets.iter().filter(|(_, set)| set.sample.is_some()).count() };
    Ok(Plan { have, hash, old: if old > 0 { have } else { 0 } })
}

/// Whether a pod was made from the template, as far as decisions can tell.
fn is_of_template(pod: &Pod, template: &Pod) -> bool {
    let containers = |p: &Pod| {
        let all = p.spec.containers.iter().chain(&p.spec.init_containers);
        all.map(|c| (c.image.clone(), c.requests.clone())).collect::<Vec<_>>()
    };
    let labelled = template.meta.labels.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value));
    labelled && containers(pod) == containers(template)
}

/// The ReplicaSet, as default spreading sees it, unless it is in the input.
fn add_set(
    workload: &Workload,
    set: &Str,
    selector: Option<LabelSelector>,
    hash: &Str,
    world: &mut World<'_>,
) {
    let namespace = &meta::namespace(&workload.metadata);
    let key = (namespace.clone(), set.clone());
    if world.existing.knows_set(namespace, set) || world.made_sets.contains_key(&key) {
        return;
    }
    world.made_sets.insert(key, workload.metadata.name.clone());
    let mut selector = selector;
    if let Some(selector) = &mut selector {
        selector.requirements.push(Requirement::equals(TEMPLATE_HASH, hash.clone()));
    }
    world.objects.push(Object::Controller(Arc::new(Controller {
        kind: Kind::ReplicaSet.name().into(),
        namespace: namespace.clone(),
        name: set.clone(),
        uid: meta::made_up_uid(Kind::ReplicaSet.name(), namespace, set),
        selector,
    })));
}
