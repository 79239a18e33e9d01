//! VolumeBinding: rejects nodes where the pod's claims cannot be had: their volumes are bound elsewhere, and for those
//! that wait for a pod there is neither a volume to bind nor a way to make one. Rejects the pod everywhere while a
//! claim is missing, being deleted, or not bound though it should be. On the chosen node it sets the volumes aside.
//!
//! Changes of storage classes, claims, volumes, node labels, CSINodes, CSIDrivers and capacities can change its mind.
//!
//! With the feature gate StorageCapacityScoring it prefers nodes where the storage that the claims take from would be emptiest,
//! or as the curve in its arguments says; without, it skips scoring.

mod affinity;
mod assume;
mod candidates;
mod capacity;
pub(crate) mod claims;
mod decide;
mod hints;
mod likeness;
mod pin_index;
mod pod_claims;
mod provision;
mod seats;

use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use longshore_framework::event::{ClusterEvent, EventPattern, Hint, HintContext};
use longshore_framework::features::{Features, Gate, Rule};
use longshore_framework::fields::{Fields, Problems};
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{
    Cycle, Dependence, Filter, Plugin, PreBind, PreFilter, PreScore, Reserve, ReserveContext, Score, Seats,
};
use longshore_framework::pod::Pod;
use longshore_framework::port::PreBindWrite;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Refusal, Verdict};
use longshore_framework::view::NodeView;
use serde_json::{Value, json};

use crate::shape;
use assume::Reserved;
use capacity::Scorer;
use decide::decide;
use pod_claims::{Gathered, PodClaims};
use seats::ClaimSeats;

/// The plugin's name.
pub const NAME: &str = "VolumeBinding";

/// `VolumeBindingArgs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeBindingArgs {
    /// `bindTimeoutSeconds`: how long PreBind waits until the volumes are bound; 600 s when not given, not negative.
    pub bind_timeout: Duration,
    /// `shape`: points of utilization in percent and score from 0 to 10; only with StorageCapacityScoring.
    pub shape: Option<Vec<(i64, i64)>>,
}

impl Default for VolumeBindingArgs {
    fn default() -> Self {
        Self { bind_timeout: Duration::from_secs(600), shape: None }
    }
}

impl VolumeBindingArgs {
    /// Reads the arguments; what is wrong with them is reported and takes its default.
    pub fn read(args: &Value, features: Features, problems: &mut Problems<'_>) -> Self {
        let mut read = Self::default();
        let mut fields = Fields::of_args(args, "VolumeBindingArgs", problems);
        let seconds = fields.int("bindTimeoutSeconds", 0..=i64::MAX, problems);
        if let Some(seconds) = seconds.and_then(|s| u64::try_from(s).ok()) {
            read.bind_timeout = Duration::from_secs(seconds);
        }
        let given = fields.value("shape").is_some();
        let list = fields.list("shape", problems);
        if features.enabled(Gate::StorageCapacityScoring) {
            // An empty list takes the default, as in kube-scheduler.
            let points = (!list.is_empty()).then(|| shape::read(list, &mut problems.field("shape")));
            read.shape = Some(capacity::shape_or_default(points));
        } else if given {
            problems
                .field("shape")
                .report("needs the feature gate StorageCapacityScoring, which is off; remove it or switch the gate on");
        }
        fields.finish(problems);
        read
    }

    /// The arguments as a file has them.
    fn written(&self) -> Value {
        let mut written = json!({ "bindTimeoutSeconds": self.bind_timeout.as_secs() });
        if let Some(shape) = &self.shape {
            written["shape"] = shape::written(shape);
        }
        written
    }
}

/// The plugin.
#[derive(Debug, Default)]
pub struct VolumeBinding {
    /// None when it takes no part in scoring.
    scorer: Option<Arc<Scorer>>,
    /// Capacities are compared as they are written, and not in whole bytes.
    exact: bool,
}

/// Makes the plugin from its arguments.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let args = VolumeBindingArgs::read(args, context.features, problems);
    let scorer = args.shape.as_deref().map(Scorer::new).map(Arc::new);
    let exact = context.features.follow(Rule::CapacitiesCompareExactly);
    Instance::of(VolumeBinding { scorer, exact })
        .pre_filter()
        .filter()
        .pre_score()
        .score()
        .reserve()
        .pre_bind()
        .args(args.written())
        .build()
}

/// What PreFilter leaves for the later stages: the claims, `None` when the pod uses none.
#[derive(Clone)]
struct State(Option<Arc<PodClaims>>);

/// What is reserved for a pod without claims.
static NOTHING: LazyLock<Arc<Reserved>> = LazyLock::new(Arc::default);

