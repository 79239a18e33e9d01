//! The effective configuration is itself a file that means the same.

use serde_json::json;

use super::{DEFAULT, loaded, registry, stages};
use crate::{default_profile, show};

#[test]
fn the_default_profile_is_shown_with_everything_filled_in() {
    let shown = show(&default_profile(&registry(), DEFAULT).unwrap());
    assert_eq!(shown["apiVersion"], "kubescheduler.config.k8s.io/v1");
    assert_eq!(shown["kind"], "KubeSchedulerConfiguration");
    assert_eq!(shown["leaderElection"]["leaseDuration"], "15s");
    assert_eq!(shown["clientConnection"]["qps"], 50.0);
    assert_eq!(shown["percentageOfNodesToScore"], 0);
    let profile = &shown["profiles"][0];
    assert_eq!(profile["schedulerName"], "default-scheduler");
    assert_eq!(
        profile["plugins"]["score"],
        json!({"enabled": [
            {"name": "Taints", "weight": 3}, {"name": "Fit", "weight": 1}, {"name": "Spread", "weight": 2},
            {"name": "Image", "weight": 1}
        ]})
    );
    assert_eq!(
        profile["pluginConfig"],
        json!([{"name": "Fit", "args": {
            "ratio": 10, "context": {"scheduler": "default-scheduler", "ignored": []}
        }}])
    );
}

#[test]
fn loading_what_is_shown_gives_the_same_profiles() {
    let text = "
parallelism: 3
percentageOfNodesToScore: 40
leaderElection: {leaseDuration: 1m30.5s}
profiles:
- schedulerName: a
  plugins:
    filter: {enabled: [{name: Extra}, {name: Spread}]}
    score: {disabled: [{name: Taints}], enabled: [{name: Heavy, weight: 4}]}
  pluginConfig: [{name: Fit, args: {ratio: 77}}]
- schedulerName: b
  percentageOfNodesToScore: 0
extenders:
- urlPrefix: http://h
  tlsConfig: {caData: Zm9vYg==}
  managedResources: [{name: example.com/gpu, ignoredByScheduler: true}]
";
    let first = loaded(text).unwrap();
    let second = loaded(&show(&first).to_string()).unwrap();
    assert_eq!(stages(&second), stages(&first));
    assert_eq!(show(&second), show(&first));
    assert_eq!(first.profiles[0].percentage_of_nodes_to_score, Some(40));
}

#[test]
fn a_private_key_is_not_shown() {
    let resolved =
        loaded("extenders: [{urlPrefix: 'http://h', tlsConfig: {certData: Zm9v, keyData: c2VjcmV0}}]")
            .unwrap();
    let shown = show(&resolved);
    assert_eq!(shown["extenders"][0]["tlsConfig"]["keyData"], "<redacted>");
    assert_eq!(shown["extenders"][0]["tlsConfig"]["certData"], "Zm9v");
    assert!(!shown.to_string().contains("c2VjcmV0"));
}
