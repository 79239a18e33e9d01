use serde_json::json;

use super::*;

#[track_caller]
fn check(args: Value, problems: &[&str]) -> Settings {
    let mut found = Vec::new();
    let settings = Settings::read(&args, &mut Problems::new(&mut found));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, problems, "{args}");
    settings
}

#[test]
fn defaults_are_filled_in() {
    let settings = check(json!({"source": "file://p.wasm"}), &[]);
    assert_eq!((settings.memory, settings.time), (DEFAULT_MEMORY, DEFAULT_TIME));
    assert_eq!(
        settings.effective(),
        json!({"source": "file://p.wasm", "capabilities": [], "config": null, "failurePolicy": "Fail",
               "limits": {"memory": "64Mi", "time": "50ms"}})
    );
}

#[test]
fn everything_can_be_said() {
    let hex = "AB".repeat(32);
    let settings = check(
        json!({"source": "oci://r/p:1", "sha256": format!("sha256:{hex}"), "failurePolicy": "Ignore",
               "limits": {"memory": "128Mi", "time": "2s"}, "capabilities": ["events", "pods"], "config": {"a": 1}}),
        &[],
    );
    assert_eq!(settings.sha256.as_deref(), Some(hex.to_lowercase().as_str()));
    assert_eq!((settings.memory, settings.time), (128 << 20, Duration::from_secs(2)));
    assert_eq!(settings.capabilities, Capabilities::from([Capability::Events, Capability::Pods]));
    assert_eq!(settings.config, json!({"a": 1}));
}

#[test]
fn the_older_syntax_is_taken() {
    let settings = check(
        json!({"guestURL": "file://g.wasm", "guestConfig": "{}", "logSeverity": 2, "Args": ["test", "filter"]}),
        &[],
    );
    let args = vec!["test".to_string(), "filter".to_string()];
    let want = Syntax::Extension { guest_config: "{}".to_string(), log_severity: 2, args };
    assert_eq!((settings.source.as_str(), settings.syntax), ("file://g.wasm", want));
}

#[test]
fn every_mistake_is_named_with_its_mend() {
    check(
        json!({"source": "", "sha256": "12", "failurePolicy": "Open", "limits": {"memory": "5Gi", "time": "1h"},
               "capabilities": ["network"], "cofnig": 1}),
        &[
            "source: is required: where the module is, such as file://plugin.wasm",
            "capabilities[0]: must be one of events, pods, raw, evict, clock, random, objects, metrics, engine, not \"network\"",
            "sha256: must be 64 hexadecimal digits, as sha256sum prints them",
            "failurePolicy: must be one of Fail, Ignore, not \"Open\"",
            "limits.memory: must be an amount of bytes up to 4Gi, such as 64Mi",
            "limits.time: must be a time from 1ms to 10s, such as 50ms",
            "cofnig: unknown field; did you mean config?",
        ],
    );
}

#[test]
fn metrics_say_where_values_come_from_and_how_often() {
    let settings = check(
        json!({"source": "file://p.wasm", "metrics": {"watcherAddress": "http://w:2020", "interval": "15s"}}),
        &[],
    );
    assert_eq!(settings.metrics.as_ref().unwrap().interval, Duration::from_secs(15));
    let shown = settings.effective();
    assert_eq!(shown["metrics"], json!({"watcherAddress": "http://w:2020", "interval": "15s"}));
    let default = check(json!({"source": "file://p.wasm", "metrics": {}}), &[]);
    assert_eq!(default.metrics.unwrap(), MetricsSource::default());
    check(
        json!({"source": "file://p.wasm", "metrics": {
            "watcherAdress": "http://w", "interval": "10ms", "metricProvider": {"type": "Datadog"}}}),
        &[
            "metrics.metricProvider.type: must be one of KubernetesMetricsServer, Prometheus, SignalFx, not \"Datadog\"",
            "metrics.interval: must be a time from 1s to 3600s, such as 30s",
            "metrics.watcherAdress: unknown field; did you mean watcherAddress?",
        ],
    );
}

#[test]
fn a_signature_may_be_demanded_in_both_syntaxes() {
    for field in ["source", "guestURL"] {
        let args = json!({field: "file://p.wasm", "verification": {"keys": ["file://a.pub"]}});
        let settings = check(args.clone(), &[]);
        assert_eq!(settings.effective()["verification"], args["verification"]);
        assert_eq!(settings.verification.unwrap().keys, ["file://a.pub"]);
    }
    let empty = "verification.keys: must name at least one key: file://PATH, or the key itself (-----BEGIN PUBLIC KEY-----)";
    check(json!({"source": "file://p.wasm", "verification": {"keys": []}}), &[empty]);
}
