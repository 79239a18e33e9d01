//! The names, labels, types and buckets, and that the engine feeds them.

use std::collections::BTreeMap;

use longshore_engine::{Options, TieBreak};
use longshore_framework::Timestamp;
use longshore_framework::features::Minor;
use longshore_framework::fixture::{node, pod};
use longshore_framework::port::{Effect, Input};
use longshore_wasm::{About, FailureKind, GuestKind, Observe};

use super::*;

/// `name type label,label buckets first..last` of every family that has a value.
fn families(metrics: &Metrics) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for family in metrics.gather() {
        let metric = &family.get_metric()[0];
        let labels: Vec<&str> = metric.get_label().iter().map(|l| l.name()).collect();
        let buckets = metric.get_histogram().get_bucket();
        let bounds = match (buckets.first(), buckets.last()) {
            (Some(first), Some(last)) => {
                format!(" {}:{:.5}..{:.5}", buckets.len(), first.upper_bound(), last.upper_bound())
            }
            _ => String::new(),
        };
        let kind = format!("{:?}", family.get_field_type()).to_lowercase();
        found.insert(family.name().to_string(), format!("{kind} {}{bounds}", labels.join(",")));
    }
    found
}

fn value(metrics: &Metrics, line: &str) -> Option<f64> {
    let text = metrics.text().unwrap();
    text.lines().find_map(|l| l.strip_prefix(line)?.trim().parse().ok())
}

fn default_profiles() -> Vec<Profile> {
    longshore_simulation::default_profiles(Features::default()).unwrap()
}

fn engine(metrics: &Metrics) -> Engine {
    let profiles = default_profiles();
    let options =
        Options { meter: Some(metrics.meter(&profiles)), tie_break: TieBreak::First, ..Options::default() };
    Engine::new(profiles, options)
}

/// A pod is bound, one waits for room that a preemption makes, one is gated.
fn live(metrics: &Metrics) -> Engine {
    let mut engine = engine(metrics);
    let uid = |name: &str| format!("default/{name}").into();
    for name in ["a", "b"] {
        engine.apply(Input::Node(node(name).allocatable("cpu", "1").build()));
    }
    let of = |name: &str| pod(name).spec(|p| p.scheduler_name = "default-scheduler".into());
    engine.apply(Input::Pod(of("first").request("cpu", "1").build()));
    engine.step().unwrap();
    engine.apply(Input::Bound { uid: uid("first"), result: Ok(()) });
    engine.apply(Input::Pod(of("second").request("cpu", "1").build()));
    engine.step().unwrap();
    engine.apply(Input::Bound { uid: uid("second"), result: Err("conflict".into()) });
    engine.apply(Input::Time(Timestamp(10_000)));
    engine.step().unwrap();
    engine.apply(Input::Bound { uid: uid("second"), result: Ok(()) });
    engine.apply(Input::Pod(of("vip").request("cpu", "1").priority(10).build()));
    for effect in engine.step().unwrap().effects {
        if let Effect::Evict { victims, .. } = effect {
            engine.apply(Input::PodDeleted { uid: Arc::clone(&victims[0].meta.uid) });
        }
    }
    engine.apply(Input::Evicted { uid: uid("vip"), result: Ok(()) });
    engine.apply(Input::Pod(of("gated").spec(|p| p.gates = vec!["wait".into()]).build()));
    engine.apply(Input::Pod(of("big").request("cpu", "9").build()));
    while engine.step().is_some() {}
    engine.apply(Input::Node(node("c").allocatable("cpu", "1").build()));
    metrics.observe(&engine);
    engine
}

