use longshore_framework::node_metrics::Provider;
use serde_json::json;

use super::*;

fn settings(capability: Option<Capability>, args: &Value) -> (Settings, Vec<String>) {
    let entry = Entry {
        source: "file://plugin.wasm".to_string(),
        sha256: String::new(),
        capabilities: capability.into_iter().collect(),
    };
    let catalogue = Catalogue { plugins: [("Loaded".to_string(), entry)].into(), file: None };
    let mut found = Vec::new();
    let settings = catalogue.settings("Loaded", args, &mut Problems::new(&mut found)).unwrap();
    (settings, found.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check(args: &Value, provider: &Provider, config: &Value) {
    let (settings, problems) = settings(Some(Capability::Metrics), args);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!((&settings.metrics.unwrap().provider, &settings.config), (provider, config));
}

#[test]
fn where_metrics_come_from_is_no_business_of_the_plugin() {
    let watcher = Provider::Watcher("http://watcher:2020".to_string());
    let config = json!({"targetUtilization": 70});
    check(&json!({"watcherAddress": "http://watcher:2020", "targetUtilization": 70}), &watcher, &config);
    check(&json!({"WatcherAddress": "http://watcher:2020", "targetUtilization": 70}), &watcher, &config);
    check(
        &json!({"metricProvider": {"type": "KubernetesMetricsServer"}}),
        &Provider::MetricsServer,
        &json!({}),
    );
    check(&Value::Null, &Provider::MetricsServer, &Value::Null);
    let (_, problems) = settings(Some(Capability::Metrics), &json!({"metricProvider": {"type": "Other"}}));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("metricProvider.type: "), "{problems:?}");
}

#[test]
fn a_plugin_that_reads_no_metrics_is_shown_all_of_its_args() {
    let args = json!({"watcherAddress": "x"});
    let (settings, problems) = settings(None, &args);
    assert_eq!((settings.metrics, settings.config, problems), (None, args, Vec::new()));
}
