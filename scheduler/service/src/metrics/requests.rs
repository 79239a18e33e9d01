//! `rest_client_*`: the calls to the API server, with client-go's names.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::add;

/// client-go's buckets.
const BUCKETS: [f64; 12] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0];

/// Calls to the API server.
#[derive(Debug)]
pub struct RequestMetrics {
    requests: IntCounterVec,
    duration: HistogramVec,
}

impl RequestMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let total =
            Opts::new("rest_client_requests_total", "HTTP requests, by status code, method and host.");
        let duration = HistogramOpts::new(
            "rest_client_request_duration_seconds",
            "Time to the head of the response, by verb and host.",
        );
        Ok(Self {
            requests: add(registry, IntCounterVec::new(total, &["code", "method", "host"])?)?,
            duration: add(registry, HistogramVec::new(duration.buckets(BUCKETS.into()), &["verb", "host"])?)?,
        })
    }

    /// A request was answered with the status code, or came to nothing.
    pub fn request(&self, method: &str, host: &str, code: Option<u16>, took: Duration) {
        let code = code.map_or_else(|| "<error>".to_string(), |c| c.to_string());
        self.requests.with_label_values(&[code.as_str(), method, host]).inc();
        self.duration.with_label_values(&[method, host]).observe(took.as_secs_f64());
    }
}

impl longshore_cluster::requests::RequestMeter for super::Metrics {
    fn request(&self, operation: &'static str, method: &str, host: &str, code: Option<u16>, took: Duration) {
        self.requests.request(method, host, code, took);
        if operation != "watch" {
            self.own.api_wait.with_label_values(&[operation]).observe(took.as_secs_f64());
        }
    }
}
