//! The fields beside the plugins: types, ranges, defaults and how they bear on each other.

use super::Expected::{Problems, Stages};
use super::{check, loaded};
use crate::{Configuration, parse};

#[test]
fn an_empty_configuration_is_the_default_one() {
    let written = loaded("").unwrap().configuration;
    assert_eq!(
        written,
        Configuration { source_name: "profile.yaml".to_string(), ..Configuration::default() }
    );
    assert_eq!(written.parallelism, 16);
    assert_eq!(written.profiles[0].scheduler_name, "default-scheduler");
    check("profiles: []", Stages(&["0 bind: Binder"]));
    check("profiles: [null]", Stages(&["0 bind: Binder"]));
}

#[test]
fn every_field_is_read() {
    let written = loaded(
        "parallelism: 4
leaderElection: {leaderElect: false, leaseDuration: 1m30s, renewDeadline: 1m, retryPeriod: 500ms, resourceLock: leases,
  resourceName: longshore, resourceNamespace: scheduling}
clientConnection: {kubeconfig: /etc/kubeconfig, acceptContentTypes: a/b, contentType: application/json, qps: 12.5, burst: 7}
enableProfiling: false
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 3
delayCacheUntilActive: true
",
    )
    .unwrap()
    .configuration;
    assert_eq!(written.parallelism, 4);
    let election = written.leader_election;
    assert!(!election.leader_elect);
    assert_eq!(election.lease_duration.as_secs(), 90);
    assert_eq!(election.renew_deadline.as_secs(), 60);
    assert_eq!(election.retry_period.as_millis(), 500);
    assert_eq!((&*election.resource_name, &*election.resource_namespace), ("longshore", "scheduling"));
    let connection = written.client_connection;
    assert_eq!((&*connection.kubeconfig, &*connection.content_type), ("/etc/kubeconfig", "application/json"));
    assert_eq!((connection.qps, connection.burst), (12.5, 7));
    assert!(!written.enable_profiling);
    assert!(!written.enable_contention_profiling, "off by default when profiling is off");
    assert_eq!(written.percentage_of_nodes_to_score, Some(30));
    assert_eq!((written.pod_initial_backoff_seconds, written.pod_max_backoff_seconds), (2, 3));
    assert!(written.delay_cache_until_active);
}

#[test]
fn zero_and_empty_mean_the_default_where_kube_scheduler_says_so() {
    let written = loaded(
        "leaderElection: {leaseDuration: 0s, resourceName: ''}\nclientConnection: {qps: 0, burst: 0, contentType: ''}",
    )
    .unwrap()
    .configuration;
    assert_eq!(written.leader_election, crate::LeaderElection::default());
    assert_eq!(written.client_connection, crate::ClientConnection::default());
}

#[test]
fn other_versions_and_kinds_are_refused() {
    check(
        "apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\nparallelism: 0",
        Problems(&[
            "apiVersion: \"kubescheduler.config.k8s.io/v1beta3\" is gone: only kubescheduler.config.k8s.io/v1 exists since \
             Kubernetes 1.29; write apiVersion: kubescheduler.config.k8s.io/v1, or let `longshore profile migrate` do it; its default \
             plugins and weights are the same",
            "parallelism: must be a whole number from 1 to 2147483647, not 0",
        ]),
    );
    check(
        "apiVersion: v1\nkind: Pod\nspec: {}",
        Problems(&[
            "apiVersion: must be kubescheduler.config.k8s.io/v1, not \"v1\"",
            "kind: must be KubeSchedulerConfiguration, not \"Pod\"",
        ]),
    );
    check(
        "# apiVersion\n",
        Problems(&[
            "apiVersion: is missing; write apiVersion: kubescheduler.config.k8s.io/v1",
            "kind: is missing; write kind: KubeSchedulerConfiguration",
        ]),
    );
    check(
        "apiVersion: [1]\nkind: KubeSchedulerConfiguration\nprofiles: [{schedulerName: 1, x: 1}, {schedulerName: 2}]",
        Problems(&[
            "apiVersion: must be a string, not a list",
            "profiles[0].schedulerName: must be a string, not 1",
            "profiles[0].x: unknown field; known fields: schedulerName, percentageOfNodesToScore, plugins, pluginConfig",
            "profiles[1].schedulerName: must be a string, not 2",
        ]),
    );
    check(
        "- apiVersion",
        Problems(&[
            "must be an object with the fields apiVersion: kubescheduler.config.k8s.io/v1 and kind: \
             KubeSchedulerConfiguration",
        ]),
    );
}

