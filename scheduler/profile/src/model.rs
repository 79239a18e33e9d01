//! A configuration file as written, every default filled in.

use std::time::Duration;

use longshore_framework::registry::Stage;
use longshore_framework::verification::Verification;
use serde_json::Value;

use crate::extender::Extender;

/// A `KubeSchedulerConfiguration`. [`Default`] is what runs without a file: one profile called `default-scheduler`.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// What messages call the file; no field of it.
    pub source_name: String,
    /// `parallelism`: how many threads may evaluate nodes; at least 1, default 16.
    pub parallelism: u32,
    /// `leaderElection`.
    pub leader_election: LeaderElection,
    /// `clientConnection`.
    pub client_connection: ClientConnection,
    /// `enableProfiling`: default true.
    pub enable_profiling: bool,
    /// `enableContentionProfiling`: default true when profiling is on, false otherwise.
    pub enable_contention_profiling: bool,
    /// `percentageOfNodesToScore`: 0 to 100, `None` when absent. Absent or 0 searches all nodes, where kube-scheduler
    /// chooses a share by the size of the cluster.
    pub percentage_of_nodes_to_score: Option<u32>,
    /// `podInitialBackoffSeconds`: at least 1, the default.
    pub pod_initial_backoff_seconds: u64,
    /// `podMaxBackoffSeconds`: at least the initial backoff, default 10.
    pub pod_max_backoff_seconds: u64,
    /// `delayCacheUntilActive`: default false.
    pub delay_cache_until_active: bool,
    /// `profiles`: at least one.
    pub profiles: Vec<ProfileSpec>,
    /// `extenders`: default none.
    pub extenders: Vec<Extender>,
    /// `catalogue`: where plugins are that the profiles name without a source; a field of Longshore.
    pub catalogue: Option<String>,
    /// `verification`: whose signature modules need, where a plugin's arguments do not say otherwise; a field of Longshore.
    pub verification: Option<Verification>,
}

impl Configuration {
    /// The names of plugins that are enabled or have arguments, as often as they stand there.
    pub fn plugin_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().flat_map(|profile| {
            let Plugins { multi_point, stages } = &profile.plugins;
            let enabled = std::iter::once(multi_point).chain(stages).flat_map(|set| &set.enabled);
            let configured = profile.plugin_config.iter().map(|config| config.name.as_str());
            enabled.map(|plugin| plugin.name.as_str()).chain(configured)
        })
    }
}

/// `leaderElection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderElection {
    /// `leaderElect`: default true.
    pub leader_elect: bool,
    /// `leaseDuration`: default 15 s; longer than the renew deadline.
    pub lease_duration: Duration,
    /// `renewDeadline`: default 10 s; longer than 1.2 times the retry period.
    pub renew_deadline: Duration,
    /// `retryPeriod`: default 2 s.
    pub retry_period: Duration,
    /// `resourceLock`: `leases`, the only kind there is.
    pub resource_lock: String,
    /// `resourceName`: default `kube-scheduler`.
    pub resource_name: String,
    /// `resourceNamespace`: default `kube-system`.
    pub resource_namespace: String,
}

/// `clientConnection`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientConnection {
    /// `kubeconfig`: a path; empty means the service account of the pod.
    pub kubeconfig: String,
    /// `acceptContentTypes`: default empty.
    pub accept_content_types: String,
    /// `contentType`: default `application/vnd.kubernetes.protobuf`.
    pub content_type: String,
    /// `qps`: requests per second to the API server, default 50; negative means no limit.
    pub qps: f64,
    /// `burst`: requests beyond the rate, default 100.
    pub burst: u32,
}

/// One element of `profiles`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileSpec {
    /// `schedulerName`: `default-scheduler` when absent and there is one profile.
    pub scheduler_name: String,
    /// `percentageOfNodesToScore`: takes the place of the global one; 0 searches all nodes.
    pub percentage_of_nodes_to_score: Option<u32>,
    /// `plugins`.
    pub plugins: Plugins,
    /// `pluginConfig`.
    pub plugin_config: Vec<PluginConfig>,
}

/// `plugins`: what the user changed; the default plugins are not in here yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugins {
    /// `multiPoint`: for every stage that the plugin takes part in.
    pub multi_point: PluginSet,
    pub(crate) stages: [PluginSet; Stage::ALL.len()],
}

impl Plugins {
    /// The list of one stage.
    pub fn stage(&self, stage: Stage) -> &PluginSet {
        &self.stages[stage as usize]
    }

    /// The list of one stage, to be changed.
    pub fn stage_mut(&mut self, stage: Stage) -> &mut PluginSet {
        &mut self.stages[stage as usize]
    }
}

/// `enabled` and `disabled` of one stage or of `multiPoint`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginSet {
    /// `enabled`, in order. An entry keeps its position even when its name could not be read (it is empty then).
    pub enabled: Vec<PluginRef>,
    /// Names in `disabled`; `*` stands for all.
    pub disabled: Vec<String>,
}

/// One element of `enabled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginRef {
    /// `name`.
    pub name: String,
    /// `weight` of its score; 0 means the default, 1. Without effect at other stages.
    pub weight: i64,
}

/// One element of `pluginConfig`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginConfig {
    /// `name`.
    pub name: String,
    /// `args`, read by the plugin; null when absent.
    pub args: Value,
}
