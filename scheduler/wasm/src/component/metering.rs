//! What is measured on nodes, told to a plugin's instances.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{MetricSelector, MetricsNeed, MetricsSource, NodeMetrics, Reading};
use longshore_framework::snapshot::{Slot, Snapshot};

use super::bindings::exports::longshore::scheduler::metrics::{Metric, Stale, Update};
use super::table::row;
use crate::failure::cut;

/// Metrics of one plugin at the most.
const MOST_METRICS: usize = 64;

/// Bytes of one word of a metric at the most.
const LONGEST_WORD: usize = 253;

/// A metric that a plugin reads.
#[derive(Clone, Debug)]
struct Metered {
    metric: MetricSelector,
    /// `None` for values of any age.
    max_age: Option<Duration>,
    stale: Stale,
    timed: bool,
}

/// What a plugin reads, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Metering {
    source: Arc<MetricsSource>,
    metrics: Vec<Metered>,
    /// What is added to times, so that they are by the plugin's clock.
    clock: i64,
}

impl Metering {
    /// Reads what a plugin declares. `clock` is what the plugin's clock shows when the engine's shows 0.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(source: &MetricsSource, metrics: &[Metric], clock: i64) -> Result<Self, String> {
        if metrics.len() > MOST_METRICS {
            return Err(format!("it declares {} metrics, {MOST_METRICS} are allowed", metrics.len()));
        }
        let metrics = metrics.iter().map(Metered::of).collect::<Result<_, _>>()?;
        Ok(Self { source: Arc::new(source.clone()), metrics, clock })
    }

    /// Whether nothing is read.
    pub(crate) fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }

    /// What has to be kept for the plugin; `None` for nothing.
    pub(crate) fn need(&self) -> Option<MetricsNeed> {
        (!self.is_empty()).then(|| MetricsNeed {
            source: Arc::clone(&self.source),
            metrics: self.metrics.iter().map(|m| m.metric.clone()).collect(),
            max_ages: self.metrics.iter().filter_map(|m| m.max_age).collect(),
        })
    }

    /// A number that rises when all answers may be others though no node is; `None` where that never happens.
    pub(crate) fn seen(&self, store: &NodeMetrics) -> Option<u64> {
        self.metrics.iter().any(|m| m.timed).then(|| store.samples(&self.source))
    }

    /// Why the plugin cannot be asked now, if it cannot: of a metric that it does not do without, all values are too old.
    pub(crate) fn too_old(&self, store: &NodeMetrics) -> Option<String> {
        let missing = |m: &&Metered| {
            let age = store.youngest(&self.source, &m.metric);
            m.stale == Stale::Fail && age.is_none_or(|age| m.max_age.is_some_and(|most| age > most))
        };
        let metered = self.metrics.iter().find(missing)?;
        let (name, source) = (metered.name(), &self.source);
        Some(match (store.youngest(source, &metered.metric), metered.max_age) {
            (Some(age), Some(most)) => format!(
                "the newest value of {name} from {source} is {} s old, and the plugin takes none that is older than {} s",
                age.as_secs(),
                most.as_secs()
            ),
            _ => format!("there is no value of {name} from {source} yet"),
        })
    }

    /// What reports call the metrics.
    pub(crate) fn names(&self) -> Vec<String> {
        self.metrics.iter().map(Metered::name).collect()
    }

    /// A value as the plugin is told it, and when it was measured.
    fn value(&self, store: &NodeMetrics, metered: &Metered, node: &str) -> Cell {
        match store.reading(&self.source, node, &metered.metric, metered.max_age) {
            Reading::Fresh(value, at) => self.cell(store, metered, value, at),
            Reading::Stale(value, at) if metered.stale == Stale::Keep => self.cell(store, metered, value, at),
            Reading::Stale(..) | Reading::Missing => Cell::NONE,
        }
    }

    /// The time is the end of the span that the values are about, where the source says one: it is the source's, by the plugin's
    /// clock. Else it is when the value was measured, by the engine's.
    fn cell(&self, store: &NodeMetrics, metered: &Metered, value: f64, at: Timestamp) -> Cell {
        if !metered.timed {
            return Cell { value, time: 0 };
        }
        let window = store.window(&self.source).filter(|window| window.end.0 > 0);
        let time = window.map_or_else(|| at.0.saturating_add(self.clock), |window| window.end.0);
        Cell { value, time: u64::try_from(time).unwrap_or(0) }
    }
}

