//! Which pods are alike: to which class a pod belongs.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::keyed::KeyedState;
use longshore_framework::labels::Labels;
use longshore_framework::likeness::Likeness;
use longshore_framework::pod::{Owner, Pod, PodResources, PodSpec};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Terms;
use lru::LruCache;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::cycle::Evaluator;
use crate::path::Literal;

/// Pods of which it is remembered what class they are of, and specs of which it is remembered what of them matters.
const MAX_KNOWN: usize = 4096;

/// Who adds to a likeness what concerns promised pods; no plugin has this number.
const PROMISED: u16 = u16::MAX;

/// What of a spec matters for the answers that are kept.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Essence {
    spec: PodSpec,
    resources: PodResources,
}

impl Essence {
    /// Of a pod whose containers count through its requests only, and its volumes not at all, beside what its likeness has.
    pub(super) fn of(pod: &Pod) -> Self {
        let resources = PodResources { spec_hash: 0, ..(*pod.resources).clone() };
        Self { spec: pod.spec.without_parts(), resources }
    }

    /// Of a pod of which everything counts.
    fn all_of(pod: &Pod) -> Self {
        Self { spec: (*pod.spec).clone(), resources: (*pod.resources).clone() }
    }
}

/// What pods of a class share: all that an answer which is kept may depend on.
#[derive(Debug)]
pub(super) struct ClassKey {
    hash: u64,
    kin: u64,
    profile: usize,
    likeness: Likenesses,
    essence: Arc<Essence>,
}

/// What plugins read of a pod: those that ask about single nodes, and those that count pods in topology domains.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Likenesses {
    by_node: Likeness,
    by_domain: Likeness,
}

impl ClassKey {
    pub(super) fn new(profile: usize, likeness: Likenesses, (hash, essence): (u64, Arc<Essence>)) -> Self {
        let kin = KeyedState.hash_one((profile, hash, &likeness.by_node));
        let hash = KeyedState.hash_one((kin, &likeness.by_domain));
        Self { hash, kin, profile, likeness, essence }
    }

    /// A hash that the keys of kin have in common.
    pub(super) fn kin(&self) -> u64 {
        self.kin
    }

    /// Whether classes differ at the most by what is counted in topology domains: all other plugins say the same for both.
    pub(super) fn is_kin(&self, other: &Self) -> bool {
        (self.kin, self.profile) == (other.kin, other.profile)
            && self.likeness.by_node == other.likeness.by_node
            && (Arc::ptr_eq(&self.essence, &other.essence) || self.essence == other.essence)
    }
}

impl PartialEq for ClassKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.likeness.by_domain == other.likeness.by_domain && self.is_kin(other)
    }
}

impl Eq for ClassKey {}

impl Hash for ClassKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// When it was asked what tells pods apart.
type Moment = [u64; 4];

/// A pod, as far as plugins may read it, and its class at some moment.
#[derive(Debug)]
struct Known {
    profile: usize,
    namespace: Str,
    labels: Labels,
    owner: Option<Owner>,
    spec: Arc<PodSpec>,
    moment: Moment,
    class: Arc<ClassKey>,
}

impl Known {
    fn is(&self, profile: usize, pod: &Pod) -> bool {
        self.profile == profile
            && (Arc::ptr_eq(&self.spec, &pod.spec) || self.spec == pod.spec)
            && self.namespace == pod.meta.namespace
            && self.labels == pod.meta.labels
            && self.owner == pod.meta.owner
    }
}

/// A spec and what of it matters, with a hash of that.
type KnownSpec = (Arc<PodSpec>, (u64, Arc<Essence>));

/// Asks the plugins what tells a pod apart, and remembers it for its replicas.
#[derive(Debug)]
pub(super) struct Alike {
    known: LruCache<u64, Known, FxBuildHasher>,
    /// By the hash of the spec.
    essences: LruCache<u64, KnownSpec, FxBuildHasher>,
}

impl Default for Alike {
    fn default() -> Self {
        Self {
            known: LruCache::unbounded_with_hasher(FxBuildHasher),
            essences: LruCache::unbounded_with_hasher(FxBuildHasher),
        }
    }
}

