//! DynamicResources: gives devices to the claims of pods.
//!
//! PreEnqueue keeps a pod out of the queue until its claims exist. PreFilter finds out which of them have devices already. Filter
//! rejects nodes from which these cannot be used, and asks the [allocator] what the others would get there. Score prefers nodes that have
//! the first of alternatives. Reserve sets the devices aside in memory, PreBind asks for them to be written, Unreserve takes
//! them back. PostFilter gives back devices that were of no use. Extended resources that a DeviceClass stands for are
//! treated as one claim more, which PreBind has made.
//!
//! Nodes, claims, device classes and slices may change its mind, and the claims generated for the pod.

pub mod allocator;
mod args;
pub mod cel;
pub(crate) mod count;
mod events;
mod extended;
mod filter;
mod gates;
mod kept;
mod likeness;
mod pod_claims;
mod post_filter;
mod pre_bind;
mod pre_enqueue;
mod pre_filter;
mod ready;
mod reserve;
mod score;
pub mod shortage;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use longshore_framework::event::{ClusterEvent, EventPattern, Hint, HintContext};
use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::objects::NamespacedName;
use longshore_framework::plugin::{Cycle, Plugin};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::resource_claim::Allocation;
use longshore_framework::state::PluginState;
use longshore_framework::{Str, Timestamp};
use serde_json::Value;

use args::Timeouts;
use extended::PLACEHOLDER;
use gates::Gates;
use kept::Kept;
use work::Work;

/// The plugin's name.
pub const NAME: &str = "DynamicResources";

/// How many devices are looked at in a millisecond, at the least. `filterTimeout` is counted in these, so that whether it is over does not
/// depend on the machine.
const DEVICES_PER_MILLISECOND: u64 = 1_000;

/// The plugin.
#[derive(Debug)]
pub struct DynamicResources {
    gates: Gates,
    /// How many devices a search on one node may look at.
    patience: u64,
    /// How long a claim may wait for the conditions of its devices.
    binding_timeout: Duration,
    kept: Kept,
    /// Milliseconds; [`NO_TIME`] as long as nobody tells the time.
    now: AtomicI64,
    /// What there is to do for pods without claims.
    nothing: Arc<work::Inner>,
}

const NO_TIME: i64 = i64::MIN;

impl DynamicResources {
    /// The plugin for these rules.
    fn new(features: Features, timeouts: Timeouts) -> Self {
        let gates = Gates::of(features);
        let millis = u64::try_from(timeouts.filter.as_millis()).unwrap_or(u64::MAX);
        let patience = match gates.filter_timeout && millis > 0 {
            true => millis.saturating_mul(DEVICES_PER_MILLISECOND),
            false => u64::MAX,
        };
        Self {
            gates,
            patience,
            binding_timeout: timeouts.binding,
            kept: Kept::default(),
            now: AtomicI64::new(NO_TIME),
            nothing: Arc::default(),
        }
    }

    /// The time, if anybody tells it.
    fn now(&self) -> Option<Timestamp> {
        let now = self.now.load(Ordering::Relaxed);
        (now != NO_TIME).then_some(Timestamp(now))
    }
}

/// Makes the plugin from `DynamicResourcesArgs`.
pub fn build(args: &Value, context: &FactoryContext, problems: &mut Problems<'_>) -> Instance {
    let (effective, timeouts) = args::read(args, problems);
    Instance::of(DynamicResources::new(context.features, timeouts))
        .pre_enqueue()
        .pre_filter()
        .filter()
        .post_filter()
        .score()
        .reserve()
        .pre_bind()
        .args(effective)
        .build()
}

impl Plugin for DynamicResources {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        events::events(self.gates)
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
        events::hint(pod, event, cluster)
    }

    fn ticks(&self) -> Option<Duration> {
        self.gates.conditions.then_some(Duration::from_secs(1))
    }

    fn tick(&self, now: Timestamp, _: HintContext<'_>) {
        self.now.store(now.0, Ordering::Relaxed);
    }

    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        self.liken(cx, likeness);
    }

    fn given(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        node: &str,
    ) -> Vec<(NamespacedName, Arc<Allocation>)> {
        let Some(Work(work)) = state.find() else { return Vec::new() };
        let Some(found) = work.found(node) else { return Vec::new() };
        let named = found.claims.iter();
        let named = named.filter_map(|(at, given)| Some((work.claims.get(*at)?.key(), Arc::clone(given))));
        let namespace = &cx.pod.meta.namespace;
        let made = found.extended.iter().map(|(_, given)| {
            let name: Str = PLACEHOLDER.into();
            ((Arc::clone(namespace), name), Arc::clone(given))
        });
        named.chain(made).collect()
    }
}