#[test]
fn names_labels_types_and_buckets_are_those_of_kube_scheduler() {
    let metrics = Metrics::new().unwrap();
    live(&metrics);
    metrics.scheduler.leader.with_label_values(&["longshore"]).set(1);
    metrics.scheduler.permit_wait_duration.with_label_values(&["Success"]).observe(0.1);
    metrics.requests.request("GET", "localhost:6443", Some(200), Duration::from_millis(3));
    metrics.queues.queue("bindings");
    let found = families(&metrics);
    #[rustfmt::skip]
    let want = [
        ("kubernetes_build_info", "gauge build_date,compiler,git_commit,git_tree_state,git_version,go_version,major,minor,platform"),
        ("kubernetes_feature_enabled", "gauge name,stage"),
        ("leader_election_master_status", "gauge name"),
        ("rest_client_request_duration_seconds", "histogram host,verb 12:0.00500..60.00000"),
        ("rest_client_requests_total", "counter code,host,method"),
        ("scheduler_cache_size", "gauge type"),
        ("scheduler_event_handling_duration_seconds", "histogram event 12:0.00010..0.20480"),
        ("scheduler_framework_extension_point_duration_seconds", "histogram extension_point,profile,status 12:0.00010..0.20480"),
        ("scheduler_goroutines", "gauge operation"),
        ("scheduler_inflight_events", "gauge event"),
        ("scheduler_pending_pods", "gauge queue"),
        ("scheduler_permit_wait_duration_seconds", "histogram result 15:0.00100..16.38400"),
        ("scheduler_plugin_evaluation_total", "counter extension_point,plugin,profile"),
        ("scheduler_plugin_execution_duration_seconds", "histogram extension_point,plugin,status 20:0.00001..0.02217"),
        ("scheduler_pod_scheduled_after_flush_total", "counter "),
        ("scheduler_pod_scheduling_attempts", "histogram  5:1.00000..16.00000"),
        ("scheduler_pod_scheduling_sli_duration_seconds", "histogram attempts 20:0.01000..5242.88000"),
        ("scheduler_preemption_attempts_total", "counter "),
        ("scheduler_preemption_goroutines_execution_total", "counter result"),
        ("scheduler_preemption_victims", "histogram  7:1.00000..64.00000"),
        ("scheduler_queue_incoming_entities_total", "counter event,queue,type"),
        ("scheduler_queue_incoming_pods_total", "counter event,queue"),
        ("scheduler_queued_entities", "gauge queue,type"),
        ("scheduler_queueing_hint_execution_duration_seconds", "histogram event,hint,plugin 20:0.00001..0.02217"),
        ("scheduler_schedule_attempts_total", "counter profile,result"),
        ("scheduler_scheduling_algorithm_duration_seconds", "histogram  15:0.00100..16.38400"),
        ("scheduler_scheduling_attempt_duration_seconds", "histogram profile,result 15:0.00100..16.38400"),
        ("scheduler_unschedulable_pods", "gauge plugin,profile"),
        ("workqueue_adds_total", "counter name"),
        ("workqueue_depth", "gauge name"),
        ("workqueue_longest_running_processor_seconds", "gauge name"),
        ("workqueue_queue_duration_seconds", "histogram name 10:0.00000..10.00000"),
        ("workqueue_retries_total", "counter name"),
        ("workqueue_unfinished_work_seconds", "gauge name"),
        ("workqueue_work_duration_seconds", "histogram name 10:0.00000..10.00000"),
    ];
    let theirs =
        found.iter().filter(|(name, _)| !name.starts_with("longshore_") && !name.starts_with("process_"));
    let theirs: Vec<(&str, &str)> = theirs.map(|(name, shape)| (name.as_str(), shape.as_str())).collect();
    assert_eq!(theirs, want);
}

