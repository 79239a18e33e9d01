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

#[test]
fn a_successor_that_stands_there_already_is_not_listed_twice() {
    let names = |names: &[&str]| -> Value { names.iter().map(|name| json!({"name": name})).collect() };
    let old = names(&["EBSLimits", "NodePorts", "NodeVolumeLimits", "AzureDiskLimits"]);
    let (profile, _) = migrated("v1beta3", json!({"plugins": {"filter": {"enabled": old}}}));
    assert_eq!(profile["plugins"]["filter"]["enabled"], names(&["NodePorts", "NodeVolumeLimits"]));
}

#[test]
fn args_of_other_schedulers_lose_what_is_gone() {
    let config = |name: &str, args: Value| json!({"pluginConfig": [{"name": name, "args": args}]});
    let check = |name: &str, old: Value, new: Value, count: usize| {
        let (profile, changes) = migrated("v1beta1", config(name, old));
        assert_eq!(profile["pluginConfig"], config(name, new)["pluginConfig"]);
        // The weights of before are said too.
        assert_eq!(changes.len(), count + 4, "{changes:?}");
    };
    let numa = json!({"kubeconfigpath": "x", "masterOverride": "", "namespaces": ["a"]});
    check("NodeResourceTopologyMatch", numa, json!({}), 3);
    let gang = json!({"permitWaitingTimeSeconds": 10, "deniedPGExpirationTimeSeconds": 3});
    check("Coscheduling", gang, json!({"permitWaitingTimeSeconds": 10}), 1);
    let namespaces = json!({"namespaces": ["a"]});
    check("NetworkOverhead", namespaces.clone(), namespaces, 0);
}

#[test]
fn constraints_were_a_list_where_nothing_was_said() {
    let args = json!({"defaultConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]});
    let profile = json!({"pluginConfig": [{"name": "PodTopologySpread", "args": args}]});
    let kind = |version: &str| {
        migrated(version, profile.clone()).0["pluginConfig"][0]["args"]["defaultingType"].clone()
    };
    assert_eq!(kind("v1beta1"), "List");
    // Later versions refuse such a file themselves.
    assert_eq!(kind("v1beta2"), Value::Null);
}

#[test]
fn settings_of_the_first_version_go_to_their_plugins() {
    let text = format!(
        "apiVersion: kubescheduler.config.k8s.io/v1alpha1\nkind: {KIND}\nschedulerName: mine\nhardPodAffinitySymmetricWeight: 5\n\
         bindTimeoutSeconds: 60\ndisablePreemption: true\nalgorithmSource: {{provider: DefaultProvider}}\n"
    );
    let profile = migrate("file", &text).unwrap().configuration["profiles"][0].clone();
    assert_eq!(profile["schedulerName"], "mine");
    assert_eq!(profile["plugins"]["postFilter"]["disabled"], json!([{"name": "DefaultPreemption"}]));
    assert_eq!(
        profile["pluginConfig"],
        json!([
            {"name": "InterPodAffinity", "args": {"hardPodAffinityWeight": 5}},
            {"name": "VolumeBinding", "args": {"bindTimeoutSeconds": 60}},
        ])
    );
}