#[test]
fn problems_of_all_parts_are_reported_at_once() {
    check(
        "parallelism: -1
percentageOfNodesToScore: 101
podInitialBackoffSeconds: 0
enableProfiling: 3
clientConnection: {burst: -1, qps: many}
leaderElection: {leaseDuration: 15, retryPeriod: -2s}
paralelism: 3
profiles:
- schedulerName: 5
  percentageOfNodesToScore: 200
  plugins: {filter: {enabled: [{weight: -1}, Fit, {name: 7}], disable: []}, bind: []}
",
        Problems(&[
            "enableProfiling: must be true or false, not 3",
            "parallelism: must be a whole number from 1 to 2147483647, not -1",
            "leaderElection.leaseDuration: must be a string, not 15",
            "leaderElection.retryPeriod: must be a length of time such as 15s, 1m30s or 1h, not \"-2s\"",
            "clientConnection.qps: must be a number of requests per second, such as 50",
            "clientConnection.burst: must be a whole number from 0 to 2147483647, not -1",
            "percentageOfNodesToScore: must be a whole number from 0 to 100, not 101",
            "podInitialBackoffSeconds: must be a whole number of at least 1, not 0",
            "profiles[0].schedulerName: must be a string, not 5",
            "profiles[0].percentageOfNodesToScore: must be a whole number from 0 to 100, not 200",
            "profiles[0].plugins.filter.enabled[0].name: is missing; name the plugin",
            "profiles[0].plugins.filter.enabled[0].weight: must be a whole number from 0 to 2147483647, not -1",
            "profiles[0].plugins.filter.enabled[1]: must be an object with fields, not a string",
            "profiles[0].plugins.filter.enabled[2].name: must be a string, not 7",
            "profiles[0].plugins.filter.disable: unknown field; did you mean disabled?",
            "profiles[0].plugins.bind: must be an object with fields, not a list",
            "paralelism: unknown field; did you mean parallelism?",
        ]),
    );
}

#[test]
fn backoffs_and_leases_must_fit_together() {
    check(
        "podInitialBackoffSeconds: 20
leaderElection: {leaseDuration: 10s, renewDeadline: 10s, retryPeriod: 8334ms, resourceLock: endpoints}
",
        Problems(&[
            "podMaxBackoffSeconds: must be at least podInitialBackoffSeconds (20), not 10; raise it or lower \
             podInitialBackoffSeconds",
            "leaderElection.leaseDuration: must be longer than renewDeadline (10s), not 10s",
            "leaderElection.renewDeadline: must be longer than 1.2 times retryPeriod (8.334s), not 10s",
            "leaderElection.resourceLock: must be leases, the only kind of lock there is, not \"endpoints\"",
        ]),
    );
    check("leaderElection: {leaderElect: false, leaseDuration: 1s, resourceLock: endpoints}", Stages(&[]));
    check("leaderElection: {retryPeriod: 8333ms}", Stages(&[]));
}

#[test]
fn scheduler_names_are_there_and_unique() {
    check("profiles: [{schedulerName: a}, {schedulerName: b}]", Stages(&["1 bind: Binder"]));
    check(
        "profiles: [{schedulerName: a}, {}, {schedulerName: a}]",
        Problems(&[
            "profiles[1].schedulerName: is missing; it may be left out only where there is a single profile \
             (default-scheduler)",
            "profiles[2].schedulerName: \"a\" is the name of profiles[0] already; give each profile its own",
        ]),
    );
    check(
        "profiles: [{schedulerName: ''}]",
        Problems(&[
            "profiles[0].schedulerName: is missing; it may be left out only where there is a single profile \
             (default-scheduler)",
        ]),
    );
}

#[test]
fn the_share_of_nodes_is_the_profiles_own_or_the_global_one_and_zero_means_all() {
    #[track_caller]
    fn share(text: &str, expected: &[Option<u32>]) {
        let resolved = loaded(text).unwrap();
        let shares: Vec<_> = resolved.profiles.iter().map(|p| p.percentage_of_nodes_to_score).collect();
        assert_eq!(shares, expected, "{text}");
    }
    share("", &[None]);
    share("percentageOfNodesToScore: 0", &[None]);
    share("percentageOfNodesToScore: 100", &[Some(100)]);
    share(
        "percentageOfNodesToScore: 30\nprofiles: [{schedulerName: a}, {schedulerName: b, percentageOfNodesToScore: 0}, \
         {schedulerName: c, percentageOfNodesToScore: 60}]",
        &[Some(30), None, Some(60)],
    );
}