impl Metered {
    fn of(metric: &Metric) -> Result<Self, String> {
        let Metric { name, kind, operator, rollup, max_age, stale, timed } = metric;
        let words = [("name", name), ("kind", kind), ("operator", operator), ("rollup", rollup)];
        if let Some((field, word)) = words.iter().find(|(_, word)| word.len() > LONGEST_WORD) {
            return Err(format!(
                "the {field} of a metric has {} bytes, {LONGEST_WORD} are allowed",
                word.len()
            ));
        }
        let metric = MetricSelector {
            name: name.as_str().into(),
            kind: kind.as_str().into(),
            operator: operator.as_str().into(),
            rollup: rollup.as_str().into(),
        };
        let max_age = (*max_age > 0).then(|| Duration::from_millis(*max_age));
        Ok(Self { metric, max_age, stale: *stale, timed: *timed })
    }

    /// The words that are given, such as `CPU AVG`.
    fn name(&self) -> String {
        let MetricSelector { name, kind, operator, rollup } = &self.metric;
        let words: Vec<&str> = [name, kind, operator, rollup]
            .into_iter()
            .map(|word| &**word)
            .filter(|w| !w.is_empty())
            .collect();
        if words.is_empty() { "any metric".to_string() } else { cut(words.join(" ")) }
    }
}

/// What an instance was told of one metric of one row.
#[derive(Clone, Copy, Debug)]
struct Cell {
    value: f64,
    time: u64,
}

impl Cell {
    const NONE: Self = Self { value: f64::NAN, time: 0 };

    fn is(self, other: Self) -> bool {
        self.value.to_bits() == other.value.to_bits() && self.time == other.time
    }
}

/// What an instance was told of all rows.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Which snapshot and its generation, and the store's revision.
    of: Option<(u64, u64, u64)>,
    /// By metric and row; `None` where the row was no node, or nothing was told of it.
    cells: Vec<Vec<Option<Cell>>>,
}

/// What is to be told in one call.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) reset: bool,
    pub(crate) updates: Vec<Update>,
}

impl Told {
    /// What an instance with the slots in `range` has to be told; `None` when it knows everything.
    pub(crate) fn missing(
        &mut self,
        metering: &Metering,
        snapshot: &Snapshot,
        range: Range<usize>,
        store: &NodeMetrics,
    ) -> Option<Telling> {
        let now = (snapshot.lineage(), snapshot.generation(), store.revision());
        if metering.is_empty() || self.of == Some(now) {
            return None;
        }
        let known = self.of.filter(|of| of.0 == now.0);
        let changed = known.and_then(|of| snapshot.changed_since(of.1));
        let reset = changed.is_none();
        // With a sample times may change of nodes that do not.
        let all = reset || (metering.seen(store).is_some() && known.is_some_and(|of| of.2 != now.2));
        let end = range.end.min(snapshot.slots());
        let mut slots: Vec<usize> = match changed {
            Some(changed) if !all => {
                changed.map(|slot: Slot| slot.index()).filter(|at| range.contains(at)).collect()
            }
            _ => (range.start..end).collect(),
        };
        slots.sort_unstable();
        slots.dedup();
        if reset {
            self.cells = vec![Vec::new(); metering.metrics.len()];
        }
        self.of = Some(now);
        let updates = self.updates(metering, snapshot, (&slots, range.start), store);
        (reset || !updates.is_empty()).then_some(Telling { reset, updates })
    }

    fn updates(
        &mut self,
        metering: &Metering,
        snapshot: &Snapshot,
        (slots, base): (&[usize], usize),
        store: &NodeMetrics,
    ) -> Vec<Update> {
        let mut updates = Vec::new();
        for ((at, metered), cells) in metering.metrics.iter().enumerate().zip(&mut self.cells) {
            let metric = u16::try_from(at).unwrap_or(u16::MAX);
            let mut update = Update { metric, rows: Vec::new(), values: Vec::new(), times: Vec::new() };
            for slot in slots.iter().copied() {
                let place = slot.saturating_sub(base);
                if cells.len() <= place {
                    cells.resize(place + 1, None);
                }
                if !snapshot.live().contains(slot) {
                    cells[place] = None;
                    continue;
                }
                let slot = Slot::from(slot);
                let cell = metering.value(store, metered, &snapshot.node(slot).name);
                if cells[place].is_some_and(|told| told.is(cell)) {
                    continue;
                }
                cells[place] = Some(cell);
                update.rows.push(row(slot, base));
                update.values.push(cell.value);
                if metered.timed {
                    update.times.push(cell.time);
                }
            }
            if !update.rows.is_empty() {
                updates.push(update);
            }
        }
        updates
    }
}

#[cfg(test)]
mod tests;
