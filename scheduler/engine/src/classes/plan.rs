//! Which plugins have a say about pods of a class, and how their answers are kept.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Census, Counted, Dependence, Filter, PreFilter, Score};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::verdict::PreScoreVerdict;

use smallvec::SmallVec;

use crate::cycle::Evaluator;
use crate::cycle::score::Scorer;
use crate::cycle::state::CycleState;
use crate::path::Literal;

/// Whether there is nothing to keep, or the search is not over all nodes.
pub(super) fn has_to_be_literal(evaluator: &Evaluator<'_>) -> Option<Literal> {
    let profile = evaluator.profile;
    if evaluator.snapshot.is_empty() || profile.stage(Stage::Score).is_empty() {
        return Some(Literal::NothingToKeep);
    }
    if evaluator.asking.within.is_some() {
        return Some(Literal::Domain);
    }
    if profile.percentage_of_nodes_to_score.is_some() {
        return Some(Literal::RestrictedSearch);
    }
    None
}

/// A filter that is asked about one node of each group.
#[derive(Clone)]
pub(super) struct GroupFilter {
    /// Its turn among all filters.
    pub(super) turn: usize,
    pub(super) id: PluginId,
    pub(super) plugin: Arc<dyn Filter>,
}

/// A scorer whose scores count as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct AbsoluteScorer {
    pub(super) id: PluginId,
    pub(super) weight: i64,
    /// Its scores change with the pods of the node.
    pub(super) by_pods: bool,
}

/// A scorer whose scores are normalised.
#[derive(Clone)]
pub(super) struct RelativeScorer {
    pub(super) id: PluginId,
    pub(super) plugin: Arc<dyn Score>,
    pub(super) weight: i64,
    /// Asked about one node of each group; else about every node, whose group its raw score is a part of.
    pub(super) by_group: bool,
    /// Asked about every node, its raw scores change with the pods of the node.
    pub(super) by_pods: bool,
}

/// The plugins by how they are asked.
#[derive(Clone, Default)]
pub(super) struct Plan {
    /// All that count.
    pub(super) censuses: Vec<(PluginId, Arc<dyn Census>)>,
    /// Those of them that have something to say about pods of the class, or may have, and so tell nodes apart.
    pub(super) speaking: Vec<(PluginId, Arc<dyn Census>)>,
    /// Plugins of which nothing is kept: they are asked every time.
    pub(super) asked: Vec<PluginId>,
    /// Filters with a census. The others are asked about every node that changed.
    pub(super) group_filters: Vec<GroupFilter>,
    /// The turn of the first filter asked about every node whose verdict changes with the pods of the node.
    pub(super) first_turn_by_pods: Option<usize>,
    /// The filters asked about every node whose verdict changes with the pods of the node.
    pub(super) filters_by_pods: Vec<PluginId>,
    /// Filters asked about every node that only look at the node itself.
    pub(super) fixed_filters: Vec<PluginId>,
    pub(super) absolute: Vec<AbsoluteScorer>,
    pub(super) relative: Vec<RelativeScorer>,
    /// Plugins that have a say after the decision.
    pub(super) after: Vec<PluginId>,
    /// Those of them that have PreFilter: what they remember may be the pod's own.
    pub(super) renewed: Vec<(PluginId, Arc<dyn PreFilter>)>,
    /// The plugins whose answers depend on the images of all nodes.
    pub(super) by_images: Vec<PluginId>,
    /// The only node that PreFilter leaves, when it leaves but one, and whose PreFilter it was. Then nothing else is kept of
    /// any node.
    pub(super) single_node: Option<(Str, PluginId)>,
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
    /// Runs what comes before Filter and Score, into `state`. An error when PreFilter did not let the pod pass for all nodes, or
    /// when something broke.
    pub(super) fn prepare(evaluator: &Evaluator<'_>, state: &mut CycleState) -> Result<Self, Literal> {
        let mut plan = Self { after: plugins_after(evaluator), ..Self::default() };
        plan.find_asked(evaluator, state);
        plan.take_censuses(evaluator, state)?;
        plan.run_pre_filters(evaluator, state)?;
        plan.add_filters(evaluator, state);
        plan.run_pre_scores(evaluator, state)?;
        plan.add_scorers(evaluator, state);
        // The only node is asked about by itself, not as one of a group.
        let not_kept = plan.group_filters.first().map(|filter| filter.id).or(plan.asked.first().copied());
        match (&plan.single_node, not_kept) {
            (Some(_), Some(id)) => Err(Literal::Uncacheable(id)),
            _ => Ok(plan),
        }
    }

    /// Whether the plugin is asked every time.
    pub(super) fn is_asked(&self, id: PluginId) -> bool {
        self.asked.contains(&id)
    }