#[test]
fn entities_are_counted_as_the_minor_does() {
    let page = |minor| {
        let metrics = Metrics::new().unwrap();
        metrics.follow(Features::of(minor)).unwrap();
        live(&metrics);
        metrics
    };
    let now = page(Minor::V1_37);
    assert_eq!(value(&now, r#"scheduler_queued_entities{queue="gated",type="pod"}"#), Some(1.0));
    let added = |family, more| {
        value(
            &now,
            &format!(
                r#"scheduler_queue_incoming_{family}_total{{event="UnscheduledPodAdd",queue="active"{more}}}"#
            ),
        )
    };
    assert_eq!(added("entities", r#",type="pod""#), added("pods", ""));
    assert!(added("pods", "").is_some_and(|pods| pods > 2.0));
    let next = page(Minor::V1_38);
    assert_eq!(value(&next, r#"scheduler_queued_entities{entity="pod",queue="gated"}"#), Some(1.0));
    assert!(!page(Minor::V1_36).text().unwrap().contains("entities"));
}

#[test]
fn what_a_minor_has_deprecated_is_hidden_as_it_does() {
    let shape = |minor| {
        let metrics = Metrics::new().unwrap();
        metrics.follow(Features::of(minor)).unwrap();
        live(&metrics);
        let found = families(&metrics).into_iter().find(|(name, _)| name == scheduler::EVICTION_TIMES);
        found.map(|(_, shape)| shape)
    };
    assert_eq!(shape(Minor::V1_36).as_deref(), Some("histogram result 20:0.01000..5242.88000"));
    assert_eq!(shape(Minor::V1_37), None);
}

#[test]
fn our_own_names() {
    let metrics = Metrics::new().unwrap();
    let own = &metrics.own;
    own.api_wait.with_label_values(&["bind"]).observe(0.1);
    own.lost_races.with_label_values(&["default-scheduler", "OutOfcpu"]).inc();
    own.watch_lag.with_label_values(&["pods"]).set(0.5);
    own.watch_synced.with_label_values(&["pods"]).set(1);
    own.unreadable_objects.with_label_values(&["pods"]).inc();
    own.config_reloads.with_label_values(&["success"]).inc();
    plugin_calls(&metrics.plugins);
    let found = families(&metrics);
    let ours: Vec<(&str, &str)> = found
        .iter()
        .filter_map(|(name, shape)| Some((name.strip_prefix("longshore_")?, shape.as_str())))
        .collect();
    let want = [
        ("api_wait_seconds", "histogram operation 16:0.00050..16.38400"),
        ("binds_per_second", "gauge "),
        ("binds_total", "counter "),
        ("build_info", "gauge commit,kube_scheduler,rust,version"),
        ("config_generation", "gauge "),
        ("config_reloads_total", "counter result"),
        ("decision_ring_dropped_total", "counter "),
        ("decisions_total", "counter path,plugin"),
        ("group_decision_seconds", "histogram  16:0.00010..3.27680"),
        ("group_decisions_total", "counter outcome"),
        ("lost_races_total", "counter reason,scheduler"),
        ("oldest_pending_pod_seconds", "gauge "),
        ("plugin_breaker_open", "gauge plugin"),
        ("plugin_call_duration_seconds", "histogram plugin,stage 20:0.00000..0.52429"),
        ("plugin_calls_total", "counter plugin,result,stage"),
        ("plugin_failures_total", "counter kind,plugin,stage"),
        ("plugin_info", "gauge digest,kind,plugin,version"),
        ("plugin_instances", "gauge plugin"),
        ("plugin_log_lines_dropped_total", "counter plugin"),
        ("plugin_memory_bytes", "gauge plugin"),
        ("plugin_reloads_total", "counter plugin,result"),
        ("unreadable_objects_total", "counter resource"),
        ("watch_lag_seconds", "gauge resource"),
        ("watch_synced", "gauge resource"),
    ];
    assert_eq!(ours, want);
}

/// What a host tells of a plugin that answers twice, fails once, and is switched off.
fn plugin_calls(plugins: &PluginMetrics) {
    let name = "ZonePack";
    plugins.instance_made(name);
    plugins.instance_made(name);
    plugins.memory(name, 3000);
    for answered in [true, false, true] {
        plugins.called(name, "Filter", Duration::from_micros(7), answered);
    }
    plugins.failed(name, "Filter", FailureKind::Trap, "unreachable");
    plugins.breaker(name, true, "unreachable");
    plugins.instance_gone(name);
    plugins.memory(name, -1000);
    plugins.dropped(name);
    plugins.reloads.with_label_values(&[name, "success"]).inc();
    plugins.loaded([("Gone", about(), true)].into_iter());
    plugins.loaded([(name, about(), true)].into_iter());
}

fn about() -> About {
    About {
        name: "zonepack".to_string(),
        version: "1.2.0".to_string(),
        description: String::new(),
        kind: GuestKind::Component,
        digest: "ab12".to_string(),
        size: 100,
        exports: Vec::new(),
        imports: Vec::new(),
        columns: Vec::new(),
        sharding: "ByNode".to_string(),
        pure: true,
        objects: Vec::new(),
        metrics: Vec::new(),
        needs: Vec::new(),
    }
}

#[test]
fn what_plugins_do_is_counted() {
    let metrics = Metrics::new().unwrap();
    plugin_calls(&metrics.plugins);
    #[rustfmt::skip]
    let want = [
        (r#"longshore_plugin_calls_total{plugin="ZonePack",result="ok",stage="Filter"}"#, Some(2.0)),
        (r#"longshore_plugin_calls_total{plugin="ZonePack",result="failed",stage="Filter"}"#, Some(1.0)),
        (r#"longshore_plugin_call_duration_seconds_count{plugin="ZonePack",stage="Filter"}"#, Some(3.0)),
        (r#"longshore_plugin_failures_total{kind="trap",plugin="ZonePack",stage="Filter"}"#, Some(1.0)),
        (r#"longshore_plugin_breaker_open{plugin="ZonePack"}"#, Some(1.0)),
        (r#"longshore_plugin_instances{plugin="ZonePack"}"#, Some(1.0)),
        (r#"longshore_plugin_memory_bytes{plugin="ZonePack"}"#, Some(2000.0)),
        (r#"longshore_plugin_log_lines_dropped_total{plugin="ZonePack"}"#, Some(1.0)),
        (r#"longshore_plugin_info{digest="ab12",kind="component",plugin="ZonePack",version="1.2.0"}"#, Some(1.0)),
        (r#"longshore_plugin_info{digest="ab12",kind="component",plugin="Gone",version="1.2.0"}"#, None),
        (r#"longshore_plugin_breaker_open{plugin="Gone"}"#, None),
    ];
    for (line, expected) in want {
        assert_eq!(value(&metrics, line), expected, "{line}");
    }
}

#[test]
fn what_the_engine_does_is_counted() {
    let metrics = Metrics::new().unwrap();
    live(&metrics);
    #[rustfmt::skip]
    let want = [
        (r#"scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"}"#, 2.0),
        (r#"scheduler_schedule_attempts_total{profile="default-scheduler",result="error"}"#, 1.0),
        (r#"scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"}"#, 2.0),
        (r#"scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"}"#, 1.0),
        (r#"scheduler_pod_scheduling_sli_duration_seconds_count{attempts="2"}"#, 1.0),
        ("scheduler_pod_scheduling_attempts_sum", 3.0),
        (r#"scheduler_preemption_goroutines_execution_total{result="success"}"#, 1.0),
        ("scheduler_preemption_victims_count", 1.0),
        (r#"scheduler_pending_pods{queue="gated"}"#, 1.0),
        (r#"scheduler_cache_size{type="nodes"}"#, 3.0),
        (r#"scheduler_cache_size{type="assumed_pods"}"#, 2.0),
        (r#"scheduler_unschedulable_pods{plugin="SchedulingGates",profile="default-scheduler"}"#, 1.0),
        (r#"scheduler_queue_incoming_pods_total{event="UnscheduledPodAdd",queue="active"}"#, 4.0),
        (r#"scheduler_queue_incoming_pods_total{event="UnscheduledPodAdd",queue="unschedulable"}"#, 1.0),
        (r#"scheduler_framework_extension_point_duration_seconds_count{extension_point="Bind",profile="default-scheduler",status="Success"}"#, 2.0),
        (r#"scheduler_framework_extension_point_duration_seconds_count{extension_point="Bind",profile="default-scheduler",status="Error"}"#, 1.0),
        ("longshore_binds_total", 2.0),
    ];
    for (line, expected) in want {
        assert_eq!(value(&metrics, line), Some(expected), "{line}");
    }
    assert!(value(&metrics, "scheduler_preemption_attempts_total").unwrap() >= 1.0);
}

#[test]
fn what_alerts_watch_is_there_before_the_first_failure() {
    let metrics = Metrics::new().unwrap();
    metrics.meter(&default_profiles());
    #[rustfmt::skip]
    let mut want = vec![
        r#"scheduler_schedule_attempts_total{profile="default-scheduler",result="error"}"#,
        r#"scheduler_framework_extension_point_duration_seconds_count{extension_point="Filter",profile="default-scheduler",status="Error"}"#,
        r#"scheduler_framework_extension_point_duration_seconds_count{extension_point="Bind",profile="default-scheduler",status="Error"}"#,
        r#"scheduler_preemption_goroutines_execution_total{result="error"}"#,
        r#"longshore_unreadable_objects_total{resource="pods"}"#,
        r#"longshore_unreadable_objects_total{resource="csidrivers"}"#,
        r#"longshore_config_reloads_total{result="error"}"#,
    ];
    let plugins = [
        r#"longshore_plugin_reloads_total{plugin="ZonePack",result="error"}"#,
        r#"longshore_plugin_log_lines_dropped_total{plugin="ZonePack"}"#,
    ];
    plugins.iter().for_each(|line| assert_eq!(value(&metrics, line), None, "{line}"));
    metrics.plugins.loaded([("ZonePack", about(), false)].into_iter());
    want.extend(plugins);
    for line in want {
        assert_eq!(value(&metrics, line), Some(0.0), "{line}");
    }
    let unknown = r#"extension_point="PreEnqueue",profile="other""#;
    assert!(!metrics.text().unwrap().contains(unknown));
}

#[test]
fn the_oldest_pending_pod_has_an_age_and_gated_ones_do_not_count() {
    let metrics = Metrics::new().unwrap();
    let mut engine = engine(&metrics);
    let at = |second: i64| Timestamp(second * 1000);
    assert_eq!(oldest_pending(&engine, at(9000)), 0.0);
    let made = |name: &str, second: i64| {
        let pod = pod(name).spec(|p| p.scheduler_name = "default-scheduler".into());
        pod.meta(|m| m.created = Some(at(second)))
    };
    engine.apply(Input::Pod(made("gated", 1000).spec(|p| p.gates = vec!["wait".into()]).build()));
    engine.apply(Input::Pod(made("young", 7000).build()));
    engine.apply(Input::Pod(made("old", 4000).build()));
    assert_eq!(oldest_pending(&engine, at(9000)), 5000.0);
    assert_eq!(oldest_pending(&engine, at(100)), 0.0, "a clock that was set back");
}

#[test]
fn a_work_queue_tells_what_waits_and_what_is_under_way() {
    let metrics = Metrics::new().unwrap();
    let queue = metrics.queues.queue("bindings");
    let seconds = Duration::from_secs;
    (0..3).for_each(|_| queue.added());
    queue.taken(seconds(2));
    queue.done(seconds(4));
    queue.under_way([seconds(1), seconds(5)].into_iter());
    let want = [
        ("adds_total", 3.0),
        ("depth", 2.0),
        ("queue_duration_seconds_sum", 2.0),
        ("work_duration_seconds_sum", 4.0),
        ("unfinished_work_seconds", 6.0),
        ("longest_running_processor_seconds", 5.0),
        ("retries_total", 0.0),
    ];
    for (name, expected) in want {
        let line = format!(r#"workqueue_{name}{{name="bindings"}}"#);
        assert_eq!(value(&metrics, &line), Some(expected), "{line}");
    }
}

#[test]
fn the_release_that_is_followed_and_its_gates_are_told() {
    let metrics = Metrics::new().unwrap();
    let text = metrics.text().unwrap();
    let build = text.lines().find(|l| l.starts_with("kubernetes_build_info")).unwrap();
    assert!(
        build.contains(r#"git_version="v1.37.2""#) && build.contains(r#"major="1",minor="37""#),
        "{build}"
    );
    let gate = |name, stage| {
        value(&metrics, &format!(r#"kubernetes_feature_enabled{{name="{name}",stage="{stage}"}}"#))
    };
    assert_eq!(gate("VolumeLimitScaling", "BETA"), Some(1.0));
    assert_eq!(gate("GenericWorkload", "BETA"), Some(0.0));
    assert_eq!(gate("SchedulerQueueingHints", ""), None, "1.37 has no such gate");
    metrics.follow(Features::of(Minor::V1_36)).unwrap();
    assert_eq!(gate("VolumeLimitScaling", "BETA"), None);
    assert_eq!(gate("VolumeLimitScaling", "ALPHA"), Some(0.0));
    assert_eq!(gate("SchedulerQueueingHints", ""), Some(1.0));
    assert_eq!(metrics.text().unwrap().matches("kubernetes_build_info{").count(), 1);
}

#[test]
fn the_page_of_pods_names_the_unit() {
    use longshore_framework::fixture::pod;
    let pods = [
        pod("vip").priority(10).request("cpu", "1").on("a").build(),
        pod("big").request("cpu", "64").build(),
    ];
    let page = pod_resources(&pods);
    let line = r#"kube_pod_resource_request{namespace="default",node="a",pod="vip",priority="10",resource="cpu",scheduler="default-scheduler",unit="cores"} 1"#;
    assert!(page.contains(line), "{page}");
    assert!(page.contains(r#"node="",pod="big""#), "{page}");
}

#[test]
fn the_rate_is_that_of_the_last_seconds() {
    let mut rate = Rate::default();
    let mut at = |seconds: u64, count| rate.per_second(Duration::from_secs(seconds), count);
    assert_eq!(at(1, 0), 0.0);
    assert_eq!(at(2, 100), 100.0);
    assert_eq!(at(6, 500), 100.0);
    assert_eq!(at(12, 500), 0.0);
}
