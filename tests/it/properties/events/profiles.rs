//! Profiles that are not the default one: filters in another order, and a plugin that has to be asked every time.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use longshore_framework::event::EventPattern;
use longshore_framework::plugin::{Cycle, Filter, Plugin, PreFilter, PreScore, Score, scale_to_max};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::{Instance, Stage};
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Verdict};
use longshore_framework::view::NodeView;

use crate::properties::PROFILES;

/// Says what it likes, by the pod, the node, and all that ever changed.
struct Moody {
    /// Takes part in PreFilter only in a way that shows; elsewhere it has nothing against anybody.
    quiet: bool,
}

/// What PreFilter and PreScore found, without which the other stages fail.
#[derive(Clone)]
struct Mood(u64);

/// What PreScore found.
#[derive(Clone)]
struct Taste(usize);

fn any(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Plugin for Moody {
    fn name(&self) -> &str {
        if self.quiet { "Quiet" } else { "Moody" }
    }

    fn events(&self) -> Vec<EventPattern> {
        vec![EventPattern::ANY]
    }
}

impl PreFilter for Moody {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let mood = any((&cx.pod.meta.uid, cx.snapshot.generation()));
        state.put(Mood(mood));
        Ok(match mood % 16 {
            0 => PreFilterVerdict::Reject(longshore_framework::verdict::Rejection::unschedulable(
                "mood".to_string(),
            )),
            1 => PreFilterVerdict::Skip,
            2 => {
                let first = cx.snapshot.order().iter().take(2).map(|slot| cx.snapshot.node(*slot));
                PreFilterVerdict::Pass(Some(first.map(|node| node.name.clone()).collect()))
            }
            _ => PreFilterVerdict::Pass(None),
        })
    }
}

impl Filter for Moody {
    fn filter(&self, _: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let mood = any((state.get::<Mood>()?.0, node.name()));
        Ok(if mood % 4 == 0 { Verdict::unschedulable("not today".to_string()) } else { Verdict::Pass })
    }
}

impl PreScore for Moody {
    fn pre_score(
        &self,
        _: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        state.put(Taste(feasible.len()));
        let skips = state.get::<Mood>().is_ok_and(|mood| mood.0 % 5 == 0);
        Ok(if skips { PreScoreVerdict::Skip } else { PreScoreVerdict::Score })
    }
}

impl Score for Moody {
    fn score(&self, _: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        Ok((any((state.get::<Taste>()?.0, node.name())) % 40) as i64)
    }

    fn normalise(
        &self,
        _: Cycle<'_>,
        _: &PluginState,
        _: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        scale_to_max(scores, false);
        Ok(())
    }
}

/// The default profile with more plugins, and the plugins of each stage in another order.
fn rearranged(more: Vec<(Instance, i64)>, order: impl Fn(&mut Vec<PluginId>)) -> Vec<Profile> {
    let default = &PROFILES[0];
    let mut profile = Profile::new(default.scheduler_name.clone());
    for at in 0..default.plugins().len() {
        let id = PluginId(u16::try_from(at).expect("few plugins"));
        assert_eq!(profile.add(default.plugin(id).clone()), id);
        profile.set_weight(id, default.weight(id));
    }
    let mut added = Vec::new();
    for (instance, weight) in more {
        let id = profile.add(instance);
        profile.set_weight(id, weight);
        added.push(id);
    }
    for stage in Stage::ALL {
        let mut ids = default.stage(stage).to_vec();
        ids.extend(added.iter().copied().filter(|id| profile.plugin(*id).has(stage)));
        order(&mut ids);
        for id in ids {
            assert!(profile.enable(stage, id));
        }
    }
    vec![profile]
}

/// A plugin that is asked every time comes last.
pub(super) static ASKING: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let moody = Instance::of(Moody { quiet: false }).pre_filter().filter().pre_score().score().build();
    rearranged(vec![(moody, 3)], |_| {})
});

/// One that only looks at the pod comes first, one that filters behind it, and all others the other way round.
pub(super) static BACKWARDS: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let moody = Instance::of(Moody { quiet: false }).pre_filter().filter().build();
    let quiet = Instance::of(Moody { quiet: true }).pre_filter().build();
    rearranged(vec![(moody, 0), (quiet, 0)], |ids| ids.reverse())
});

/// Every default plugin, the other way round.
pub(super) static REVERSED: LazyLock<Vec<Profile>> =
    LazyLock::new(|| rearranged(Vec::new(), |ids| ids.reverse()));
