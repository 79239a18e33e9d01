//! Which plugins have a say about pods of a class, and how their answers are kept.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::plugin::{Census, Counted, Dependence, Filter, Score};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::verdict::PreScoreVerdict;

use smallvec::SmallVec;

use crate::cycle::Evaluator;
use crate::cycle::score::Scorer;
use crate::cycle::state::CycleState;
use crate::groups;

/// Whether the search is over all nodes and by plugins alone.
pub(super) fn is_plain(evaluator: &Evaluator<'_>) -> bool {
    let profile = evaluator.profile;
    !evaluator.snapshot.is_empty()
        && profile.percentage_of_nodes_to_score.is_none()
        && !profile.stage(Stage::Score).is_empty()
        && evaluator.extenders.interested(profile, evaluator.pod).next().is_none()
        && !groups::holds_back(evaluator.objects, evaluator.pod)
}

/// A filter that is asked about one node of each group.
#[derive(Clone)]
pub(super) struct GroupFilter {
    /// Its turn among all filters.
    pub(super) turn: usize,
    pub(super) id: PluginId,
    pub(super) plugin: Arc<dyn Filter>,
}

/// A scorer whose scores are normalised.
#[derive(Clone)]
pub(super) struct RelativeScorer {
    pub(super) id: PluginId,
    pub(super) plugin: Arc<dyn Score>,
    pub(super) weight: i64,
    /// Asked about one node of each group; else about every node, whose group its raw score is a part of.
    pub(super) by_group: bool,
}

/// The plugins by how they are asked.
#[derive(Clone, Default)]
pub(super) struct Plan {
    pub(super) censuses: Vec<(PluginId, Arc<dyn Census>)>,
    /// Filters with a census. The others are asked about every node that changed.
    pub(super) group_filters: Vec<GroupFilter>,
    /// Scorers whose scores count as they are.
    pub(super) absolute: Vec<PluginId>,
    pub(super) relative: Vec<RelativeScorer>,
    /// Plugins that have a say after the decision.
    pub(super) late: Vec<PluginId>,
    /// Some answer depends on the images of all nodes.
    pub(super) cluster: bool,
    /// The only node that PreFilter leaves, when it leaves but one. Then nothing else is kept of any node.
    pub(super) only: Option<Str>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Plan({} group filters, {} relative scorers)",
            self.group_filters.len(),
            self.relative.len()
        )
    }
}

impl Plan {
    /// Runs what comes before Filter and Score, into `state`. `None` when some plugin's answer cannot be kept, when PreFilter
    /// did not let the pod pass for all nodes, or when something broke.
    pub(super) fn prepare(evaluator: &Evaluator<'_>, state: &mut CycleState) -> Option<Self> {
        let mut plan = Self { late: late_plugins(evaluator), ..Self::default() };
        plan.take_censuses(evaluator, state)?;
        plan.run_pre_filters(evaluator, state)?;
        plan.add_filters(evaluator, state)?;
        plan.run_pre_scores(evaluator, state)?;
        plan.add_scorers(evaluator, state)?;
        // The only node is asked about by itself, not as one of a group.
        (plan.only.is_none() || plan.group_filters.is_empty()).then_some(plan)
    }

    fn has_census(&self, id: PluginId) -> bool {
        self.censuses.iter().any(|(with, _)| *with == id)
    }

    /// A census stands for PreFilter and PreScore, so both have to be on where Filter and Score are.
    fn take_censuses(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) -> Option<()> {
        let profile = evaluator.profile;
        let on = |stage: Stage, id: PluginId| profile.stage(stage).contains(&id);
        let filters = profile.at(Stage::Filter, |i| i.census.as_ref());
        let scorers = profile.at(Stage::Score, |i| i.census.as_ref());
        for (id, census) in filters.chain(scorers) {
            if self.has_census(id) {
                continue;
            }
            let paired = on(Stage::PreFilter, id) == on(Stage::Filter, id)
                && on(Stage::PreScore, id) == on(Stage::Score, id);
            if !paired {
                return None;
            }
            let Counted { filters, scores } = census.count(evaluator.cycle(), state.of_mut(id)).ok()?;
            if !filters {
                state.skip_filter(id);
            }
            if !scores {
                state.skip_score(id);
            }
            self.censuses.push((id, Arc::clone(census)));
        }
        Some(())
    }

