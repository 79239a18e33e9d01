//! A small registry of plugins that do nothing.

use longshore_framework::fields::{Fields, Problems};
use longshore_framework::plugin::{
    Bind, Cycle, EnqueueContext, Filter, Plugin, PreEnqueue, PreFilter, QueueSort, Queued, Rank, Score,
};
use longshore_framework::port::Binding;
use longshore_framework::registry::{FactoryContext, Instance, Registry, Stage};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, Refusal, Verdict};
use longshore_framework::view::NodeView;
use serde_json::{Value, json};

/// `multiPoint` of the fake default profile.
pub(super) const DEFAULT: &[(&str, i64)] =
    &[("Gates", 0), ("Sort", 0), ("Taints", 3), ("Fit", 1), ("Spread", 2), ("Image", 0), ("Binder", 0)];

/// The default plugins and some more.
pub(super) fn registry() -> Registry {
    use Stage::{Bind, Filter, PreEnqueue, PreFilter, QueueSort, Score};
    let mut registry = Registry::default();
    let mut add = |name: &'static str, stages: &'static [Stage]| {
        registry.add(name, move |args, context, problems| build(name, stages, args, context, problems));
    };
    add("Gates", &[PreEnqueue]);
    add("Sort", &[QueueSort]);
    add("Taints", &[Filter, Score]);
    add("Fit", &[PreFilter, Filter, Score]);
    add("Spread", &[PreFilter, Filter, Score]);
    add("Image", &[Score]);
    add("Binder", &[Bind]);
    add("OtherSort", &[QueueSort]);
    add("OtherBinder", &[Bind]);
    add("Extra", &[Filter, Score]);
    add("Heavy", &[Score]);
    registry
}

/// Only `Fit` takes arguments: `ratio`, 0 to 100, default 10. It shows what the factory was given besides.
fn build(
    name: &'static str,
    stages: &[Stage],
    args: &Value,
    context: &FactoryContext,
    problems: &mut Problems<'_>,
) -> Instance {
    let mut builder = Instance::of(Fake(name));
    for stage in stages {
        builder = match stage {
            Stage::PreEnqueue => builder.pre_enqueue(),
            Stage::QueueSort => builder.queue_sort(),
            Stage::PreFilter => builder.pre_filter(),
            Stage::Filter => builder.filter(),
            Stage::Score => builder.score(),
            Stage::Bind => builder.bind(),
            other => panic!("no fake has {other:?}"),
        };
    }
    if name == "Fit" {
        let mut fields = Fields::of(args, problems);
        let ratio = fields.int("ratio", 0..=100, problems).unwrap_or(10);
        fields.value("context");
        fields.finish(problems);
        let ignored: Vec<&str> = context.extender_ignored_resources.iter().map(|r| &**r).collect();
        let context = json!({"scheduler": &*context.scheduler_name, "ignored": ignored});
        builder = builder.args(json!({"ratio": ratio, "context": context}));
    }
    if name == "OtherSort" {
        builder = builder.idle_at(&[Stage::Permit]);
    }
    builder.build()
}

struct Fake(&'static str);

impl Plugin for Fake {
    fn name(&self) -> &str {
        self.0
    }
}

impl PreEnqueue for Fake {
    fn pre_enqueue(&self, _: EnqueueContext<'_>) -> Verdict {
        Verdict::Pass
    }
}

impl QueueSort for Fake {
    fn rank(&self, _: Queued<'_>) -> Rank {
        Rank::default()
    }
}

impl PreFilter for Fake {
    fn pre_filter(&self, _: Cycle<'_>, _: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        Ok(PreFilterVerdict::Skip)
    }
}

impl Filter for Fake {
    fn filter(&self, _: Cycle<'_>, _: &PluginState, _: NodeView<'_>) -> Result<Verdict, PluginError> {
        Ok(Verdict::Pass)
    }
}

impl Score for Fake {
    fn score(&self, _: Cycle<'_>, _: &PluginState, _: NodeView<'_>) -> Result<i64, PluginError> {
        Ok(0)
    }
}

impl Bind for Fake {
    fn bind(&self, _: Cycle<'_>, _: &PluginState, _: Slot) -> Result<Option<Binding>, Refusal> {
        Ok(None)
    }
}
