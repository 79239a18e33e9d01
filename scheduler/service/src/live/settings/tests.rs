//! Every setting has its row: a change of it, and when that counts.

use longshore_engine::Options;
use longshore_framework::profile::Profile;

use super::*;

const HEAD: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

const IDLE: Takes = Takes::Nothing("");

/// A file with nothing but this setting, its path, and when a change of it counts.
const ROWS: [(&str, &str, Takes); 23] = [
    ("parallelism: 1", "parallelism", Takes::AtOnce),
    ("enableProfiling: false\nenableContentionProfiling: true", "enableProfiling", IDLE),
    ("enableContentionProfiling: false", "enableContentionProfiling", IDLE),
    ("percentageOfNodesToScore: 40", "percentageOfNodesToScore", Takes::AtOnce),
    ("podInitialBackoffSeconds: 3", "podInitialBackoffSeconds", Takes::AtOnce),
    ("podMaxBackoffSeconds: 30", "podMaxBackoffSeconds", Takes::AtOnce),
    ("delayCacheUntilActive: true", "delayCacheUntilActive", Takes::AtRestart),
    (
        "profiles: [{pluginConfig: [{name: VolumeBinding, args: {bindTimeoutSeconds: 7}}]}]",
        "profiles",
        Takes::AtOnce,
    ),
    ("catalogue: 'file:///x'", "catalogue", Takes::AtOnce),
    ("verification: {keys: ['file:///x']}", "verification", Takes::AtOnce),
    ("extenders: [{urlPrefix: 'http://127.0.0.1:1', filterVerb: f}]", "extenders", Takes::AtOnce),
    ("leaderElection: {leaderElect: false}", "leaderElection.leaderElect", Takes::AtRestart),
    ("leaderElection: {leaseDuration: 20s}", "leaderElection.leaseDuration", Takes::AtRestart),
    ("leaderElection: {renewDeadline: 11s}", "leaderElection.renewDeadline", Takes::AtRestart),
    ("leaderElection: {retryPeriod: 3s}", "leaderElection.retryPeriod", Takes::AtRestart),
    ("leaderElection: {resourceLock: leases}", "", Takes::AtRestart),
    ("leaderElection: {resourceName: x}", "leaderElection.resourceName", Takes::AtRestart),
    ("leaderElection: {resourceNamespace: x}", "leaderElection.resourceNamespace", Takes::AtRestart),
    ("clientConnection: {kubeconfig: /x}", "clientConnection.kubeconfig", Takes::AtRestart),
    ("clientConnection: {acceptContentTypes: x/y}", "clientConnection.acceptContentTypes", IDLE),
    ("clientConnection: {contentType: application/json}", "clientConnection.contentType", IDLE),
    ("clientConnection: {qps: 7}", "clientConnection.qps", Takes::AtRestart),
    ("clientConnection: {burst: 7}", "clientConnection.burst", Takes::AtRestart),
];

fn read(text: &str) -> Configuration {
    longshore_profile::parse("-", &format!("{HEAD}{text}")).unwrap()
}

fn same(one: Takes, other: Takes) -> bool {
    std::mem::discriminant(&one) == std::mem::discriminant(&other)
}

#[test]
fn every_setting_counts_at_once_or_is_named() {
    let before = read("");
    for (text, field, takes) in ROWS {
        let after = read(text);
        let found = differences(&before, &after);
        if field.is_empty() {
            // There is one value only.
            assert_eq!(found, [], "{text}");
            continue;
        }
        let [(name, when)] = found[..] else { panic!("{text}: {found:?}") };
        assert_eq!(name, field);
        assert!(same(when, takes), "{field}: {when:?}");
        // What is shown as in force is in force: what a restart is needed for is not.
        let shown = differences(&before, &as_in_force(&before, after));
        assert_eq!(shown.is_empty(), takes == Takes::AtRestart, "{field}: {shown:?}");
    }
}

#[test]
fn no_setting_is_without_a_row() {
    for (field, ..) in fields(&Configuration::default()) {
        let has = ROWS.iter().any(|(_, row, _)| *row == field);
        assert!(has || field == "leaderElection.resourceLock", "{field}");
    }
}

#[test]
fn the_engines_settings_are_put_in_force() {
    let mut engine = Engine::new(vec![Profile::new("default-scheduler")], Options::default());
    apply(&mut engine, &read("parallelism: 1\npodInitialBackoffSeconds: 3\npodMaxBackoffSeconds: 30"));
    let options = engine.options();
    assert_eq!(options.parallelism.threads(), 1);
    let times = (options.initial_backoff, options.max_backoff);
    assert_eq!(times, (Duration::from_secs(3), Duration::from_secs(30)));
    let pool = options.parallelism.pool.clone();
    apply(&mut engine, &read("parallelism: 1"));
    let same = |a: &Option<Arc<_>>, b: &Option<Arc<_>>| {
        a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| Arc::ptr_eq(a, b))
    };
    assert!(rayon::current_num_threads() == 1 || same(&pool, &engine.options().parallelism.pool));
    apply(&mut engine, &read(""));
    assert!(engine.options().parallelism.threads() <= 16);
}