    fn run_pre_filters(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) -> Option<()> {
        use longshore_framework::verdict::PreFilterVerdict as Said;
        let profile = evaluator.profile;
        for (id, plugin) in profile.at(Stage::PreFilter, |i| i.pre_filter.as_ref()) {
            if self.has_census(id) {
                continue;
            }
            if !profile.stage(Stage::Filter).contains(&id) {
                // Nothing says what its answer depends on.
                return None;
            }
            match plugin.pre_filter(evaluator.cycle(), state.of_mut(id)).ok()? {
                Said::Pass(None) => {}
                Said::Skip => state.skip_filter(id),
                Said::Pass(Some(names)) => match <[Str; 1]>::try_from(names) {
                    Ok([name]) if self.only.is_none() => self.only = Some(name),
                    _ => return None,
                },
                Said::Reject(_) => return None,
            }
        }
        Some(())
    }

    fn add_filters(&mut self, evaluator: &Evaluator<'_>, state: &CycleState) -> Option<()> {
        let stage = evaluator.profile.stage(Stage::Filter);
        for (id, plugin) in evaluator.profile.at(Stage::Filter, |i| i.filter.as_ref()) {
            let turn = stage.iter().position(|other| *other == id)?;
            match plugin.depends_on(evaluator.pod) {
                _ if self.has_census(id) => {
                    if !state.skips_filter(id) {
                        self.group_filters.push(GroupFilter { turn, id, plugin: Arc::clone(plugin) });
                    }
                }
                Dependence::Domain | Dependence::Uncacheable => return None,
                dependence => self.cluster |= dependence == Dependence::Cluster,
            }
        }
        Some(())
    }

    fn run_pre_scores(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) -> Option<()> {
        for (id, plugin) in evaluator.profile.at(Stage::PreScore, |i| i.pre_score.as_ref()) {
            if self.has_census(id) {
                continue;
            }
            if !evaluator.profile.stage(Stage::Score).contains(&id) {
                return None;
            }
            match plugin.pre_score(evaluator.cycle(), state.of_mut(id), &[]).ok()? {
                PreScoreVerdict::Score => {}
                PreScoreVerdict::Skip => state.skip_score(id),
            }
        }
        Some(())
    }

    fn add_scorers(&mut self, evaluator: &Evaluator<'_>, state: &CycleState) -> Option<()> {
        for (id, plugin) in evaluator.profile.at(Stage::Score, |i| i.score.as_ref()) {
            let by_group = self.has_census(id);
            let dependence = plugin.depends_on(evaluator.pod);
            if !by_group && dependence >= Dependence::Domain {
                return None;
            }
            if state.skips_score(id) {
                continue;
            }
            self.cluster |= dependence == Dependence::Cluster;
            if plugin.is_absolute() && !by_group {
                self.absolute.push(id);
            } else {
                let (plugin, weight) = (Arc::clone(plugin), evaluator.profile.weight(id));
                self.relative.push(RelativeScorer { id, plugin, weight, by_group });
            }
        }
        Some(())
    }

    /// The scorers that are asked about every node: the absolute ones first.
    pub(super) fn node_scorers<'a>(&self, profile: &'a Profile) -> SmallVec<[Scorer<'a>; 8]> {
        let relative = self.relative.iter().filter(|r| !r.by_group).map(|r| r.id);
        let wanted = self.absolute.iter().copied().chain(relative);
        wanted.filter_map(|id| Some((id, profile.plugin(id).score.as_ref()?))).collect()
    }
}

fn late_plugins(evaluator: &Evaluator<'_>) -> Vec<PluginId> {
    let stages = [Stage::Reserve, Stage::Permit, Stage::PreBind, Stage::Bind, Stage::PostBind];
    let mut late: Vec<PluginId> =
        stages.iter().flat_map(|stage| evaluator.profile.stage(*stage)).copied().collect();
    late.sort_unstable();
    late.dedup();
    late
}
