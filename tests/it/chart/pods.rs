//! What values make of the pods, and how Prometheus trusts them.

use serde_json::{Value, json};

use super::helm::{Helm, chart, objects, path};

/// The objects of the default values with `more` arguments of helm.
#[track_caller]
fn rendered(more: &[&str]) -> Option<Vec<Value>> {
    let helm = Helm::find()?;
    let text = helm.template("release", "longshore-system", more);
    Some(objects(&text.unwrap_or_else(|error| panic!("{more:?}: {error}"))))
}

#[track_caller]
fn the<'o>(objects: &'o [Value], kind: &str) -> &'o Value {
    objects.iter().find(|o| o["kind"] == kind).unwrap_or_else(|| panic!("there is no {kind}"))
}

/// A field of the scheduler's pods.
#[track_caller]
fn check(set: &str, pointer: &str, expected: Value) {
    let Some(objects) = rendered(&["--set-json", set]) else { return };
    let pod = &the(&objects, "Deployment")["spec"]["template"]["spec"];
    let found = pod.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(found, expected, "{set}: {pointer}");
}

#[test]
fn the_cluster_may_assign_users_and_groups() {
    let Some(objects) = rendered(&["--set", "fixedUser=false"]) else { return };
    let pods = objects.iter().filter_map(|o| match o["kind"].as_str()? {
        "Deployment" => Some(&o["spec"]["template"]["spec"]),
        "Pod" => Some(&o["spec"]),
        _ => None,
    });
    let pods: Vec<&Value> = pods.collect();
    assert_eq!(pods.len(), 2);
    for pod in pods {
        let text = pod.to_string();
        for field in ["runAsUser", "runAsGroup", "fsGroup"] {
            assert!(!text.contains(field), "{field} is in {text}");
        }
        assert_eq!(pod["containers"][0]["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"], json!({"type": "RuntimeDefault"}));
    }
}

#[test]
fn a_probe_is_changed_in_part_or_left_out() {
    let container = "/containers/0";
    check(
        "livenessProbe={\"periodSeconds\":60}",
        &format!("{container}/livenessProbe"),
        json!({
            "httpGet": {"path": "/livez", "port": "https", "scheme": "HTTPS"},
            "periodSeconds": 60, "timeoutSeconds": 15, "failureThreshold": 8,
        }),
    );
    check("startupProbe=null", &format!("{container}/startupProbe"), Value::Null);
}

#[test]
fn what_is_empty_is_left_to_kubernetes() {
    for field in ["hostNetwork", "dnsPolicy", "dnsConfig", "runtimeClassName", "initContainers"] {
        check("extraArgs=[]", &format!("/{field}"), Value::Null);
    }
    let Some(objects) = rendered(&[]) else { return };
    assert_eq!(the(&objects, "Deployment")["spec"].get("revisionHistoryLimit"), None);
}

#[test]
fn on_the_network_of_the_node_the_clusters_dns_is_asked() {
    check("hostNetwork=true", "/dnsPolicy", json!("ClusterFirstWithHostNet"));
    let Some(objects) = rendered(&["--set", "hostNetwork=true,dnsPolicy=Default"]) else { return };
    assert_eq!(the(&objects, "Deployment")["spec"]["template"]["spec"]["dnsPolicy"], "Default");
}

#[test]
fn the_image_of_the_probe_pod_is_a_value() {
    let Some(objects) = rendered(&["--set", "tests.image=mirror.example.com/pause:1"]) else { return };
    let arguments = the(&objects, "Pod")["spec"]["containers"][0]["args"].as_array().expect("a list");
    assert!(arguments.contains(&json!("--image=mirror.example.com/pause:1")), "{arguments:?}");
}

#[test]
fn templates_in_extra_objects_are_evaluated() {
    let set = r#"extraObjects=[{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"{{ .Release.Name }}-q"}}]"#;
    let Some(objects) = rendered(&["--set-json", set]) else { return };
    assert_eq!(the(&objects, "ResourceQuota")["metadata"]["name"], "release-q");
}

