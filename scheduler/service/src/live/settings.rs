//! What becomes of a setting that a changed configuration has otherwise than the one before.

use std::sync::Arc;
use std::time::Duration;

use longshore_engine::{Engine, Parallelism};
use longshore_profile::{ClientConnection, Configuration, LeaderElection};

/// When a new value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// From the next decision on.
    AtOnce,
    /// From the next start on.
    AtRestart,
    /// Never, and why.
    Nothing(&'static str),
}

const NO_PROFILING: &str = "there is no /debug/pprof here";
const JSON: &str = "requests to the API server are in JSON";

/// A setting as its path in the file, when a new value counts, and the value as a text that another value has not.
type Field = (&'static str, Takes, String);

/// Every setting. Each field is named here by the compiler's order: one that is new must be put in too.
fn fields(configuration: &Configuration) -> Vec<Field> {
    let Configuration {
        source_name: _,
        parallelism,
        leader_election,
        client_connection,
        enable_profiling,
        enable_contention_profiling,
        percentage_of_nodes_to_score,
        pod_initial_backoff_seconds,
        pod_max_backoff_seconds,
        delay_cache_until_active,
        profiles,
        extenders,
        catalogue,
        verification,
    } = configuration;
    let mut fields = vec![
        ("parallelism", Takes::AtOnce, format!("{parallelism}")),
        ("enableProfiling", Takes::Nothing(NO_PROFILING), format!("{enable_profiling}")),
        ("enableContentionProfiling", Takes::Nothing(NO_PROFILING), format!("{enable_contention_profiling}")),
        ("percentageOfNodesToScore", Takes::AtOnce, format!("{percentage_of_nodes_to_score:?}")),
        ("podInitialBackoffSeconds", Takes::AtOnce, format!("{pod_initial_backoff_seconds}")),
        ("podMaxBackoffSeconds", Takes::AtOnce, format!("{pod_max_backoff_seconds}")),
        ("delayCacheUntilActive", Takes::AtRestart, format!("{delay_cache_until_active}")),
        ("profiles", Takes::AtOnce, format!("{profiles:?}")),
        ("extenders", Takes::AtOnce, format!("{extenders:?}")),
        ("catalogue", Takes::AtOnce, format!("{catalogue:?}")),
        ("verification", Takes::AtOnce, format!("{verification:?}")),
    ];
    fields.extend(of_election(leader_election));
    fields.extend(of_connection(client_connection));
    fields
}

fn of_election(election: &LeaderElection) -> Vec<Field> {
    let LeaderElection {
        leader_elect,
        lease_duration,
        renew_deadline,
        retry_period,
        resource_lock,
        resource_name,
        resource_namespace,
    } = election;
    vec![
        ("leaderElection.leaderElect", Takes::AtRestart, format!("{leader_elect}")),
        ("leaderElection.leaseDuration", Takes::AtRestart, format!("{lease_duration:?}")),
        ("leaderElection.renewDeadline", Takes::AtRestart, format!("{renew_deadline:?}")),
        ("leaderElection.retryPeriod", Takes::AtRestart, format!("{retry_period:?}")),
        ("leaderElection.resourceLock", Takes::AtRestart, resource_lock.clone()),
        ("leaderElection.resourceName", Takes::AtRestart, resource_name.clone()),
        ("leaderElection.resourceNamespace", Takes::AtRestart, resource_namespace.clone()),
    ]
}

fn of_connection(connection: &ClientConnection) -> Vec<Field> {
    let ClientConnection { kubeconfig, accept_content_types, content_type, qps, burst } = connection;
    vec![
        ("clientConnection.kubeconfig", Takes::AtRestart, kubeconfig.clone()),
        ("clientConnection.acceptContentTypes", Takes::Nothing(JSON), accept_content_types.clone()),
        ("clientConnection.contentType", Takes::Nothing(JSON), content_type.clone()),
        ("clientConnection.qps", Takes::AtRestart, format!("{qps}")),
        ("clientConnection.burst", Takes::AtRestart, format!("{burst}")),
    ]
}

/// The settings in which two configurations differ, in the order of [`fields`].
pub(crate) fn differences(old: &Configuration, new: &Configuration) -> Vec<(&'static str, Takes)> {
    let both = fields(old).into_iter().zip(fields(new));
    let others = both.filter(|((.., before), (.., after))| before != after);
    others.map(|((field, takes, _), _)| (field, takes)).collect()
}

/// Says of every setting in which `new` differs from what is `in_force` and that is not in force now, why not.
pub(crate) fn tell(in_force: &Configuration, new: &Configuration) {
    for (field, takes) in differences(in_force, new) {
        match takes {
            Takes::AtOnce => {}
            Takes::AtRestart => tracing::warn!(field, "changed in the configuration; restart to use it"),
            Takes::Nothing(why) => {
                tracing::warn!(field, "changed in the configuration, which changes nothing: {why}")
            }
        }
    }
}

/// Says of every setting that is otherwise than by default and changes nothing.
pub(crate) fn tell_of_idle_ones(configuration: &Configuration) {
    for (field, takes) in differences(&Configuration::default(), configuration) {
        if let Takes::Nothing(why) = takes {
            tracing::warn!(field, "set in the configuration, which changes nothing: {why}");
        }
    }
}

/// `new`, but for what only a restart puts in force.
pub(crate) fn as_in_force(in_force: &Configuration, new: Configuration) -> Configuration {
    let connection = ClientConnection {
        accept_content_types: new.client_connection.accept_content_types,
        content_type: new.client_connection.content_type,
        ..in_force.client_connection.clone()
    };
    Configuration {
        leader_election: in_force.leader_election.clone(),
        delay_cache_until_active: in_force.delay_cache_until_active,
        client_connection: connection,
        ..new
    }
}

/// Puts the engine's own settings in force.
pub(crate) fn apply(engine: &mut Engine, configuration: &Configuration) {
    let before = engine.options().parallelism.threads();
    let (initial, max) = backoff(configuration);
    engine.set_backoff(initial, max);
    match parallelism(configuration) {
        Ok(new) if new.threads() != before => engine.set_parallelism(new),
        Ok(_) => {}
        Err(error) => {
            tracing::error!("the threads of parallelism cannot be started, those there are stay: {error}")
        }
    }
}

/// First and longest backoff.
pub(crate) fn backoff(configuration: &Configuration) -> (Duration, Duration) {
    let seconds = Duration::from_secs;
    (seconds(configuration.pod_initial_backoff_seconds), seconds(configuration.pod_max_backoff_seconds))
}

/// `parallelism` threads, but no more than there are processors.
///
/// # Errors
/// The system gives no more threads.
pub(crate) fn parallelism(configuration: &Configuration) -> Result<Parallelism, rayon::ThreadPoolBuildError> {
    let wanted = usize::try_from(configuration.parallelism).unwrap_or(usize::MAX);
    if wanted >= rayon::current_num_threads() {
        return Ok(Parallelism::default());
    }
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(wanted).thread_name(|n| format!("nodes-{n}")).build()?;
    Ok(Parallelism { pool: Some(Arc::new(pool)), ..Parallelism::default() })
}

#[cfg(test)]
mod tests;
