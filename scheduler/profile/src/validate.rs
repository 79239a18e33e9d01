//! The rules of a configuration that need no plugin.

use std::collections::BTreeMap;
use std::time::Duration;

use longshore_framework::fields::Problems;
use longshore_framework::registry::Stage;

use crate::error::quote;
use crate::extender;
use crate::model::{Configuration, LeaderElection, ProfileSpec};

/// Checks everything but the plugins.
pub(crate) fn configuration(configuration: &Configuration, problems: &mut Problems<'_>) {
    if configuration.parallelism == 0 {
        problems.field("parallelism").report("must be at least 1");
    }
    percentage(configuration.percentage_of_nodes_to_score, problems);
    backoff(configuration, problems);
    if configuration.leader_election.leader_elect {
        leader_election(&configuration.leader_election, &mut problems.field("leaderElection"));
    }
    profiles(&configuration.profiles, &mut problems.field("profiles"));
    extender::validate(&configuration.extenders, &mut problems.field("extenders"));
}

fn percentage(percentage: Option<u32>, problems: &mut Problems<'_>) {
    if percentage.is_some_and(|p| p > 100) {
        problems.field("percentageOfNodesToScore").report("must be from 0 to 100");
    }
}

fn backoff(configuration: &Configuration, problems: &mut Problems<'_>) {
    let (initial, max) = (configuration.pod_initial_backoff_seconds, configuration.pod_max_backoff_seconds);
    if initial == 0 {
        problems.field("podInitialBackoffSeconds").report("must be at least 1");
    }
    if max < initial {
        problems.field("podMaxBackoffSeconds").report(format!(
            "must be at least podInitialBackoffSeconds ({initial}), not {max}; raise it or lower podInitialBackoffSeconds"
        ));
    }
}

/// The elector's own rules, which are stricter than those of the file, are checked here already.
fn leader_election(election: &LeaderElection, problems: &mut Problems<'_>) {
    let shown = crate::duration::show;
    let (lease, renew, retry) = (election.lease_duration, election.renew_deadline, election.retry_period);
    for (name, length) in [("leaseDuration", lease), ("renewDeadline", renew), ("retryPeriod", retry)] {
        if length == Duration::ZERO {
            problems.field(name).report("must be longer than 0s");
        }
    }
    if lease <= renew {
        problems.field("leaseDuration").report(format!(
            "must be longer than renewDeadline ({}), not {}",
            shown(renew),
            shown(lease)
        ));
    }
    if renew.as_nanos() * 10 <= retry.as_nanos() * 12 {
        problems.field("renewDeadline").report(format!(
            "must be longer than 1.2 times retryPeriod ({}), not {}",
            shown(retry),
            shown(renew)
        ));
    }
    if election.resource_lock != "leases" {
        problems.field("resourceLock").report(format!(
            "must be leases, the only kind of lock there is, not {}",
            quote(&election.resource_lock)
        ));
    }
    for (name, text) in
        [("resourceName", &election.resource_name), ("resourceNamespace", &election.resource_namespace)]
    {
        if text.is_empty() {
            problems.field(name).report("must not be empty");
        }
    }
}

fn profiles(profiles: &[ProfileSpec], problems: &mut Problems<'_>) {
    if profiles.is_empty() {
        problems.report("must have at least one profile");
    }
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, profile) in profiles.iter().enumerate() {
        let problems = &mut problems.index(at);
        scheduler_name(profile, at, &mut names, problems);
        percentage(profile.percentage_of_nodes_to_score, problems);
        repeated_config(profile, problems);
        if !same_queue_sort(&profiles[0], profile) {
            problems.field("plugins").field("queueSort").report(
                "must be the same in all profiles, because they share one queue; write the list of profiles[0]",
            );
        }
    }
}

fn scheduler_name<'a>(
    profile: &'a ProfileSpec,
    at: usize,
    names: &mut BTreeMap<&'a str, usize>,
    problems: &mut Problems<'_>,
) {
    let name = profile.scheduler_name.as_str();
    if name.is_empty() {
        problems.field("schedulerName").report(
            "is missing; it may be left out only where there is a single profile (default-scheduler)",
        );
        return;
    }
    let first = *names.entry(name).or_insert(at);
    if first != at {
        problems.field("schedulerName").report(format!(
            "{} is the name of profiles[{first}] already; give each profile its own",
            quote(name)
        ));
    }
}

fn repeated_config(profile: &ProfileSpec, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, config) in profile.plugin_config.iter().enumerate().filter(|(_, c)| !c.name.is_empty()) {
        let first = *seen.entry(&config.name).or_insert(at);
        if first != at {
            problems.field("pluginConfig").index(at).field("name").report(format!(
                "repeated config for plugin {}; pluginConfig[{first}] has it already",
                crate::error::clip(&config.name, 60)
            ));
        }
    }
}

/// kube-scheduler compares what is written, not what comes of it.
fn same_queue_sort(a: &ProfileSpec, b: &ProfileSpec) -> bool {
    a.plugins.stage(Stage::QueueSort) == b.plugins.stage(Stage::QueueSort)
}