impl Alike {
    /// The key of the pod's class.
    pub(super) fn class_of(
        &mut self,
        evaluator: &Evaluator<'_>,
        profile: usize,
    ) -> Result<Arc<ClassKey>, Literal> {
        let (pod, snapshot) = (&**evaluator.pod, evaluator.snapshot);
        let terms = [snapshot.terms(), evaluator.nominator.terms()].map(Terms::revision);
        let selecting = evaluator.objects.selecting_revision();
        let moment = [selecting, terms[0], terms[1], snapshot.images().names_revision()];
        if meets_promised_volumes(evaluator) {
            return Err(Literal::Nominated);
        }
        // What is behind a claim changes with other pods, and a claim is rarely used by two.
        if pod.has_claims() || !pod.spec.resource_claims.is_empty() {
            return self.ask(evaluator, profile).map(Arc::new);
        }
        let hash = hash_of(profile, pod);
        if let Some(known) = self.known.get(&hash)
            && known.moment == moment
            && known.is(profile, pod)
        {
            return Ok(Arc::clone(&known.class));
        }
        let class = Arc::new(self.ask(evaluator, profile)?);
        let (meta, spec) = (&pod.meta, Arc::clone(&pod.spec));
        let known = Known {
            profile,
            namespace: Arc::clone(&meta.namespace),
            labels: meta.labels.clone(),
            owner: meta.owner.clone(),
            spec,
            moment,
            class: Arc::clone(&class),
        };
        remember(&mut self.known, hash, known);
        Ok(class)
    }

    /// Asks the plugins.
    fn ask(&mut self, evaluator: &Evaluator<'_>, profile: usize) -> Result<ClassKey, Literal> {
        let likeness = likeness(evaluator)?;
        let reads_containers = likeness.by_node.reads_containers() || likeness.by_domain.reads_containers();
        let essence = match reads_containers {
            true => (evaluator.pod.resources.spec_hash, Arc::new(Essence::all_of(evaluator.pod))),
            false => self.essence(evaluator.pod),
        };
        Ok(ClassKey::new(profile, likeness, essence))
    }

    fn essence(&mut self, pod: &Pod) -> (u64, Arc<Essence>) {
        let hash = pod.resources.spec_hash;
        if let Some((spec, essence)) = self.essences.get(&hash)
            && (Arc::ptr_eq(spec, &pod.spec) || *spec == pod.spec)
        {
            return essence.clone();
        }
        let essence = Arc::new(Essence::of(pod));
        let essence = (KeyedState.hash_one(&*essence), essence);
        remember(&mut self.essences, hash, (Arc::clone(&pod.spec), essence.clone()));
        essence
    }
}

/// Keeps a value; the one that was asked for longest ago goes when there are too many.
fn remember<T>(cache: &mut LruCache<u64, T, FxBuildHasher>, hash: u64, value: T) {
    while cache.len() >= MAX_KNOWN {
        cache.pop_lru();
    }
    cache.push(hash, value);
}

/// What all plugins whose answers are kept read of the pod.
fn likeness(evaluator: &Evaluator<'_>) -> Result<Likenesses, Literal> {
    let profile = evaluator.profile;
    let stages = [Stage::PreFilter, Stage::Filter, Stage::PreScore, Stage::Score];
    let mut asked: SmallVec<[_; 32]> =
        stages.iter().flat_map(|stage| profile.stage(*stage)).copied().collect();
    asked.sort_unstable();
    asked.dedup();
    let mut likenesses = Likenesses::default();
    for id in asked {
        let instance = profile.plugin(id);
        let likeness = match instance.census {
            Some(_) => &mut likenesses.by_domain,
            None => &mut likenesses.by_node,
        };
        likeness.added_by(id.0);
        instance.plugin.tell_apart(evaluator.cycle(), likeness);
        if likeness.is_unlike_any() {
            return Err(Literal::UnlikeAny(id));
        }
    }
    // The plugins do not see the pods that room is promised to. Terms of these have numbers of their own.
    likenesses.by_domain.added_by(PROMISED);
    let labels = evaluator.objects.namespace_labels(&evaluator.pod.meta.namespace);
    likenesses.by_domain.add_numbers(&evaluator.nominator.terms().speaking_of(evaluator.pod, &labels));
    Ok(likenesses)
}

/// Whether room is promised to another pod with volumes, and this one has some as well. Where they share one, the node may do
/// with the other pod and not without it, so what is said of it goes by pairs of pods.
fn meets_promised_volumes(evaluator: &Evaluator<'_>) -> bool {
    let has_volumes = |pod: &Pod| !pod.spec.volumes.is_empty();
    let pod = evaluator.pod;
    let is_other = |other: &Arc<Pod>| other.meta.uid != pod.meta.uid && has_volumes(other);
    has_volumes(pod) && evaluator.nominator.pods().any(is_other)
}

fn hash_of(profile: usize, pod: &Pod) -> u64 {
    let meta = &pod.meta;
    KeyedState.hash_one((profile, &meta.namespace, &meta.labels, &meta.owner, pod.resources.spec_hash))
}
