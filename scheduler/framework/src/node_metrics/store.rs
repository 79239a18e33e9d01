//! The last value of every metric, and which nodes are others because of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::need::{MetricSelector, MetricsNeed};
use super::sample::{Measured, NodeMetric, Sample, Usage, Window};
use super::source::MetricsSource;
use crate::{Str, Timestamp};

/// The values of all sources that plugins read. It knows the time as it was told, so that it is a function of what the
/// engine was told and nothing else.
#[derive(Clone, Debug, Default)]
pub struct NodeMetrics {
    now: Timestamp,
    revision: u64,
    sources: BTreeMap<Arc<MetricsSource>, OfSource>,
}

#[derive(Clone, Debug, Default)]
struct OfSource {
    wanted: Vec<MetricSelector>,
    /// When the newest value of each of them was measured.
    newest: Vec<Option<Timestamp>>,
    /// In milliseconds.
    max_ages: BTreeSet<i64>,
    nodes: FxHashMap<Str, Measured>,
    window: Option<Window>,
    /// Rises with every sample.
    samples: u64,
    /// When the next value becomes too old for somebody.
    due: Option<Timestamp>,
}

/// A value of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// Nothing is known.
    Missing,
    /// The value, and when it was measured.
    Fresh(f64, Timestamp),
    /// The same, older than is wanted.
    Stale(f64, Timestamp),
}

impl NodeMetrics {
    /// From now on values are kept of these sources, and of no others.
    pub fn declare(&mut self, needs: impl IntoIterator<Item = MetricsNeed>) {
        let mut before = std::mem::take(&mut self.sources);
        for need in needs {
            let source = self.sources.entry(Arc::clone(&need.source));
            let source = source.or_insert_with(|| OfSource {
                wanted: Vec::new(),
                newest: Vec::new(),
                max_ages: BTreeSet::new(),
                ..before.remove(&need.source).unwrap_or_default()
            });
            source.wanted.extend(need.metrics);
            source.max_ages.extend(need.max_ages.iter().map(|age| millis(*age)));
        }
        for source in self.sources.values_mut() {
            source.wanted.sort();
            source.wanted.dedup();
            source.look_for_newest();
            source.due = source.next_due(self.now);
        }
        self.revision += 1;
    }

    /// Which sources there are.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<MetricsSource>> {
        self.sources.keys()
    }

    /// Whether nobody reads anything.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Rises with everything that may change an answer.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many samples of a source there were: with each one the times of values change, though values may not.
    pub fn samples(&self, source: &MetricsSource) -> u64 {
        self.sources.get(source).map_or(0, |of| of.samples)
    }

    /// The span of time that the last sample is about.
    pub fn window(&self, source: &MetricsSource) -> Option<Window> {
        self.sources.get(source)?.window
    }

    /// Every value of a node, in the order of the source, and when it was measured.
    pub fn node(&self, source: &MetricsSource, node: &str) -> Option<&Measured> {
        self.sources.get(source)?.nodes.get(node)
    }

    /// One value of a node. `max_age` is one of those that the plugin declared, or `None` for a value of any age.
    pub fn reading(
        &self,
        source: &MetricsSource,
        node: &str,
        metric: &MetricSelector,
        max_age: Option<Duration>,
    ) -> Reading {
        let measured = self.node(source, node);
        let value = |of: &Measured| of.metrics.iter().rev().find(|m| metric.fits(m)).map(|m| m.value);
        match measured.and_then(|of| value(of).map(|value| (value, of.at))) {
            None => Reading::Missing,
            Some((value, at)) if max_age.is_some_and(|age| is_stale(at, millis(age), self.now)) => {
                Reading::Stale(value, at)
            }
            Some((value, at)) => Reading::Fresh(value, at),
        }
    }

    /// The age of the newest value of a metric that is declared, whichever node it is of: `None` when there is none.
    pub fn youngest(&self, source: &MetricsSource, metric: &MetricSelector) -> Option<Duration> {
        let of = self.sources.get(source)?;
        let newest = of.newest.get(of.wanted.binary_search(metric).ok()?).copied().flatten()?;
        let age = self.now.0.saturating_sub(newest.0).max(0);
        Some(Duration::from_millis(u64::try_from(age).unwrap_or(0)))
    }

    /// Takes a sample in place of the one before. `capacity` says what a node has of processors and memory. Returns the
    /// nodes whose values are others, in order of their names.
    pub fn set(
        &mut self,
        source: &Arc<MetricsSource>,
        sample: &Sample,
        capacity: impl Fn(&str) -> Option<Usage>,
    ) -> Vec<Str> {
        let now = self.now;
        let Some(of) = self.sources.get_mut(source) else { return Vec::new() };
        let mut nodes: FxHashMap<Str, Measured> = FxHashMap::default();
        for (name, measured) in &sample.nodes {
            let kept = of.kept(measured, || capacity(name));
            if !kept.metrics.is_empty() || kept.usage.is_some() {
                nodes.insert(Arc::clone(name), kept);
            }
        }
        let before = std::mem::replace(&mut of.nodes, nodes);
        let mut changed: Vec<Str> = Vec::new();
        for (name, measured) in &of.nodes {
            let same = before.get(name).is_some_and(|old| {
                old.metrics == measured.metrics && of.ages(old.at, now).eq(of.ages(measured.at, now))
            });
            if !same {
                changed.push(Arc::clone(name));
            }
        }
        changed.extend(before.into_keys().filter(|name| !of.nodes.contains_key(name)));
        of.window = sample.window;
        of.samples += 1;
        of.look_for_newest();
        of.due = of.next_due(now);
        self.revision += 1;
        changed.sort_unstable();
        changed
    }

    /// A node is new, or has changed: it has this much of processors and memory. It counts as changed anyway.
    pub fn learn(&mut self, node: &str, capacity: Usage) {
        for of in self.sources.values_mut() {
            if of.learn(node, capacity) {
                of.look_for_newest();
                self.revision += 1;
            }
        }
    }

    /// The time is `now`. Returns the nodes of which a value has become too old for a plugin, in order of their names.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Str> {
        let before = self.now;
        self.now = before.max(now);
        let mut changed = BTreeSet::new();
        for of in self.sources.values_mut() {
            if of.due.is_none_or(|due| due > now) {
                continue;
            }
            let others = of.nodes.iter().filter(|(_, m)| !of.ages(m.at, before).eq(of.ages(m.at, now)));
            changed.extend(others.map(|(name, _)| Arc::clone(name)));
            of.due = of.next_due(now);
        }
        if !changed.is_empty() {
            self.revision += 1;
        }
        changed.into_iter().collect()
    }
}

