//! Deployments: one ReplicaSet, and its pods.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Requirement};
use longshore_framework::objects::{Controller, Object};
use longshore_framework::pod::Pod;

use super::count::Result;
use super::existing::ReplicaSet;
use super::labels::TEMPLATE_HASH;
use super::rollout::{Begun, Have};
use super::template::Template;
use super::world::World;
use super::{Change, names, removal, rollout, template};
use crate::kind::Kind;
use crate::wire::workload::Workload;
use crate::{meta, selectors};

pub(super) fn expand(change: Change<'_>, world: &mut World<'_>) -> Result<()> {
    let workload = change.workload;
    let selector = selectors::optional(workload.spec.selector.as_ref(), "spec.selector")?;
    let wanted = world.autoscalers.replicas(Kind::Deployment, workload)?;
    let Sets { current, old } = sets(change, selector.as_ref(), world)?;
    if current.is_none() && workload.spec.paused {
        world.warn_of_subject("is paused and has no ReplicaSet, so no pods are made for it");
        return Ok(());
    }
    let hash: Str = match &current {
        Some(current) => current.hash.clone(),
        None => names::template_hash(names::hash(change.hash)).into(),
    };
    let set: Str = format!("{}-{hash}", workload.metadata.name).into();
    add_set(workload, &set, selector, &hash, world);
    let have = current.as_ref().map_or(0, |current| current.set.pods());
    let target = exchange(workload, wanted, current.as_ref(), &old, world);
    let mut template = Template::owned_by(Kind::ReplicaSet, &set, workload);
    template.labels.insert(TEMPLATE_HASH.into(), hash);
    template.copies(target.saturating_sub(have), world)
}

/// Takes out the pods that are too many or make room for new ones; how many pods of the template there are to be.
fn exchange(
    workload: &Workload,
    wanted: usize,
    current: Option<&Set>,
    old: &[Set],
    world: &mut World<'_>,
) -> usize {
    let related: Vec<Arc<Pod>> =
        current.into_iter().chain(old).flat_map(|set| set.set.members.clone()).collect();
    let have = |set: &Set| {
        let members = set.set.members.iter();
        Have { replicas: set.set.pods(), available: members.filter(|pod| world.is_healthy(pod)).count() }
    };
    let (new, before): (Have, Vec<Have>) =
        (current.map_or(Have::default(), have), old.iter().map(have).collect());
    let olds = before.iter().map(|set| set.replicas).fold(0, usize::saturating_add);
    let begun = match (workload.spec.paused, olds) {
        (_, 0) => Begun { new: wanted, old: vec![0; old.len()] },
        // Nothing is exchanged, but it is scaled.
        (true, _) => {
            Begun { new: wanted.saturating_sub(olds), old: before.iter().map(|set| set.replicas).collect() }
        }
        (false, _) => rollout::begin(&workload.spec.strategy, wanted, new, &before),
    };
    let subject = world.subject.clone();
    let reason = format!("{subject} is scaled to {wanted}");
    if let Some(current) = current {
        // A ReplicaSet may want more pods than it has.
        let excess = current.set.members.len().saturating_sub(begun.new);
        removal::remove(&current.set.members, &related, excess, &reason, world);
    }
    let reason = format!("{subject} has another template: its rollout begins");
    for (set, left) in old.iter().zip(&begun.old) {
        removal::remove(
            &set.set.members,
            &related,
            set.set.members.len().saturating_sub(*left),
            &reason,
            world,
        );
    }
    let stay: usize = begun.old.iter().sum();
    if !workload.spec.paused && stay > 0 {
        world.warn_of_subject(&format!(
            "has another template: its rollout begins with {} new pod(s) in place of {} old one(s); {stay} old one(s) stay until \
             new ones are available, which is not simulated",
            begun.new.saturating_sub(new.replicas),
            olds - stay
        ));
    }
    begun.new
}

/// A ReplicaSet of the Deployment.
#[derive(Debug)]
struct Set {
    /// What its name ends in.
    hash: Str,
    set: ReplicaSet,
}

/// The ReplicaSets of a Deployment.
#[derive(Debug)]
struct Sets {
    /// The one with its template; of a Deployment that is paused, the largest.
    current: Option<Set>,
    /// Those with pods of other templates.
    old: Vec<Set>,
}

fn sets(change: Change<'_>, selector: Option<&LabelSelector>, world: &mut World<'_>) -> Result<Sets> {
    let Change { workload, before, .. } = change;
    let name = &workload.metadata.name;
    let template = Template::new(Kind::Deployment, workload).read(world)?;
    let is_new = change.is_of_new_template(world)?;
    let found = world.existing.sets_of(&meta::namespace(&workload.metadata), name, selector);
    let hash_of = |set: &Str| set.strip_prefix(&**name).and_then(|s| s.strip_prefix('-')).map(Str::from);
    let mut all: Vec<Set> = found
        .into_iter()
        .filter_map(|(name, set)| Some(Set { hash: hash_of(name)?, set: set.clone() }))
        .collect();
    all.sort_by_key(|set| std::cmp::Reverse(set.set.pods()));
    let mut at = None;
    for (place, Set { set, .. }) in all.iter().enumerate() {
        let fits = workload.spec.paused
            || match (&set.written, set.sample()) {
                (Some(written), _) => {
                    let own = Template::new(Kind::ReplicaSet, written).read(world);
                    own.is_ok_and(|own| template::are_alike(&own, &template))
                }
                (None, Some(pod)) if before.is_none() => is_of_template(pod, &template),
                // Its template is that of before.
                (None, Some(_)) => !is_new,
                (None, None) => false,
            };
        if fits {
            at = Some(place);
            break;
        }
    }
    // A template that cannot be told from the one before is the same, whatever its ReplicaSets look like.
    let at = at.or((before.is_some() && !is_new && !all.is_empty()).then_some(0));
    let current = at.map(|at| all.remove(at));
    all.retain(|set| set.set.pods() > 0);
    Ok(Sets { current, old: all })
}

/// Whether a pod was made from the template, as far as decisions can tell. It may have got more since.
fn is_of_template(pod: &Pod, template: &Pod) -> bool {
    let containers = |p: &Pod| {
        let all = p.spec.containers.iter().chain(&p.spec.init_containers);
        all.map(|c| (c.image.clone(), c.requests.clone())).collect::<Vec<_>>()
    };
    let labelled = template.meta.labels.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value));
    let there = containers(pod);
    labelled && containers(template).iter().all(|container| there.contains(container))
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
