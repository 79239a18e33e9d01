//! Metrics in alerts and dashboards are metrics that the scheduler has, and every alert has a runbook.

use std::collections::BTreeSet;

use super::{read, repository};

/// kube-scheduler's and our own, as far as alerts and dashboards use them; without `_bucket`, `_sum` and `_count`.
const METRICS: &[&str] = &[
    "leader_election_master_status",
    "longshore_api_wait_seconds",
    "longshore_binds_total",
    "longshore_build_info",
    "longshore_config_reloads_total",
    "longshore_decision_ring_dropped_total",
    "longshore_lost_races_total",
    "longshore_oldest_pending_pod_seconds",
    "longshore_plugin_breaker_open",
    "longshore_plugin_call_duration_seconds",
    "longshore_plugin_calls_total",
    "longshore_plugin_failures_total",
    "longshore_plugin_info",
    "longshore_plugin_instances",
    "longshore_plugin_log_lines_dropped_total",
    "longshore_plugin_memory_bytes",
    "longshore_plugin_reloads_total",
    "longshore_unreadable_objects_total",
    "longshore_watch_lag_seconds",
    "longshore_watch_synced",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "rest_client_request_duration_seconds",
    "rest_client_requests_total",
    "scheduler_cache_size",
    "scheduler_framework_extension_point_duration_seconds",
    "scheduler_goroutines",
    "scheduler_pending_pods",
    "scheduler_permit_wait_duration_seconds",
    "scheduler_plugin_evaluation_total",
    "scheduler_plugin_execution_duration_seconds",
    "scheduler_pod_scheduling_attempts",
    "scheduler_pod_scheduling_sli_duration_seconds",
    "scheduler_preemption_attempts_total",
    "scheduler_preemption_victims",
    "scheduler_queue_incoming_pods_total",
    "scheduler_schedule_attempts_total",
    "scheduler_scheduling_attempt_duration_seconds",
    "scheduler_unschedulable_pods",
    "workqueue_depth",
    "workqueue_longest_running_processor_seconds",
];

const FAMILIES: &[&str] =
    &["longshore_", "scheduler_", "leader_election_", "process_", "rest_client_", "workqueue_"];

/// The words of `text` that are names of metrics.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|w| FAMILIES.iter().any(|f| w.len() > f.len() && w.starts_with(f)));
    names.map(|w| ["_bucket", "_sum", "_count"].iter().find_map(|s| w.strip_suffix(s)).unwrap_or(w)).collect()
}

fn alerts() -> String {
    read("charts/longshore/templates/_alerts.tpl")
}

fn dashboards() -> String {
    let folder = std::fs::read_dir(repository("charts/longshore/dashboards")).expect("the folder is there");
    let files: Vec<_> = folder.map(|f| f.expect("it can be read").path()).collect();
    assert!(!files.is_empty());
    files.iter().map(|f| std::fs::read_to_string(f).expect("it can be read")).collect()
}

#[test]
fn alerts_and_dashboards_use_metrics_that_there_are() {
    let (alerts, dashboards) = (alerts(), dashboards());
    let used: BTreeSet<&str> = metrics(&alerts).union(&metrics(&dashboards)).copied().collect();
    let known: BTreeSet<&str> = METRICS.iter().copied().collect();
    assert_eq!(used, known);
}

/// `increase` sees nothing of a series that was above 0 when it was first scraped: the template `longshore.grew` does.
#[test]
fn alerts_on_counters_see_growth_that_came_before_the_first_scrape() {
    let alerts = alerts();
    let own: Vec<&str> = alerts.lines().filter(|l| l.contains("expr:") && l.contains("increase(")).collect();
    assert_eq!(own, Vec::<&str>::new());
    assert_eq!(alerts.matches(r#"include "longshore.grew""#).count(), 3);
    assert!(
        alerts.contains("[15m]) > 0 or ") && alerts.contains(" unless ") && alerts.contains(" offset 15m)")
    );
}

#[test]
fn every_panel_of_a_metric_asks_for_cluster_namespace_and_job() {
    let dashboard: serde_json::Value = serde_json::from_str(&dashboards()).expect("it is JSON");
    let targets = dashboard["panels"].as_array().expect("there are panels").iter();
    let targets = targets.filter_map(|p| p["targets"].as_array()).flatten();
    for expression in targets.filter_map(|t| t["expr"].as_str()) {
        let selectors = expression.matches('{').count();
        let whole = r#"cluster=~"$cluster", namespace="$namespace", job="$job"}"#;
        assert!(selectors > 0 && expression.matches(whole).count() == selectors, "{expression}");
    }
}

#[test]
fn dashboards_are_json_and_their_panels_have_numbers_of_their_own() {
    let dashboard: serde_json::Value = serde_json::from_str(&dashboards()).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let numbers: BTreeSet<u64> = panels.iter().filter_map(|p| p["id"].as_u64()).collect();
    assert_eq!(numbers.len(), panels.len());
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let alerts = alerts();
    let named =
        |line: &str| line.strip_suffix(':').filter(|l| l.starts_with("Longshore")).map(str::to_string);
    let alerts: BTreeSet<String> = alerts.lines().filter_map(named).collect();
    let runbooks = read("docs/runbooks.md");
    let runbooks: BTreeSet<String> =
        runbooks.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_string).collect();
    assert_eq!(alerts, runbooks);
    assert!(alerts.len() >= 8);
}
