//! The effective configuration: what came of a file once every default is filled in.

use longshore_framework::profile::Profile;
use longshore_framework::registry::Stage;
use longshore_framework::verification;
use serde_json::{Map, Value, json};

use crate::duration;
use crate::extender;
use crate::model::{ClientConnection, LeaderElection};
use crate::resolve::Resolved;
use crate::{API_VERSION, KIND};

/// The effective configuration, in the shape of the file format: loading it gives the same profiles, private keys of
/// extenders apart, which are not shown. Every stage lists its plugins in order, so `multiPoint` disables all; scores carry
/// their weight, and `pluginConfig` the effective arguments of every enabled plugin that has some.
pub fn show(resolved: &Resolved) -> Value {
    let configuration = &resolved.configuration;
    let profiles: Vec<Value> = resolved.profiles.iter().map(profile).collect();
    let extenders: Vec<Value> = configuration.extenders.iter().map(extender::show).collect();
    let mut shown = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "parallelism": configuration.parallelism,
        "leaderElection": leader_election(&configuration.leader_election),
        "clientConnection": client_connection(&configuration.client_connection),
        "enableProfiling": configuration.enable_profiling,
        "enableContentionProfiling": configuration.enable_contention_profiling,
        "percentageOfNodesToScore": configuration.percentage_of_nodes_to_score.unwrap_or(0),
        "podInitialBackoffSeconds": configuration.pod_initial_backoff_seconds,
        "podMaxBackoffSeconds": configuration.pod_max_backoff_seconds,
        "delayCacheUntilActive": configuration.delay_cache_until_active,
        "profiles": profiles,
        "extenders": extenders,
    });
    // Fields that kube-scheduler does not have stand there only where somebody wrote them.
    if let Some(catalogue) = &configuration.catalogue {
        shown["catalogue"] = catalogue.as_str().into();
    }
    if let Some(verification) = &configuration.verification {
        shown[verification::FIELD] = verification.show();
    }
    shown
}

fn leader_election(election: &LeaderElection) -> Value {
    json!({
        "leaderElect": election.leader_elect,
        "leaseDuration": duration::show(election.lease_duration),
        "renewDeadline": duration::show(election.renew_deadline),
        "retryPeriod": duration::show(election.retry_period),
        "resourceLock": election.resource_lock,
        "resourceName": election.resource_name,
        "resourceNamespace": election.resource_namespace,
    })
}

fn client_connection(connection: &ClientConnection) -> Value {
    json!({
        "kubeconfig": connection.kubeconfig,
        "acceptContentTypes": connection.accept_content_types,
        "contentType": connection.content_type,
        "qps": connection.qps,
        "burst": connection.burst,
    })
}

fn profile(profile: &Profile) -> Value {
    let mut plugins = Map::new();
    plugins.insert("multiPoint".to_string(), json!({"disabled": [{"name": "*"}]}));
    for stage in Stage::ALL {
        let enabled: Vec<Value> = profile
            .stage(stage)
            .iter()
            .map(|id| match stage {
                Stage::Score => json!({"name": profile.name(*id), "weight": profile.weight(*id)}),
                _ => json!({"name": profile.name(*id)}),
            })
            .collect();
        plugins.insert(stage.field().to_string(), json!({"enabled": enabled}));
    }
    let mut configs: Vec<_> = profile.plugins().iter().filter(|p| !p.args.is_null()).collect();
    configs.sort_by(|a, b| a.name().cmp(b.name()));
    let configs: Vec<Value> =
        configs.iter().map(|plugin| json!({"name": plugin.name(), "args": plugin.args})).collect();
    json!({
        "schedulerName": &*profile.scheduler_name,
        "percentageOfNodesToScore": profile.percentage_of_nodes_to_score.unwrap_or(0),
        "plugins": plugins,
        "pluginConfig": configs,
    })
}
