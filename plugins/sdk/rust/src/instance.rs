//! A plugin with what it knows: what the exports, and the tests, call.

use std::rc::Rc;

use crate::bindings::exports::longshore::scheduler::metrics::Update;
use crate::bindings::exports::longshore::scheduler::objects::Change;
use crate::bindings::longshore::scheduler::types::{Delta, Patch, Rejection, Verdicts as Answer};
use crate::error::text;
use crate::known::{self, Known};
use crate::object::Store;
use crate::plugin::{Cycle, Placement, Plugin, configured, decode, encode};
use crate::{
    Error, Filter, Manifest, Node, Nodes, NormalizeScore, Pod, PreFilter, PreScore, Score, Table, Verdicts,
};
use crate::{PreFilterOutcome, PreScoreOutcome};

/// A plugin at work.
pub struct Instance<P: Plugin> {
    /// The plugin itself.
    pub plugin: P,
    manifest: Manifest,
    known: Known,
    cycle: Option<Cycle<P>>,
}

/// Why Filter and Score fail when no cycle was begun.
const NO_CYCLE: &str = "no cycle was begun";

impl<P: Plugin> Instance<P> {
    /// Makes the plugin from its config, which is JSON.
    ///
    /// # Errors
    /// The config cannot be read, or the plugin refuses it.
    pub fn new(config: &str) -> Result<Self, Error> {
        known::leave();
        let config = configured::<P>(config)?;
        let manifest = P::describe(&config)?;
        Ok(Self::with(P::new(config)?, manifest))
    }

    /// Puts a plugin to work whose manifest does not depend on its config.
    pub fn of(plugin: P) -> Self {
        Self::with(plugin, P::manifest())
    }

    fn with(plugin: P, manifest: Manifest) -> Self {
        let table = Rc::new(Table::new(manifest.column_list(), manifest.metric_list().len()));
        let objects = Rc::new(Store::new(manifest.object_list()));
        Self { plugin, manifest, known: Known { table, objects }, cycle: None }
    }

    /// What the plugin says it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The plugin is called now: what this instance knows is what the plugin finds by
    /// [`host::table`](crate::host::table) and by its kinds of objects. Called before any other call.
    pub fn enter(&self) {
        known::enter(&self.known);
    }

    /// The table, to be changed. Should the plugin have kept it, it keeps what it was.
    fn table(&mut self) -> &mut Table {
        known::leave();
        Rc::make_mut(&mut self.known.table)
    }

    /// The node table changes.
    ///
    /// # Panics
    /// When the delta makes no sense: a wrong table must not decide.
    pub fn apply(&mut self, delta: Delta) {
        let renumbered = self.table().apply(delta);
        self.enter();
        if renumbered {
            self.prepare_again();
        }
    }

    /// What was prepared from words or objects is not what it was.
    fn prepare_again(&mut self) {
        let Some(cycle) = &mut self.cycle else { return };
        let prepared = self.plugin.prepare(&cycle.pod, &cycle.shared, &mut self.known.table.words.clone());
        match prepared {
            Ok(prepared) => cycle.prepared = prepared,
            Err(_) => self.cycle = None,
        }
    }

    /// Objects change.
    ///
    /// # Panics
    /// When a change is of a kind that was not declared.
    pub fn apply_objects(&mut self, reset: bool, changes: Vec<Change>) {
        known::leave();
        Rc::make_mut(&mut self.known.objects).apply(reset, changes);
        self.enter();
        self.prepare_again();
    }

    /// Values that are measured on nodes change.
    ///
    /// # Panics
    /// When they are of a metric that was not declared.
    pub fn apply_metrics(&mut self, reset: bool, updates: Vec<Update>) {
        self.table().measured.apply(reset, updates);
        self.enter();
        self.prepare_again();
    }

