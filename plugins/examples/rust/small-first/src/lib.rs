//! Small pods go first, and large ones wait no longer than so long for them.
//!
//! Among pods of one priority, a pod stands in the queue as if it had come later by `secondsPerCore` (10 by default) for each
//! core that it requests. So a pod of 100 millicores goes before one of 8 cores that came a minute earlier, and not before one
//! that came two minutes earlier: nobody waits for ever.

use longshore_plugin::prelude::*;
use serde::Deserialize;

/// The plugin's config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Config {
    /// How much later a pod stands for each core that it requests: 0 to 3600.
    seconds_per_core: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { seconds_per_core: 10 }
    }
}

/// The plugin.
pub struct SmallFirst {
    seconds_per_core: i64,
}

impl Plugin for SmallFirst {
    type Config = Config;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("SmallFirst")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Small pods go first, and large ones wait no longer than so long for them")
            .no_events()
    }

    fn new(config: Config) -> Result<Self, Error> {
        match config.seconds_per_core {
            seconds @ 0..=3600 => Ok(Self { seconds_per_core: seconds.into() }),
            seconds => Err(format!("secondsPerCore is {seconds}; it has to be in 0 to 3600").into()),
        }
    }
}

impl QueueSort for SmallFirst {
    fn rank(&self, pod: &Pod, since: u64) -> Result<(i64, i64), Error> {
        let came = i64::try_from(since).unwrap_or(i64::MAX);
        // Thousandths of a core times seconds are milliseconds.
        let later = pod.request("cpu").saturating_mul(self.seconds_per_core);
        Ok((-i64::from(pod.priority), came.saturating_add(later)))
    }
}

export_plugin!(SmallFirst: QueueSort);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Run};

    fn run(config: &str) -> Run<SmallFirst> {
        Run::configured(config, &Cluster::new()).unwrap()
    }

    fn rank(cpu: i64, priority: i32, second: u64) -> (i64, i64) {
        let mut pod = Pod::new("shop", "web").with_request("cpu", cpu);
        pod.info.priority = priority;
        run("null").rank(&pod, second * 1000).unwrap()
    }

    #[test]
    fn small_pods_go_before_large_ones_that_came_a_little_earlier() {
        assert!(rank(100, 0, 60) < rank(8000, 0, 0));
        assert!(rank(100, 0, 120) > rank(8000, 0, 0));
        assert!(rank(100, 0, 1) < rank(100, 0, 2), "among alike ones the first that came");
    }

    #[test]
    fn the_more_important_pod_goes_first() {
        assert!(rank(64_000, 10, 600) < rank(100, 0, 0));
        assert!(rank(100, i32::MIN, 0) > rank(100, i32::MAX, 0));
    }

    #[test]
    fn the_config_is_checked() {
        assert!(Run::<SmallFirst>::configured(r#"{"secondsPerCore": 3601}"#, &Cluster::new()).is_err());
        let pod = Pod::new("shop", "web").with_request("cpu", i64::MAX);
        assert_eq!(run(r#"{"secondsPerCore": 3600}"#).rank(&pod, u64::MAX), Ok((0, i64::MAX)));
    }
}
