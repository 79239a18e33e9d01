//! Values that are refused, and what is said of them.

use super::helm::Helm;

#[track_caller]
fn check(set: &str, expected: &str) {
    let Some(helm) = Helm::find() else { return };
    let arguments = ["--kube-version", "1.33.0", "--set", set];
    let error = helm.template("release", "default", &arguments).expect_err("it is refused");
    assert!(error.contains(expected), "{set}: {error}");
}

#[test]
fn an_unknown_value() {
    check("replicas=3", "additional properties 'replicas' not allowed");
}

#[test]
fn an_unknown_value_inside_a_section() {
    check("image.name=x", "additional properties 'name' not allowed");
}

#[test]
fn an_unknown_field_of_the_configuration() {
    check("config.profile=x", "additional properties 'profile' not allowed");
}

#[test]
fn a_wrong_type() {
    check("replicaCount=two", "want integer");
}

#[test]
fn a_value_that_is_none_of_the_choices() {
    check("logging.format=xml", "must be one of 'text', 'json'");
}

#[test]
fn a_digest_that_is_none() {
    check("image.digest=sha256:abc", "does not match pattern");
}

#[test]
fn a_module_that_is_not_pinned() {
    check(
        "plugins[0].name=x,plugins[0].source=oci://x/y:1",
        "plugins: x comes over the network and is not pinned",
    );
    check("plugins[0].name=x,plugins[0].source=http://x/y.wasm", "does not match pattern");
}

#[test]
fn a_module_from_two_places() {
    let two = "plugins[0].name=x,plugins[0].source=file:///x,plugins[0].configMap.name=x,plugins[0].configMap.key=x";
    check(two, "give one or the other");
}

#[test]
fn settings_of_a_module_that_is_not_there() {
    check("plugins[0].name=x,plugins[0].failurePolicy=Fail", "add source or configMap");
    check(
        "plugins[0].name=x,plugins[0].source=file:///x,plugins[0].args.a=1",
        "args are those of built-in plugins",
    );
}

#[test]
fn a_capability_that_there_is_not() {
    check(
        "plugins[0].name=x,plugins[0].source=file:///x,plugins[0].capabilities[0]=network",
        "must be one of",
    );
}

#[test]
fn the_lease_of_kube_scheduler() {
    check("leaderElection.resourceName=kube-scheduler", "/leaderElection/resourceName");
    check("config.leaderElection.resourceName=kube-scheduler", "stand by for ever");
}

#[test]
fn two_replicas_without_a_leader() {
    check("leaderElection.enabled=false", "two replicas would schedule the same pods");
}

#[test]
fn plugins_beside_profiles_that_would_not_have_them() {
    check(
        "plugins[0].name=ImageLocality,config.profiles[0].schedulerName=x",
        "write the plugins into config",
    );
}

#[test]
fn a_second_profile_without_a_name() {
    check(
        "config.profiles[0].schedulerName=x,config.profiles[1].percentageOfNodesToScore=5",
        "config.profiles[1].schedulerName is missing",
    );
}

#[test]
fn a_configuration_beside_a_config_map() {
    check("existingConfigMap=x,config.parallelism=4", "give one or the other");
}

#[test]
fn no_service_account_and_none_named() {
    check("serviceAccount.create=false", "serviceAccount.name is needed");
}

#[test]
fn a_service_monitor_without_a_service() {
    check("metrics.serviceMonitor.enabled=true,service.create=false", "needs service.create");
}

#[test]
fn two_monitors_of_the_same_pods() {
    check("metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true", "scrape each pod twice");
}

#[test]
fn a_pod_monitor_without_a_token() {
    check("metrics.podMonitor.enabled=true", "metrics.podMonitor.authorization is missing");
    check("metrics.podMonitor.bearerTokenFile=/token", "/metrics/podMonitor");
}

#[test]
fn two_serving_certificates() {
    check("tls.existingSecret=x,tls.certManager.enabled=true", "give one or the other");
    check("tls.certManager.issuerRef.kind=ClusterIssuer", "if 'kind' exists");
}

#[test]
fn a_monitor_that_cannot_read_the_authority() {
    check(
        "tls.certManager.enabled=true,metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.namespace=x",
        "a monitor reads Secrets of its own namespace only",
    );
}

#[test]
fn a_probe_that_says_what_is_asked() {
    check("readinessProbe.httpGet.path=/x", "additional properties 'httpGet' not allowed");
}

#[test]
fn an_extra_object_that_is_none() {
    check("extraObjects[0].kind=ConfigMap", "missing property 'apiVersion'");
}

#[test]
fn alerts_on_a_job_that_nobody_scrapes() {
    check(
        "metrics.prometheusRule.enabled=true",
        "LongshoreDown would fire for ever; set metrics.serviceMonitor.enabled=true or metrics.podMonitor.enabled=true",
    );
    let Some(helm) = Helm::find() else { return };
    let set = "metrics.prometheusRule.enabled=true,metrics.job=kubernetes-pods";
    let rendered = helm.template("release", "default", &["--set", set]).expect("the job is named");
    assert!(
        rendered.contains(r#"absent(up{namespace="default", job="kubernetes-pods"} == 1)"#),
        "{rendered}"
    );
}

#[test]
fn a_policy_that_would_take_every_pod() {
    check("admissionPolicy.enabled=true", "select namespaces");
}

#[test]
fn a_policy_in_a_cluster_that_has_none() {
    check(
        "admissionPolicy.enabled=true,admissionPolicy.namespaceSelector.matchLabels.a=b",
        "needs Kubernetes 1.36",
    );
}

#[test]
fn a_cluster_that_is_too_old() {
    let Some(helm) = Helm::find() else { return };
    let error =
        helm.template("release", "default", &["--kube-version", "1.32.4"]).expect_err("it is refused");
    assert!(error.contains("incompatible with Kubernetes"), "{error}");
}