    /// The following calls of Filter and Score are about this pod.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn begin(&mut self, pod: Pod, shared: &[u8]) -> Result<(), String> {
        self.cycle = None;
        let make = || {
            let shared = decode(shared)?;
            let prepared = self.plugin.prepare(&pod, &shared, &mut self.known.table.words.clone())?;
            Ok(Cycle { pod, shared, prepared })
        };
        self.cycle = Some(text(make())?);
        Ok(())
    }

    /// Calls a stage that is about one node by its name.
    ///
    /// # Errors
    /// The plugin's failure, or that the bytes are not what PreFilter left.
    pub fn at<T>(
        &mut self,
        pod: &Pod,
        node: &str,
        shared: &[u8],
        call: impl FnOnce(&mut P, &Placement<'_, P>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let shared = decode(shared)?;
        call(&mut self.plugin, &Placement { pod, node, shared: &shared, table: &self.known.table })
    }

    fn cycle(&self) -> Result<&Cycle<P>, String> {
        self.cycle.as_ref().ok_or_else(|| NO_CYCLE.to_owned())
    }
}

impl<P: PreFilter> Instance<P> {
    /// The outcome, with what is left for later stages as bytes.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<Vec<u8>>, Error> {
        Ok(match self.plugin.pre_filter(pod)? {
            PreFilterOutcome::All(shared) => PreFilterOutcome::All(encode(&shared)?),
            PreFilterOutcome::Only(nodes, shared) => PreFilterOutcome::Only(nodes, encode(&shared)?),
            PreFilterOutcome::Skip(shared) => PreFilterOutcome::Skip(encode(&shared)?),
            PreFilterOutcome::Reject(reject) => PreFilterOutcome::Reject(reject),
        })
    }
}

impl<P: PreScore> Instance<P> {
    /// The outcome, with what Score gets as bytes.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn pre_score(
        &self,
        pod: &Pod,
        shared: &[u8],
        feasible: u32,
    ) -> Result<PreScoreOutcome<Vec<u8>>, Error> {
        Ok(match self.plugin.pre_score(pod, decode(shared)?, feasible)? {
            PreScoreOutcome::Score(shared) => PreScoreOutcome::Score(encode(&shared)?),
            PreScoreOutcome::Skip => PreScoreOutcome::Skip,
        })
    }
}

impl<P: Filter> Instance<P> {
    /// Judges the candidates.
    ///
    /// # Errors
    /// No cycle was begun.
    ///
    /// # Panics
    /// When a candidate is no node.
    pub fn filter(&self, candidates: Vec<u64>) -> Result<Answer, String> {
        let cycle = self.cycle()?;
        let mut verdicts = Verdicts::new(candidates.clone());
        self.plugin.filter_all(cycle, Nodes::new(&self.known.table, &candidates), &mut verdicts);
        Ok(verdicts.finish())
    }

    /// Judges one node as it would be.
    ///
    /// # Errors
    /// No cycle was begun.
    ///
    /// # Panics
    /// When the row is no node, or the patch is not about it.
    pub fn filter_supposed(&mut self, row: u32, supposed: Patch) -> Result<Option<Rejection>, String> {
        self.known.table.check_row(row);
        self.cycle()?;
        let before = self.table().suppose(row, supposed);
        self.enter();
        let verdict = self.cycle().map(|cycle| self.plugin.filter(cycle, Node::new(&self.known.table, row)));
        self.table().put_back(before);
        Ok(verdict?.rejection())
    }
}

impl<P: Score> Instance<P> {
    /// Scores nodes.
    ///
    /// # Errors
    /// No cycle was begun.
    ///
    /// # Panics
    /// When one of them is no node.
    pub fn score(&self, feasible: &[u64]) -> Result<Vec<i64>, String> {
        let mut scores = Vec::new();
        self.plugin.score_all(self.cycle()?, Nodes::new(&self.known.table, feasible), &mut scores);
        Ok(scores)
    }
}

impl<P: NormalizeScore> Instance<P> {
    /// Normalises scores.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn normalize(&self, shared: &[u8], mut scores: Vec<i64>) -> Result<Vec<i64>, Error> {
        self.plugin.normalize_score(&decode(shared)?, &mut scores)?;
        Ok(scores)
    }
}
