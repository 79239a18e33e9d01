//! The stages that are timed, without anything around them.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use longshore_framework::plugin::{Cycle, FilterSink};
use longshore_framework::pod::Pod;
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict};

use crate::rehearsal::Scene;

/// One plugin, one pod, one cluster.
#[derive(Clone, Copy)]
pub(super) struct Stages<'a> {
    pub(super) instance: &'a Instance,
    pub(super) scene: &'a Scene,
    pub(super) pod: &'a Pod,
}

/// How long each stage took that was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) pre_filter: Option<Duration>,
    pub(super) filter: Option<Duration>,
    pub(super) pre_score: Option<Duration>,
    pub(super) score: Option<Duration>,
    pub(super) normalise: Option<Duration>,
    pub(super) whole: Duration,
}

impl Stages<'_> {
    fn cx(&self) -> Cycle<'_> {
        Cycle { snapshot: &self.scene.snapshot, objects: &self.scene.objects, pod: self.pod }
    }

    /// From PreFilter to the normalised scores, over all nodes. Every node is scored when none fits, so that there is
    /// something to measure.
    pub(super) fn cycle(&self) -> anyhow::Result<Times> {
        let (mut state, mut times) = (PluginState::default(), Times::default());
        let all = self.scene.slots();
        let began = Instant::now();
        self.timed(&all, &mut state, &mut times).map_err(broke)?;
        times.whole = began.elapsed();
        Ok(times)
    }

    fn timed(&self, all: &[Slot], state: &mut PluginState, times: &mut Times) -> Result<(), PluginError> {
        let (instance, cx) = (self.instance, self.cx());
        let mut filters = true;
        if let Some(plugin) = &instance.pre_filter {
            let verdict = timed(&mut times.pre_filter, || plugin.pre_filter(cx, state))?;
            filters = !matches!(verdict, PreFilterVerdict::Skip);
        }
        let mut feasible = all.to_vec();
        if let Some(plugin) = instance.filter.as_ref().filter(|_| filters) {
            let mut rejected = Vec::new();
            let mut sink = FilterSink::new(&mut feasible, &mut rejected);
            timed(&mut times.filter, || plugin.filter_range(cx, state, &mut sink))?;
        }
        if feasible.is_empty() {
            feasible = all.to_vec();
        }
        if let Some(plugin) = &instance.pre_score {
            let verdict = timed(&mut times.pre_score, || plugin.pre_score(cx, state, &feasible))?;
            if verdict == PreScoreVerdict::Skip {
                return Ok(());
            }
        }
        let Some(plugin) = &instance.score else { return Ok(()) };
        let mut scores = vec![0; feasible.len()];
        timed(&mut times.score, || plugin.score_range(cx, state, &feasible, &mut scores))?;
        timed(&mut times.normalise, || plugin.normalise(cx, state, &feasible, &mut scores))
    }

    /// Filter of some nodes, or Score where there is no Filter; `None` without either.
    pub(super) fn judge(&self, slots: &[Slot]) -> anyhow::Result<Option<Duration>> {
        let (mut state, cx) = (PluginState::default(), self.cx());
        if let Some(plugin) = &self.instance.pre_filter {
            plugin.pre_filter(cx, &mut state).map_err(broke)?;
        }
        let began = Instant::now();
        if let Some(plugin) = &self.instance.filter {
            let (mut left, mut rejected) = (slots.to_vec(), Vec::new());
            plugin.filter_range(cx, &state, &mut FilterSink::new(&mut left, &mut rejected)).map_err(broke)?;
        } else if let Some(plugin) = &self.instance.score {
            let mut scores = vec![0; slots.len()];
            plugin.score_range(cx, &state, slots, &mut scores).map_err(broke)?;
        } else {
            return Ok(None);
        }
        Ok(Some(began.elapsed()))
    }
}

fn timed<T>(into: &mut Option<Duration>, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    *into = Some(began.elapsed());
    done
}

fn broke(error: PluginError) -> anyhow::Error {
    anyhow!("it cannot be measured: {error}")
}
