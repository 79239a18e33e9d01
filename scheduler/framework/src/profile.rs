//! A profile ready to run.

use std::sync::Arc;

use crate::Str;
use crate::plugin::QueueSort;
use crate::registry::{Instance, Stage};

/// Which plugin of a profile: an index into [`Profile::plugins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginId(pub u16);

impl PluginId {
    /// As an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The plugins of one scheduler name, stage by stage, in the order they run. Every invariant of a profile file holds:
/// one QueueSort, at least one Bind, each plugin listed at a stage takes part in it, weights are positive.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Pods with this `spec.schedulerName` are its own.
    pub scheduler_name: Str,
    /// Share of nodes to find feasible before the search ends, in percent; `None` searches all.
    pub percentage_of_nodes_to_score: Option<u32>,
    plugins: Vec<Instance>,
    stages: [Vec<PluginId>; Stage::ALL.len()],
    weights: Vec<i64>,
}

impl Profile {
    /// A profile without plugins, to be filled by [`enable`](Self::enable).
    pub fn new(scheduler_name: impl Into<Str>) -> Self {
        Self {
            scheduler_name: scheduler_name.into(),
            percentage_of_nodes_to_score: None,
            plugins: Vec::new(),
            stages: Default::default(),
            weights: Vec::new(),
        }
    }

    /// Adds a plugin, part of no stage yet.
    pub fn add(&mut self, instance: Instance) -> PluginId {
        let id = PluginId(u16::try_from(self.plugins.len()).unwrap_or(u16::MAX));
        self.plugins.push(instance);
        self.weights.push(0);
        id
    }

    /// Puts a plugin at the end of a stage; whether it takes part in that stage.
    pub fn enable(&mut self, stage: Stage, id: PluginId) -> bool {
        let able = self.plugin(id).has(stage);
        if able {
            self.stages[stage as usize].push(id);
        }
        able
    }

    /// Sets the weight of a plugin's score.
    pub fn set_weight(&mut self, id: PluginId, weight: i64) {
        self.weights[id.index()] = weight;
    }

    /// All plugins, by id.
    pub fn plugins(&self) -> &[Instance] {
        &self.plugins
    }

    /// The plugin with this id.
    pub fn plugin(&self, id: PluginId) -> &Instance {
        &self.plugins[id.index()]
    }

    /// The plugin's name.
    pub fn name(&self, id: PluginId) -> &str {
        self.plugin(id).name()
    }

    /// The id of the plugin called `name`.
    pub fn id(&self, name: &str) -> Option<PluginId> {
        let at = self.plugins.iter().position(|p| p.name() == name)?;
        u16::try_from(at).ok().map(PluginId)
    }

    /// The plugins of a stage, in order.
    pub fn stage(&self, stage: Stage) -> &[PluginId] {
        &self.stages[stage as usize]
    }

    /// The plugins of a stage with what `pick` takes from each.
    pub fn at<'a, T: ?Sized + 'a>(
        &'a self,
        stage: Stage,
        pick: impl Fn(&'a Instance) -> Option<&'a Arc<T>> + 'a,
    ) -> impl Iterator<Item = (PluginId, &'a Arc<T>)> + 'a {
        self.stage(stage).iter().filter_map(move |id| Some((*id, pick(self.plugin(*id))?)))
    }

    /// Weight of a plugin's score.
    pub fn weight(&self, id: PluginId) -> i64 {
        self.weights[id.index()]
    }

    /// The profile's QueueSort.
    pub fn queue_sort(&self) -> Option<&Arc<dyn QueueSort>> {
        let id = self.stage(Stage::QueueSort).first()?;
        self.plugin(*id).queue_sort.as_ref()
    }

    /// Whether a plugin takes part in any stage.
    pub fn uses(&self, id: PluginId) -> bool {
        self.stages.iter().any(|s| s.contains(&id))
    }
}
