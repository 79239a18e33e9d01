//! The framework's traits.

mod events;
mod filter;
mod place;
mod pre_filter;
mod queue;
mod score;

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::event::{ClusterEvent, EventPattern, Hint, HintContext};
use longshore_framework::node_metrics::MetricsNeed;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Dependence, Plugin};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{Instance, Stage};

use super::plugin::ComponentPlugin;
use crate::failure::Failure;

/// The most that a stage may leave for later ones, in bytes.
const LARGEST_SHARED: usize = 64 << 10;

/// A component as the framework sees it.
pub(crate) struct Staged(pub(crate) Arc<ComponentPlugin>);

impl Plugin for Staged {
    fn name(&self) -> &str {
        self.0.loaded.name()
    }

    fn events(&self) -> Vec<EventPattern> {
        self.0.loaded.events.clone()
    }

    fn objects_seen(&self, objects: &Objects) -> Option<u64> {
        self.0.loaded.objects_seen(objects)
    }

    fn metrics(&self) -> Option<MetricsNeed> {
        self.0.loaded.metering.need()
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent, cluster: HintContext<'_>) -> Hint {
        self.0.hint(pod, event, cluster)
    }

    fn ticks(&self) -> Option<Duration> {
        self.0.ticks()
    }

    fn tick(&self, _now: Timestamp, cluster: HintContext<'_>) {
        self.0.tick(cluster);
    }

    fn failed_answers(&self) -> Option<u64> {
        Some(self.0.excuses())
    }

    fn recoveries(&self) -> Option<u64> {
        Some(self.0.recoveries())
    }
}

impl Staged {
    /// The plugin at the stages it exports.
    pub(crate) fn instance(self) -> Instance {
        let plugin = Arc::clone(&self.0);
        let indices = &plugin.loaded.indices;
        // Whoever makes pods wait has to hear when one gives up.
        let has = |stage| indices.has(stage) || (stage == Stage::Reserve && indices.has(Stage::Permit));
        let mut instance = Instance::of(self).args(plugin.loaded.settings.effective());
        macro_rules! take_part {
            ($($method:ident: $stage:ident),*) => {
                $(if has(Stage::$stage) { instance = instance.$method(); })*
            };
        }
        take_part!(
            pre_enqueue: PreEnqueue, queue_sort: QueueSort, pre_filter: PreFilter, filter: Filter, post_filter: PostFilter, pre_score: PreScore,
            score: Score, reserve: Reserve, permit: Permit, pre_bind: PreBind, bind: Bind, post_bind: PostBind
        );
        instance.build()
    }

    /// Filter of a pure plugin is a function of what the engine keeps answers by.
    fn filter_dependence(&self) -> Dependence {
        if self.0.loaded.pure { Dependence::Node } else { Dependence::Uncacheable }
    }

    /// Score as well, unless PreScore or NormalizeScore have a say: what they are given depends on which nodes are feasible.
    fn score_dependence(&self) -> Dependence {
        let indices = &self.0.loaded.indices;
        let by_itself = !indices.normalizes() && !indices.has(Stage::PreScore);
        if self.0.loaded.pure && by_itself { Dependence::Node } else { Dependence::Uncacheable }
    }
}

fn bounded(stage: &'static str, shared: Vec<u8>) -> Result<Arc<Vec<u8>>, Failure> {
    if shared.len() > LARGEST_SHARED {
        let message =
            format!("it left {} bytes for later stages, {LARGEST_SHARED} are allowed", shared.len());
        return Err(Failure::answer(stage, message));
    }
    Ok(Arc::new(shared))
}