#[test]
fn extenders_are_read_with_their_defaults() {
    let resolved = loaded(
        "extenders:
- urlPrefix: https://gpu.example:8443/x
  filterVerb: filter
  prioritizeVerb: prioritize
  weight: 5
  enableHTTPS: true
  tlsConfig: {serverName: gpu, certFile: c.pem, keyData: Zm9v}
  managedResources: [{name: example.com/gpu, ignoredByScheduler: true}, {name: example.com/fpga}]
- {urlPrefix: 'http://h', httpTimeout: 1m, ignorable: true, nodeCacheCapable: true, preemptVerb: p, bindVerb: b}
",
    )
    .unwrap();
    let [first, second] = &resolved.configuration.extenders[..] else { panic!("two extenders") };
    assert_eq!((first.weight, first.http_timeout.as_secs(), first.enable_https), (5, 5, true));
    assert_eq!(first.tls.as_ref().unwrap().key_data.0, b"foo");
    assert!(!format!("{first:?}").contains("102, 111"), "a private key is not for logs");
    assert_eq!(second.http_timeout.as_secs(), 60);
    assert!(second.ignorable && second.node_cache_capable);
    assert_eq!((&*second.preempt_verb, &*second.bind_verb), ("p", "b"));
    let fit = resolved.profiles[0].id("Fit").unwrap();
    assert_eq!(
        resolved.profiles[0].plugin(fit).args["context"],
        serde_json::json!({"scheduler": "default-scheduler", "ignored": ["example.com/gpu"]}),
        "the plugins know what is left to the extender"
    );
}

#[test]
fn extenders_that_could_not_work_are_refused() {
    check(
        "extenders:
- {urlPrefix: 'gpu.example', prioritizeVerb: p, bindVerb: b, httpTimeout: 5}
- urlPrefix: http://h
  bindVerb: b
  weight: 1.5
  managedResources: [{name: example.com/gpu}, {name: cpu}, {name: example.com/gpu}, {ignored: true}]
  tlsConfig: {insecure: true, caData: Zm9v, certFile: c.pem, keyData: [secret], token: x}
",
        Problems(&[
            "extenders[0].httpTimeout: must be a string, not 5",
            "extenders[1].weight: must be a whole number of at least -9223372036854775808, not 1.5",
            "extenders[1].tlsConfig.keyData: must be PEM encoded as base64, as base64 -w0 prints it",
            "extenders[1].tlsConfig.token: unknown field; known fields: serverName, certFile, keyFile, caFile, insecure, \
             certData, keyData, caData",
            "extenders[1].managedResources[3].ignored: unknown field; known fields: name, ignoredByScheduler",
            "extenders[0].urlPrefix: must be a URL such as http://extender.kube-system:8080/scheduler, not \"gpu.example\": it \
             does not begin with http:// or https://",
            "extenders[0].weight: must be positive because there is a prioritizeVerb, not 0; without it the scores count for \
             nothing",
            "extenders[1].bindVerb: only one extender may bind, and extenders[0] does already; remove one bindVerb",
            "extenders[1].managedResources[1].name: must be the name of an extended resource, such as example.com/gpu, not \
             \"cpu\"",
            "extenders[1].managedResources[2].name: \"example.com/gpu\" is managed by extenders[1].managedResources[0] already; \
             name it once",
            "extenders[1].managedResources[3].name: must be the name of an extended resource, such as example.com/gpu, not \"\"",
            "extenders[1].tlsConfig.insecure: must not be true together with caFile or caData; remove one of them",
            "extenders[1].tlsConfig.keyFile: is missing; a client certificate needs keyFile or keyData",
        ]),
    );
}

#[test]
fn a_configuration_changed_after_reading_is_checked_again() {
    let text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration";
    let mut written = parse("p.yaml", text).unwrap();
    written.parallelism = 0;
    written.percentage_of_nodes_to_score = Some(101);
    written.pod_initial_backoff_seconds = 0;
    written.leader_election.retry_period = std::time::Duration::ZERO;
    written.leader_election.resource_name.clear();
    written.profiles.clear();
    let error = crate::resolve(written, &super::registry(), super::DEFAULT).unwrap_err();
    assert_eq!(
        error.to_string(),
        "p.yaml: parallelism: must be at least 1
p.yaml: percentageOfNodesToScore: must be from 0 to 100
p.yaml: podInitialBackoffSeconds: must be at least 1
p.yaml: leaderElection.retryPeriod: must be longer than 0s
p.yaml: leaderElection.resourceName: must not be empty
p.yaml: profiles: must have at least one profile"
    );
}
