//! `kubernetes_healthcheck` and `kubernetes_healthchecks_total`, on `/metrics/slis`.

use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

use super::{add, process};

/// The results of health checks.
#[derive(Debug)]
pub struct HealthMetrics {
    registry: Registry,
    last: IntGaugeVec,
    total: IntCounterVec,
}

impl HealthMetrics {
    pub(super) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let last = Opts::new("kubernetes_healthcheck", "The last result of a health check: 1 good, 0 bad.");
        let total = Opts::new("kubernetes_healthchecks_total", "The results of a health check.");
        let metrics = Self {
            last: add(&registry, IntGaugeVec::new(last, &["name", "type"])?)?,
            total: add(&registry, IntCounterVec::new(total, &["name", "type", "status"])?)?,
            registry,
        };
        metrics.registry.register(Box::new(process::StartTime::new()?))?;
        Ok(metrics)
    }

    /// The check `name` of the path `kind` (`livez`, `readyz`, `healthz`) was made.
    pub fn checked(&self, name: &str, kind: &str, ok: bool) {
        self.last.with_label_values(&[name, kind]).set(i64::from(ok));
        let status = if ok { "success" } else { "error" };
        self.total.with_label_values(&[name, kind, status]).inc();
    }

    /// The page `/metrics/slis`.
    ///
    /// # Errors
    /// When a family is malformed: a defect of this module.
    pub fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
