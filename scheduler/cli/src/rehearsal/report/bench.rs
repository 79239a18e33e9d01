//! The document of `longshore plugin bench`.

use std::time::Duration;

use longshore_simulation::report::rounded;
use serde::Serialize;

/// What a plugin costs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PluginBench {
    /// [`API_VERSION`](longshore_simulation::report::API_VERSION).
    pub(crate) api_version: &'static str,
    /// `PluginBench`.
    pub(crate) kind: &'static str,
    /// The name in the plugin's manifest, or of its file.
    pub(crate) plugin: String,
    /// SHA-256 of the module.
    pub(crate) digest: String,
    /// How many nodes.
    pub(crate) nodes: usize,
    /// How often everything was measured.
    pub(crate) rounds: u32,
    /// Seconds that one call may take.
    pub(crate) budget_seconds: f64,
    /// What was measured.
    pub(crate) measured: Vec<Measured>,
}

/// One thing that was measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    /// What.
    pub(crate) name: &'static str,
    /// The plugin's median, in nanoseconds.
    pub(crate) median_nanos: f64,
    /// The tenth part from below.
    pub(crate) low_nanos: f64,
    /// The tenth part from above.
    pub(crate) high_nanos: f64,
    /// The median for each node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nanos_per_node: Option<f64>,
    /// The median of the native NodeResourcesFit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) native_nanos: Option<f64>,
    /// How many times the native one it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) times_native: Option<f64>,
    /// Its share of the time that one call may take; 1 is all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget_share: Option<f64>,
}

impl Measured {
    /// Of these times; none gives zeros.
    pub(crate) fn of(name: &'static str, mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |part: usize| {
            let time = times.get((times.len().saturating_sub(1)) * part / 10).copied().unwrap_or_default();
            rounded(time.as_secs_f64() * 1e9, 0)
        };
        Self {
            name,
            median_nanos: at(5),
            low_nanos: at(1),
            high_nanos: at(9),
            nanos_per_node: None,
            native_nanos: None,
            times_native: None,
            budget_share: None,
        }
    }

    /// With the cost of each of so many nodes.
    pub(crate) fn per_node(mut self, nodes: usize) -> Self {
        self.nanos_per_node = Some(rounded(self.median_nanos / nodes.max(1) as f64, 2));
        self
    }

    /// With the native plugin's times beside it.
    pub(crate) fn beside(mut self, native: Vec<Duration>) -> Self {
        let native = Self::of("", native).median_nanos;
        self.native_nanos = Some(native);
        self.times_native = (native > 0.0).then(|| rounded(self.median_nanos / native, 2));
        self
    }

    /// With its share of the budget.
    pub(crate) fn within(mut self, budget: Duration) -> Self {
        self.budget_share = Some(rounded(self.median_nanos / (budget.as_secs_f64() * 1e9), 4));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spread_are_of_the_sorted_times() {
        let times = (1..=11).rev().map(|n| Duration::from_nanos(n * 100)).collect();
        let measured = Measured::of("Filter", times).per_node(6).within(Duration::from_nanos(1200));
        assert_eq!((measured.low_nanos, measured.median_nanos, measured.high_nanos), (200.0, 600.0, 1000.0));
        assert_eq!((measured.nanos_per_node, measured.budget_share), (Some(100.0), Some(0.5)));
        let twice = measured.beside(vec![Duration::from_nanos(300)]);
        assert_eq!((twice.native_nanos, twice.times_native), (Some(300.0), Some(2.0)));
        assert_eq!(Measured::of("none", Vec::new()).median_nanos, 0.0);
    }
}
