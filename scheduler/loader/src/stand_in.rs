//! What stands in a profile for a plugin that could not be loaded, so that everything else that is wrong with the
//! profile is found too. It never runs.

use longshore_framework::plugin::{
    Bind, Cycle, EnqueueContext, Filter, Permit, Plugin, PostBind, PostFilter, PostFilterContext,
    PostFilterOutcome, PreBind, PreEnqueue, PreFilter, PreScore, QueueSort, Queued, Rank, Reserve,
    ReserveContext, Score,
};
use longshore_framework::port::{Binding, PreBindWrite};
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{
    PermitVerdict, PluginError, PreFilterVerdict, PreScoreVerdict, Refusal, Verdict,
};
use longshore_framework::view::NodeView;
use serde_json::Value;

/// At these stages, with args as they are written.
pub(super) fn stand_in_at(name: &str, args: &Value, stages: &[Stage]) -> Instance {
    let plugin = || Instance::of(StandIn(name.to_string()));
    let mut made = stand_in(name);
    made.queue_sort = plugin().queue_sort().build().queue_sort;
    made.args = args.clone();
    for stage in Stage::ALL.into_iter().filter(|stage| !stages.contains(stage)) {
        match stage {
            Stage::PreEnqueue => made.pre_enqueue = None,
            Stage::QueueSort => made.queue_sort = None,
            Stage::PreFilter => made.pre_filter = None,
            Stage::Filter => made.filter = None,
            Stage::PostFilter => made.post_filter = None,
            Stage::PreScore => made.pre_score = None,
            Stage::Score => made.score = None,
            Stage::Reserve => made.reserve = None,
            Stage::Permit => made.permit = None,
            Stage::PreBind => made.pre_bind = None,
            Stage::Bind => made.bind = None,
            Stage::PostBind => made.post_bind = None,
        }
    }
    made
}

/// At every stage that a plugin in WebAssembly may have: nobody knows which this one has.
pub(super) fn stand_in(name: &str) -> Instance {
    let all = Instance::of(StandIn(name.to_string())).pre_enqueue().pre_filter().filter().post_filter();
    let all = all.pre_score().score().reserve().permit().pre_bind().bind().post_bind();
    all.build()
}

struct StandIn(String);

impl StandIn {
    fn absent<T>(&self) -> Result<T, PluginError> {
        Err(PluginError::new(format!("{} was not loaded", self.0)))
    }
}

impl Plugin for StandIn {
    fn name(&self) -> &str {
        &self.0
    }
}

impl PreEnqueue for StandIn {
    fn pre_enqueue(&self, _: EnqueueContext<'_>) -> Verdict {
        Verdict::unresolvable(format!("{} was not loaded", self.0))
    }
}

impl QueueSort for StandIn {
    fn rank(&self, _: Queued<'_>) -> Rank {
        Rank::default()
    }
}

impl PreFilter for StandIn {
    fn pre_filter(&self, _: Cycle<'_>, _: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        self.absent()
    }
}

impl Filter for StandIn {
    fn filter(&self, _: Cycle<'_>, _: &PluginState, _: NodeView<'_>) -> Result<Verdict, PluginError> {
        self.absent()
    }
}

impl PostFilter for StandIn {
    fn post_filter(
        &self,
        _: &mut PostFilterContext<'_>,
        _: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        self.absent()
    }
}

impl PreScore for StandIn {
    fn pre_score(
        &self,
        _: Cycle<'_>,
        _: &mut PluginState,
        _: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        self.absent()
    }
}

impl Score for StandIn {
    fn score(&self, _: Cycle<'_>, _: &PluginState, _: NodeView<'_>) -> Result<i64, PluginError> {
        self.absent()
    }
}

impl Reserve for StandIn {
    fn reserve(&self, _: &mut ReserveContext<'_>, _: &mut PluginState) -> Result<Verdict, PluginError> {
        self.absent()
    }

    fn unreserve(&self, _: &mut ReserveContext<'_>, _: &mut PluginState) {}
}

impl Permit for StandIn {
    fn permit(&self, _: Cycle<'_>, _: &PluginState, _: Slot) -> Result<PermitVerdict, PluginError> {
        self.absent()
    }
}

impl PreBind for StandIn {
    fn pre_bind(&self, _: Cycle<'_>, _: &PluginState, _: Slot) -> Result<Vec<PreBindWrite>, Refusal> {
        Ok(self.absent()?)
    }
}

impl Bind for StandIn {
    fn bind(&self, _: Cycle<'_>, _: &PluginState, _: Slot) -> Result<Option<Binding>, Refusal> {
        Ok(self.absent()?)
    }
}

impl PostBind for StandIn {
    fn post_bind(&self, _: Cycle<'_>, _: &PluginState, _: Slot) {}
}
