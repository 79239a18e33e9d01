//! metrics.k8s.io.

use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{Sample, Usage};
use longshore_framework::quantity::Quantity;
use serde::Deserialize;

use crate::call::{ApiError, Caller};

/// Where NodeMetrics are.
const PATH: &str = "/apis/metrics.k8s.io/v1beta1/nodes";

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<NodeMetrics>,
}

#[derive(Deserialize)]
struct NodeMetrics {
    metadata: Metadata,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    usage: Amounts,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Default, Deserialize)]
struct Amounts {
    #[serde(default)]
    cpu: String,
    #[serde(default)]
    memory: String,
}

/// What the metrics server says.
pub(super) async fn fetch(api: &Caller, now: Timestamp) -> Result<Sample, String> {
    let list: List = api.get(PATH).await.map_err(|error| explained(&error))?;
    let mut sample = Sample::default();
    for item in list.items {
        let amount = |text: &str, what: &str| {
            let parsed = text.parse::<Quantity>();
            parsed.map_err(|_| format!("usage.{what} of the node {} is {text:?}", item.metadata.name))
        };
        let usage = Usage {
            milli_cpu: amount(&item.usage.cpu, "cpu")?.milli_value(),
            memory: amount(&item.usage.memory, "memory")?.value(),
        };
        let at = item.timestamp.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_millisecond);
        let at = at.map_or(now, |at| Timestamp(at).min(now));
        sample.set_usage(&item.metadata.name, at, usage).map_err(|error| error.to_string())?;
    }
    Ok(sample)
}

fn explained(error: &ApiError) -> String {
    let fix = match error.code {
        403 => {
            "; allow the scheduler's account to list nodes of metrics.k8s.io (rbac.nodeMetrics of the chart)"
        }
        404 => "; is the metrics server installed?",
        503 => "; is the metrics server running?",
        _ => "",
    };
    format!("{error}{fix}")
}
