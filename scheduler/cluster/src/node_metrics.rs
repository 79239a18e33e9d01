//! What is measured on nodes, fetched from the sources that plugins name.
//!
//! | source | asked |
//! | --- | --- |
//! | load watcher | `GET ADDRESS/watcher` |
//! | metrics.k8s.io | NodeMetrics, through the API server |
//! | Prometheus | `GET ADDRESS/api/v1/query` for each query |
//!
//! Each source is asked on a task of its own, one question after the other. An answer is read up to a size and within a time;
//! a source that fails is asked again sooner at first, and what was known stays until it is too old for whoever reads it.

mod fetch;
mod follow;
mod http_get;
mod prometheus;
mod server;

pub use fetch::Fetcher;
pub use follow::{Following, SourceMeter, follow};

#[cfg(test)]
mod tests;
