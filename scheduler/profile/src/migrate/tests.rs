use serde_json::json;

use super::*;

/// The profile of the migrated file, and what changed.
fn migrated(version: &str, profile: Value) -> (Value, Vec<String>) {
    let file = json!({
        "apiVersion": format!("kubescheduler.config.k8s.io/{version}"), "kind": KIND, "profiles": [profile],
    });
    let Migrated { configuration, changes } = migrate("file", &file.to_string()).unwrap();
    assert_eq!(configuration["apiVersion"], API_VERSION);
    (configuration["profiles"][0].clone(), changes)
}

#[test]
fn a_file_of_v1_stays_what_it_is() {
    let profile = json!({"plugins": {"score": {"enabled": [{"name": "X"}]}}});
    assert_eq!(migrated("v1", profile.clone()), (profile, Vec::new()));
}

#[test]
fn the_version_of_args_changes_too() {
    let config = |version: &str| {
        let args = json!({"apiVersion": format!("kubescheduler.config.k8s.io/{version}"), "kind": "XArgs"});
        json!({"pluginConfig": [{"name": "X", "args": args}]})
    };
    let mut old = config("v1beta3");
    old["pluginConfig"][0]["args"]["kubeConfigPath"] = "/etc/kubernetes/scheduler.conf".into();
    let (profile, changes) = migrated("v1beta3", old);
    assert_eq!((profile, changes.len()), (config("v1"), 3));
}

#[test]
fn weights_of_before_are_written_out_where_the_profile_says_nothing() {
    let (profile, changes) =
        migrated("v1beta2", json!({"plugins": {"score": {"disabled": [{"name": "NodeAffinity"}]}}}));
    let enabled =
        json!([{"name": "InterPodAffinity", "weight": 1}, {"name": "TaintToleration", "weight": 1}]);
    assert_eq!(profile["plugins"]["score"]["enabled"], enabled);
    assert!(changes[1].contains("InterPodAffinity has its default weight of before"), "{changes:?}");
    let all = json!({"plugins": {"score": {"disabled": [{"name": "*"}]}}});
    assert_eq!(migrated("v1beta2", all.clone()).0, all);
    assert_eq!(migrated("v1beta3", json!({})).0, json!({}));
    let without =
        format!("apiVersion: kubescheduler.config.k8s.io/v1beta1\nkind: {KIND}\nhealthzBindAddress: x\n");
    let found = migrate("file", &without).unwrap();
    assert_eq!(
        found.configuration["profiles"][0]["plugins"]["score"]["enabled"].as_array().unwrap().len(),
        3
    );
    assert!(found.configuration.get("healthzBindAddress").is_none());
}

#[test]
fn scorers_of_resources_become_strategies() {
    let old = json!({
        "plugins": {"score": {
            "disabled": [{"name": "NodeResourcesLeastAllocated"}, {"name": "*"}],
            "enabled": [{"name": "NodeResourcesMostAllocated", "weight": 5}],
        }},
        "pluginConfig": [{"name": "NodeResourcesMostAllocated", "args": {"resources": [{"name": "cpu", "weight": 2}]}}],
    });
    let strategy = json!({"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 2}]});
    let new = json!({
        "plugins": {"score": {
            "disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit", "weight": 5}],
        }},
        "pluginConfig": [{"name": "NodeResourcesFit", "args": {"scoringStrategy": strategy}}],
    });
    assert_eq!(migrated("v1beta1", old).0, new);
}

#[test]
fn plugins_that_are_gone_are_exchanged_or_left_out() {
    let old = json!({
        "plugins": {"filter": {"enabled": [{"name": "EBSLimits"}, {"name": "GCEPDLimits"}, {"name": "NodeLabel"}, {"name": "X"}]}},
        "pluginConfig": [{"name": "NodeLabel", "args": {}}],
    });
    let (profile, changes) = migrated("v1beta3", old);
    let enabled = json!([{"name": "NodeVolumeLimits"}, {"name": "X"}]);
    assert_eq!(profile, json!({"plugins": {"filter": {"enabled": enabled}}, "pluginConfig": []}));
    assert_eq!(changes.len(), 5, "{changes:?}");
}

#[test]
fn a_policy_becomes_a_profile() {
    let policy = r#"{"apiVersion": "v1", "kind": "Policy",
        "predicates": [{"name": "GeneralPredicates"}, {"name": "PodFitsResources"}, {"name": "Own"}],
        "priorities": [{"name": "MostRequestedPriority", "weight": 3}, {"name": "SelectorSpreadPriority", "weight": 1},
                       {"name": "EvenPodsSpreadPriority", "weight": 2}],
        "extenders": [{"urlPrefix": "http://x", "enableHttps": false, "httpTimeout": 5000000000}],
        "hardPodAffinitySymmetricWeight": 10}"#;
    let Migrated { configuration, changes } = migrate("file", policy).unwrap();
    let plugins = &configuration["profiles"][0]["plugins"];
    let names = |stage: &str| -> Vec<&str> {
        plugins[stage]["enabled"]
            .as_array()
            .unwrap()
            .iter()
            .map(|each| each["name"].as_str().unwrap())
            .collect()
    };
    let filters =
        ["NodeUnschedulable", "TaintToleration", "NodeResourcesFit", "NodeName", "NodePorts", "NodeAffinity"];
    assert_eq!(names("filter"), filters);
    assert_eq!(names("preFilter"), ["NodeResourcesFit", "NodePorts", "NodeAffinity"]);
    let scorers =
        json!([{"name": "NodeResourcesFit", "weight": 3}, {"name": "PodTopologySpread", "weight": 3}]);
    assert_eq!(plugins["score"]["enabled"], scorers);
    assert_eq!(configuration["extenders"][0]["httpTimeout"], "5000ms");
    assert!(
        changes.iter().any(|change| change == "predicates: Own is left out: it has no successor"),
        "{changes:?}"
    );
}

#[test]
fn other_kinds_are_refused() {
    let error = migrate("file", "apiVersion: v1\nkind: Pod\n").unwrap_err().to_string();
    assert!(
        error.starts_with("file: kind: must be KubeSchedulerConfiguration or Policy, not \"Pod\""),
        "{error}"
    );
}