/// What a monitor is told of TLS.
#[track_caller]
fn check_trust(set: &str, expected: Value) {
    let Some(objects) = rendered(&["--set", set]) else { return };
    let endpoint = objects.iter().find_map(|o| match o["kind"].as_str()? {
        "ServiceMonitor" => Some(&o["spec"]["endpoints"][0]),
        "PodMonitor" => Some(&o["spec"]["podMetricsEndpoints"][0]),
        _ => None,
    });
    assert_eq!(endpoint.expect("there is a monitor")["tlsConfig"], expected, "{set}");
}

#[test]
fn prometheus_verifies_what_cert_manager_issued() {
    let verified = json!({
        "ca": {"secret": {"name": "release-longshore-tls", "key": "ca.crt"}},
        "serverName": "release-longshore.longshore-system.svc",
    });
    for monitor in ["serviceMonitor", "podMonitor"] {
        let token = format!("metrics.{monitor}.authorization.credentials.name=scrape");
        let set = format!("tls.certManager.enabled=true,metrics.{monitor}.enabled=true,{token}");
        check_trust(&set, verified.clone());
    }
    let Some(objects) = rendered(&["--set", "tls.certManager.enabled=true"]) else { return };
    let serving =
        |o: &&Value| o["kind"] == "Certificate" && o["spec"]["secretName"] == "release-longshore-tls";
    let certificate = objects.iter().find(serving).expect("there is one");
    let names = certificate["spec"]["dnsNames"].as_array().expect("a list");
    assert!(names.contains(&verified["serverName"]), "{names:?}");
    let volumes = the(&objects, "Deployment")["spec"]["template"]["spec"]["volumes"].to_string();
    assert!(volumes.contains(r#""secretName":"release-longshore-tls""#), "{volumes}");
}

#[test]
fn a_tls_config_of_ones_own_is_taken_as_it_is() {
    check_trust("metrics.serviceMonitor.enabled=true", json!({"insecureSkipVerify": true}));
    check_trust(
        "metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.tlsConfig.serverName=x",
        json!({"serverName": "x"}),
    );
}

#[test]
fn alerts_name_the_job_of_a_pod_monitor() {
    for (namespace, job) in [
        ("", "longshore-system/release-longshore"),
        ("monitoring", "monitoring/release-longshore.longshore-system"),
    ] {
        let set = format!(
            "metrics.podMonitor.enabled=true,metrics.podMonitor.namespace={namespace},\
             metrics.podMonitor.authorization.credentials.name=scrape,metrics.prometheusRule.enabled=true"
        );
        let Some(objects) = rendered(&["--set", &set]) else { return };
        let down = &the(&objects, "PrometheusRule")["spec"]["groups"][0]["rules"];
        let down = down.as_array().expect("a list").iter().find(|r| r["alert"] == "LongshoreDown");
        let expression = down.expect("there is one")["expr"].as_str().expect("it is text");
        assert_eq!(expression, format!(r#"absent(up{{namespace="longshore-system", job="{job}"}} == 1)"#));
        let monitor = &the(&objects, "PodMonitor")["metadata"];
        assert_eq!(
            job,
            format!("{}/{}", monitor["namespace"].as_str().unwrap(), monitor["name"].as_str().unwrap())
        );
    }
}

#[test]
fn the_example_files_render_and_pass_lint() {
    let Some(helm) = Helm::find() else { return };
    let files = std::fs::read_dir(chart().join("examples")).expect("the folder is there");
    let files: Vec<_> = files.map(|f| f.expect("it can be read").path()).collect();
    assert!(files.len() >= 3);
    for file in &files {
        let rendered = helm.template("longshore", "longshore-system", &["--values", path(file)]);
        assert!(rendered.is_ok(), "{}: {rendered:?}", file.display());
        let linted = helm.run(&["lint", "--strict", "--quiet", path(&chart()), "--values", path(file)]);
        assert!(linted.is_ok(), "{}: {linted:?}", file.display());
    }
}
