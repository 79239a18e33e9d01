//! QOSSort: the pod of higher priority goes first; of equal priority Guaranteed before Burstable before BestEffort, then the
//! one that waits longer.
//!
//! The operator grants `raw`.

use catalogue_common::{Args, RawPod};
use longshore_plugin::prelude::*;
use serde_json::Value;

/// The plugin.
pub struct QosSort;

impl Plugin for QosSort {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("QOSSort")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Pods of equal priority stand in the queue by their quality of service")
            .raw_pod()
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        Args::of(&config, "QOSSortArgs").finish()?;
        Ok(Self)
    }
}

impl QueueSort for QosSort {
    fn rank(&self, pod: &Pod, since: u64) -> Result<(i64, i64), Error> {
        let quality = RawPod::of(pod)?.quality() as i64;
        // Three classes to each priority.
        let place = -i64::from(pod.priority) * 3 - quality;
        Ok((place, i64::try_from(since).unwrap_or(i64::MAX)))
    }
}

export_plugin!(QosSort: QueueSort);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Run};
    use serde_json::json;

    fn rank(requests: Value, limits: Value, priority: i32, since: u64) -> (i64, i64) {
        let mut pod = Pod::new("shop", "web");
        pod.info.priority = priority;
        let resources = json!({"requests": requests, "limits": limits});
        pod.raw = Some(json!({"spec": {"containers": [{"resources": resources}]}}).to_string().into_bytes());
        Run::new(QosSort, &Cluster::new()).rank(&pod, since).unwrap()
    }

    #[test]
    fn priority_then_quality_then_time_count() {
        let full = json!({"cpu": "1", "memory": "1Gi"});
        let guaranteed = |priority, since| rank(full.clone(), full.clone(), priority, since);
        let burstable = |priority, since| rank(full.clone(), json!({}), priority, since);
        let best_effort = |priority, since| rank(json!({}), json!({}), priority, since);
        assert!(guaranteed(0, 9) < burstable(0, 1));
        assert!(burstable(0, 9) < best_effort(0, 1));
        assert!(best_effort(1, 9) < guaranteed(0, 1));
        assert!(best_effort(i32::MAX, 9) < guaranteed(i32::MAX - 1, 1));
        assert!(guaranteed(i32::MIN, 1) < best_effort(i32::MIN, 1));
        assert!(burstable(0, 1) < burstable(0, 2));
    }

    #[test]
    fn it_has_no_arguments_and_needs_whole_pods() {
        let error = Run::<QosSort>::configured(r#"{"mode": "x"}"#, &Cluster::new()).err().unwrap();
        assert!(error.message().contains("mode: unknown field"), "{error:?}");
        assert!(Run::new(QosSort, &Cluster::new()).rank(&Pod::new("shop", "web"), 0).is_err());
    }
}