impl Plugin for VolumeBinding {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        hints::events()
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, _cluster: HintContext<'_>) -> Hint {
        hints::hint(pod, event)
    }

    /// What is behind the claims matters, not their names.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if cx.pod.has_claims() {
            likeness::add(cx.pod, cx.objects, likeness);
        }
    }

    fn seats(&self) -> Option<Box<dyn Seats>> {
        Some(Box::new(ClaimSeats::new(self.scorer.clone())))
    }
}

impl PreFilter for VolumeBinding {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        match pod_claims::gather(cx.pod, cx.objects, None, self.exact)? {
            Gathered::Reject(rejection) => Ok(PreFilterVerdict::Reject(rejection)),
            Gathered::Nothing => {
                state.put(State(None));
                Ok(PreFilterVerdict::Skip)
            }
            Gathered::Claims(claims) => {
                state.put(State(Some(Arc::new(claims))));
                Ok(PreFilterVerdict::Pass(None))
            }
        }
    }

    /// The claims are the pod's own.
    fn renew(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<(), PluginError> {
        let Some(alike) = state.get::<State>()?.0.clone() else { return Ok(()) };
        let Gathered::Claims(claims) = pod_claims::gather(cx.pod, cx.objects, Some(&alike), self.exact)?
        else {
            return Err(PluginError::new("the claims of pods that are alike are not"));
        };
        claims.filtered.store(alike.filtered.load(Ordering::Relaxed), Ordering::Relaxed);
        state.put(State(Some(Arc::new(claims))));
        Ok(())
    }
}

impl Filter for VolumeBinding {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let Some(claims) = &state.get::<State>()?.0 else { return Ok(Verdict::Pass) };
        claims.filtered.store(true, Ordering::Relaxed);
        Ok(match decide(claims, cx.objects, node.node())? {
            Ok(_) => Verdict::Pass,
            Err(rejection) => Verdict::Reject(rejection),
        })
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        if pod.has_claims() { Dependence::Node } else { Dependence::Static }
    }
}

impl PreScore for VolumeBinding {
    fn pre_score(
        &self,
        _cx: Cycle<'_>,
        state: &mut PluginState,
        _feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        if self.scorer.is_none() {
            return Ok(PreScoreVerdict::Skip);
        }
        state.get::<State>()?;
        Ok(PreScoreVerdict::Score)
    }
}

impl Score for VolumeBinding {
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        let (Some(scorer), Some(claims)) = (&self.scorer, &state.get::<State>()?.0) else { return Ok(0) };
        // What is scored is what Filter found: in a profile without this Filter that is nothing.
        if claims.delayed.is_empty() || !claims.filtered.load(Ordering::Relaxed) {
            return Ok(0);
        }
        Ok(decide(claims, cx.objects, node.node())?.map_or(0, |bindings| scorer.score(&bindings)))
    }

    fn even_score(&self, _cx: Cycle<'_>, state: &PluginState) -> Option<i64> {
        let claims = &state.get::<State>().ok()?.0;
        claims.as_ref().is_none_or(|claims| claims.delayed.is_empty()).then_some(0)
    }

    fn is_absolute(&self) -> bool {
        true
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        if self.scorer.is_some() && pod.has_claims() { Dependence::Node } else { Dependence::Static }
    }
}

impl Reserve for VolumeBinding {
    fn reserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) -> Result<Verdict, PluginError> {
        let Some(claims) = state.get::<State>()?.0.clone() else {
            state.put_shared(Arc::clone(&NOTHING));
            return Ok(Verdict::Pass);
        };
        let mut reserved = Reserved::default();
        // Reserve carries out what Filter found, as in kube-scheduler: in a profile without this Filter that is nothing.
        if !claims.delayed.is_empty() && claims.filtered.load(Ordering::Relaxed) {
            let node = cx.snapshot.node(cx.node);
            match decide(&claims, cx.objects, node)? {
                Ok(bindings) => reserved = assume::assume(bindings, &node.name, cx.objects),
                Err(rejection) => return Ok(Verdict::Reject(rejection)),
            }
        }
        state.put(reserved);
        Ok(Verdict::Pass)
    }

    fn unreserve(&self, cx: &mut ReserveContext<'_>, state: &mut PluginState) {
        if let Ok(reserved) = state.get_mut::<Reserved>() {
            assume::restore(reserved, cx.objects);
        }
    }
}

impl PreBind for VolumeBinding {
    fn pre_bind(
        &self,
        _cx: Cycle<'_>,
        state: &PluginState,
        _node: Slot,
    ) -> Result<Vec<PreBindWrite>, Refusal> {
        let writes = state.get::<Reserved>()?.writes.iter().cloned();
        Ok(writes.map(PreBindWrite::Storage).collect())
    }
}

#[cfg(test)]
mod tests;