    /// A plugin is asked every time, at all of its stages, if what it says at one of them may depend on anything.
    fn find_asked(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) {
        let (profile, pod) = (evaluator.profile, evaluator.pod);
        let on = |stage: Stage, id: PluginId| profile.stage(stage).contains(&id);
        let is_kept = |dependence: Dependence, has_census: bool| match dependence {
            Dependence::Uncacheable => false,
            Dependence::Domain => has_census,
            _ => true,
        };
        let stages = [Stage::PreFilter, Stage::Filter, Stage::PreScore, Stage::Score];
        let mut ids: Vec<PluginId> = stages.iter().flat_map(|stage| profile.stage(*stage)).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let plugin = profile.plugin(id);
            // A census stands for PreFilter and PreScore, so both have to be on where Filter and Score are.
            let is_paired = on(Stage::PreFilter, id) == on(Stage::Filter, id)
                && on(Stage::PreScore, id) == on(Stage::Score, id);
            let counts = plugin.census.is_some() && is_paired;
            let filter = plugin.filter.as_ref().filter(|_| on(Stage::Filter, id)).map(|f| f.depends_on(pod));
            let score = plugin.score.as_ref().filter(|_| on(Stage::Score, id)).map(|s| s.depends_on(pod));
            // Of PreFilter without Filter, and PreScore without Score, nothing says what it depends on.
            let says = (filter.is_some() || !on(Stage::PreFilter, id))
                && (score.is_some() || !on(Stage::PreScore, id));
            let kept = [filter, score].into_iter().flatten().all(|dependence| is_kept(dependence, counts));
            let says_so = asks_every_time(evaluator, id);
            if says_so || !says || !kept || (plugin.census.is_some() && !is_paired) {
                self.asked.push(id);
                state.skip_filter(id);
                state.skip_score(id);
            }
        }
    }

    fn has_census(&self, id: PluginId) -> bool {
        self.censuses.iter().any(|(with, _)| *with == id)
    }

    fn take_censuses(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) -> Result<(), Literal> {
        let profile = evaluator.profile;
        let filters = profile.at(Stage::Filter, |i| i.census.as_ref());
        let scorers = profile.at(Stage::Score, |i| i.census.as_ref());
        for (id, census) in filters.chain(scorers) {
            if self.has_census(id) || self.is_asked(id) {
                continue;
            }
            let Counted { filters, scores, later } = census.count(evaluator.cycle(), state.of_mut(id))?;
            if !filters {
                state.skip_filter(id);
            }
            if !scores {
                state.skip_score(id);
            }
            self.censuses.push((id, Arc::clone(census)));
            if filters || scores || later {
                self.speaking.push((id, Arc::clone(census)));
            }
        }
        Ok(())
    }

    fn run_pre_filters(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) -> Result<(), Literal> {
        use longshore_framework::verdict::PreFilterVerdict as Said;
        let profile = evaluator.profile;
        for (id, plugin) in profile.at(Stage::PreFilter, |i| i.pre_filter.as_ref()) {
            if self.has_census(id) || self.is_asked(id) {
                continue;
            }
            let said = plugin.pre_filter(evaluator.cycle(), state.of_mut(id))?;
            if said != Said::Skip && self.after.contains(&id) {
                self.renewed.push((id, Arc::clone(plugin)));
            }
            match said {
                Said::Pass(None) => {}
                Said::Skip => state.skip_filter(id),
                Said::Pass(Some(names)) => match <[Str; 1]>::try_from(names) {
                    Ok([name]) if self.single_node.is_none() => {
                        self.single_node = Some((name, id));
                    }
                    _ => return Err(Literal::PreFilter(id)),
                },
                Said::Reject(_) => return Err(Literal::PreFilter(id)),
            }
        }
        Ok(())
    }

    fn add_filters(&mut self, evaluator: &Evaluator<'_>, state: &CycleState) {
        let stage = evaluator.profile.stage(Stage::Filter);
        for (id, plugin) in evaluator.profile.at(Stage::Filter, |i| i.filter.as_ref()) {
            let turn = stage.iter().position(|other| *other == id).unwrap_or_default();
            match plugin.depends_on(evaluator.pod) {
                _ if self.is_asked(id) => {}
                _ if self.has_census(id) => {
                    if !state.skips_filter(id) {
                        self.group_filters.push(GroupFilter { turn, id, plugin: Arc::clone(plugin) });
                    }
                }
                dependence => {
                    self.note_images(id, dependence);
                    if !dependence.on_pods() {
                        self.fixed_filters.push(id);
                    } else if !state.skips_filter(id) {
                        self.first_turn_by_pods.get_or_insert(turn);
                        self.filters_by_pods.push(id);
                    }
                }
            }
        }
    }

    fn note_images(&mut self, id: PluginId, dependence: Dependence) {
        if dependence.on_images() && !self.by_images.contains(&id) {
            self.by_images.push(id);
        }
    }

    /// What these plugins see of images; `None` where there are none.
    pub(super) fn images_seen(&self, evaluator: &Evaluator<'_>) -> Option<u64> {
        match *self.by_images {
            [] => None,
            [id] => Some(evaluator.profile.plugin(id).plugin.images_seen(evaluator.cycle())),
            _ => Some(evaluator.snapshot.images_revision()),
        }
    }

    fn run_pre_scores(&mut self, evaluator: &Evaluator<'_>, state: &mut CycleState) -> Result<(), Literal> {
        for (id, plugin) in evaluator.profile.at(Stage::PreScore, |i| i.pre_score.as_ref()) {
            if self.has_census(id) || self.is_asked(id) {
                continue;
            }
            match plugin.pre_score(evaluator.cycle(), state.of_mut(id), &[])? {
                PreScoreVerdict::Score => {}
                PreScoreVerdict::Skip => state.skip_score(id),
            }
        }
        Ok(())
    }

    fn add_scorers(&mut self, evaluator: &Evaluator<'_>, state: &CycleState) {
        for (id, plugin) in evaluator.profile.at(Stage::Score, |i| i.score.as_ref()) {
            let by_group = self.has_census(id);
            let dependence = plugin.depends_on(evaluator.pod);
            if self.is_asked(id) || state.skips_score(id) {
                continue;
            }
            self.note_images(id, dependence);
            let (weight, by_pods) = (evaluator.profile.weight(id), dependence.on_pods());
            if plugin.is_absolute() && !by_group {
                self.absolute.push(AbsoluteScorer { id, weight, by_pods });
            } else {
                let plugin = Arc::clone(plugin);
                self.relative.push(RelativeScorer { id, plugin, weight, by_group, by_pods });
            }
        }
    }

    /// The scorers that are asked about every node: the absolute ones first. With `by_pods` only those whose scores change
    /// with the pods of the node.
    pub(super) fn node_scorers<'a>(&self, profile: &'a Profile, by_pods: bool) -> SmallVec<[Scorer<'a>; 8]> {
        let absolute = self.absolute.iter().filter(|s| s.by_pods || !by_pods).map(|s| s.id);
        let relative = self.relative.iter().filter(|s| !s.by_group && (s.by_pods || !by_pods)).map(|s| s.id);
        let wanted = absolute.chain(relative);
        wanted.filter_map(|id| Some((id, profile.plugin(id).score.as_ref()?))).collect()
    }

    /// The relative scorers that are asked about every node: their raw scores stand in the keys of groups, in this order.
    pub(super) fn relative_by_node(&self) -> impl Iterator<Item = &RelativeScorer> {
        self.relative.iter().filter(|scorer| !scorer.by_group)
    }

    /// Whether the pods of a node may bring it into another group although the same filters pass it; censuses recounted the
    /// node or did not.
    pub(super) fn groups_follow_pods(&self, is_recounted: bool) -> bool {
        let by_census = is_recounted && !self.speaking.is_empty();
        by_census || self.relative_by_node().any(|scorer| scorer.by_pods)
    }

    /// Whether some filter that goes by groups has its turn before this.
    pub(super) fn asks_groups_before(&self, turn: usize) -> bool {
        self.group_filters.first().is_some_and(|first| first.turn < turn)
    }

    /// Whether the rejection of a node at this turn stays whatever pods come to the node or leave it.
    pub(super) fn outlives_pods(&self, turn: usize) -> bool {
        self.first_turn_by_pods.is_none_or(|first| turn < first) && !self.asks_groups_before(turn)
    }
}

/// Whether the plugin wants to be asked about pods of the class every time.
fn asks_every_time(evaluator: &Evaluator<'_>, id: PluginId) -> bool {
    let mut likeness = Likeness::default();
    likeness.added_by(id.0);
    evaluator.profile.plugin(id).plugin.tell_apart(evaluator.cycle(), &mut likeness);
    likeness.is_asked_every_time(id.0)
}

/// Plugins that have a say after the decision.
fn plugins_after(evaluator: &Evaluator<'_>) -> Vec<PluginId> {
    let stages = [Stage::Reserve, Stage::Permit, Stage::PreBind, Stage::Bind, Stage::PostBind];
    let mut after: Vec<PluginId> =
        stages.iter().flat_map(|stage| evaluator.profile.stage(*stage)).copied().collect();
    after.sort_unstable();
    after.dedup();
    after
}
