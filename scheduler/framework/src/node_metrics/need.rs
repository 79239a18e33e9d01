//! What a plugin reads.

use std::sync::Arc;
use std::time::Duration;

use super::sample::NodeMetric;
use super::source::MetricsSource;
use crate::Str;

/// Which of the values of a node; what is empty stands for any, and `AVG|Latest` for either: an empty word among several stands
/// for none, as in `|Latest`. Where several values fit, the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricSelector {
    /// The name of a query, or the name at the provider.
    pub name: Str,
    /// `CPU`, `Memory`, `Bandwidth` or `Storage`.
    pub kind: Str,
    /// `AVG`, `STD` or `Latest`.
    pub operator: Str,
    /// The time that a value sums up, such as `15m`.
    pub rollup: Str,
}

impl MetricSelector {
    /// Every value of a kind, such as `CPU`.
    pub fn of_kind(kind: &str) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// Whether a value is one of these.
    pub fn fits(&self, metric: &NodeMetric) -> bool {
        let same = |wanted: &Str, is: &Str| wanted.is_empty() || wanted.split('|').any(|word| *word == **is);
        same(&self.name, &metric.name)
            && same(&self.kind, &metric.kind)
            && same(&self.operator, &metric.operator)
            && same(&self.rollup, &metric.rollup)
    }
}

/// What one plugin reads, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsNeed {
    /// Where values come from.
    pub source: Arc<MetricsSource>,
    /// Which of them are kept: those that one of these selects.
    pub metrics: Vec<MetricSelector>,
    /// Ages at which a value becomes another to the plugin: then the node counts as changed.
    pub max_ages: Vec<Duration>,
}
