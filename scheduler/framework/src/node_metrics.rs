//! What is measured on nodes, such as how busy their processors are.
//!
//! A plugin says [where](MetricsSource) values come from and [which](MetricsNeed) it reads. Whoever feeds the engine asks
//! these sources from time to time and hands over [samples](Sample); the [store](NodeMetrics) keeps the last value of each
//! metric, and says which nodes are others to plugins when values change or become too old.

mod need;
mod sample;
mod source;
mod store;

pub use need::{MetricSelector, MetricsNeed};
pub use sample::{Measured, NodeMetric, Sample, TooMuch, Usage, Window};
pub use source::{DEFAULT_INTERVAL, MetricsSource, Prometheus, Provider, Query};
pub use store::{NodeMetrics, Reading};

#[cfg(test)]
mod tests;