impl OfSource {
    /// What somebody reads of a node.
    fn kept(&self, measured: &Measured, capacity: impl FnOnce() -> Option<Usage>) -> Measured {
        let wanted = |metric: &NodeMetric| self.wanted.iter().any(|w| w.fits(metric));
        let mut metrics: Vec<NodeMetric> = measured.metrics.iter().filter(|m| wanted(m)).cloned().collect();
        if let Some((usage, capacity)) = measured.usage.zip(capacity()) {
            metrics.extend(shares(usage, capacity).filter(wanted));
        }
        // Usage is kept: the node may come, or get another capacity.
        Measured { at: measured.at, metrics, usage: measured.usage }
    }

    /// The node has this much. Whether that makes its values others.
    fn learn(&mut self, node: &str, capacity: Usage) -> bool {
        let wanted = &self.wanted;
        let Some(measured) = self.nodes.get_mut(node) else { return false };
        let Some(usage) = measured.usage else { return false };
        let now: Vec<NodeMetric> =
            shares(usage, capacity).filter(|metric| wanted.iter().any(|w| w.fits(metric))).collect();
        let changed = measured.metrics != now;
        measured.metrics = now;
        changed
    }

    fn look_for_newest(&mut self) {
        let nodes = &self.nodes;
        let newest = |wanted: &MetricSelector| {
            let has = |measured: &&Measured| measured.metrics.iter().any(|m| wanted.fits(m));
            nodes.values().filter(has).map(|measured| measured.at).max()
        };
        self.newest = self.wanted.iter().map(newest).collect();
    }

    /// For each age that matters, whether what was measured then is too old.
    fn ages(&self, at: Timestamp, now: Timestamp) -> impl Iterator<Item = bool> + '_ {
        self.max_ages.iter().map(move |age| is_stale(at, *age, now))
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let times = self.nodes.values().map(|measured| measured.at.0).collect::<BTreeSet<_>>();
        let ends = self.max_ages.iter().filter_map(|age| {
            times.iter().map(|at| at.saturating_add(*age).saturating_add(1)).find(|end| *end > now.0)
        });
        ends.min().map(Timestamp)
    }
}

/// What a node uses of what it has, in percent.
fn shares(usage: Usage, capacity: Usage) -> impl Iterator<Item = NodeMetric> {
    let pairs = [("CPU", usage.milli_cpu, capacity.milli_cpu), ("Memory", usage.memory, capacity.memory)];
    pairs.into_iter().filter(|(_, _, has)| *has > 0).map(|(kind, used, has)| NodeMetric {
        name: Str::default(),
        kind: kind.into(),
        operator: "Latest".into(),
        rollup: Str::default(),
        #[expect(clippy::cast_precision_loss, reason = "as the load watcher counts it")]
        value: used.saturating_mul(100) as f64 / has as f64,
    })
}

fn is_stale(at: Timestamp, max_age: i64, now: Timestamp) -> bool {
    now.0.saturating_sub(at.0) > max_age
}

fn millis(age: Duration) -> i64 {
    i64::try_from(age.as_millis()).unwrap_or(i64::MAX)
}
