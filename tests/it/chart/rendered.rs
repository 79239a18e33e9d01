//! What holds of every rendering.

use std::collections::BTreeSet;

use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::plugin::Plugin;
use longshore_framework::registry::{Instance, Registry};
use longshore_loader as plugins;
use longshore_profile::Configuration;
use longshore_wasm::Settings;
use serde_json::{Value, json};

use super::helm::{Helm, objects};
use super::value_sets;

/// Every value set with the objects it renders as release `release` in `longshore-system`.
fn renderings() -> Vec<(String, Vec<Value>)> {
    let Some(helm) = Helm::find() else { return Vec::new() };
    let render = |set: String| {
        let objects = objects(&helm.template_set("release", "longshore-system", &set));
        (set, objects)
    };
    value_sets().into_iter().map(render).collect()
}

/// The default values with these set.
fn with(set: &str) -> Option<Vec<Value>> {
    let helm = Helm::find()?;
    let rendered = helm.template("release", "longshore-system", &["--set-json", set]);
    Some(objects(&rendered.unwrap_or_else(|error| panic!("{set}: {error}"))))
}

fn of_kind<'o>(objects: &'o [Value], kind: &'static str) -> impl Iterator<Item = &'o Value> {
    objects.iter().filter(move |o| o["kind"] == kind)
}

fn configuration(objects: &[Value]) -> Option<&str> {
    of_kind(objects, "ConfigMap").find_map(|map| map["data"]["config.yaml"].as_str())
}

/// A plugin that is not there, for one in WebAssembly that could not be fetched here. It has no stage.
struct Module(String);

impl Plugin for Module {
    fn name(&self) -> &str {
        &self.0
    }
}

/// The configuration, the args of plugins in WebAssembly checked and their modules left where they are.
#[track_caller]
fn load(text: &str) -> longshore_profile::Resolved {
    let loaded = longshore_profile::load_with(
        "config.yaml",
        text,
        Features::default(),
        registry,
        plugins::default_multi_point(),
    );
    loaded.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn registry(configuration: &mut Configuration, _: &mut Problems<'_>) -> Registry {
    let mut registry = plugins::registry();
    let configs = configuration.profiles.iter().flat_map(|p| &p.plugin_config);
    for config in configs.filter(|c| Settings::concern(&c.args)) {
        let name = config.name.clone();
        registry.add(&config.name, move |args, _, problems| {
            Settings::read(args, problems);
            Instance::of(Module(name.clone())).build()
        });
    }
    registry
}

/// The arguments of the scheduler's container.
fn arguments(objects: &[Value]) -> Vec<&str> {
    let deployment = of_kind(objects, "Deployment").next().expect("there is one");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    container["args"].as_array().expect("they are a list").iter().filter_map(Value::as_str).collect()
}

fn flag<'a>(arguments: &[&'a str], name: &str) -> &'a str {
    let value = arguments.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name} in {arguments:?}"))
}

#[test]
fn every_configuration_is_one_that_the_scheduler_takes() {
    for (set, objects) in renderings() {
        let Some(text) = configuration(&objects) else {
            assert_eq!(set, "existing-configmap");
            continue;
        };
        let resolved = load(text);
        assert!(resolved.warnings.is_empty(), "{set}: {:?}", resolved.warnings);
    }
}

#[test]
fn plugins_change_the_profile_that_the_chart_writes() {
    let set = r#"plugins=[{"name":"NodeResourcesFit","weight":5},{"name":"ImageLocality","enabled":false},
        {"name":"NodeAffinity","args":{"addedAffinity":{}}}]"#;
    let Some(objects) = with(set) else { return };
    let resolved = load(configuration(&objects).expect("there is one"));
    let shown = longshore_profile::show(&resolved);
    let score = shown["profiles"][0]["plugins"]["score"]["enabled"].as_array().expect("a list").clone();
    let weight = |name: &str| score.iter().find(|p| p["name"] == name).map(|p| p["weight"].clone());
    assert_eq!(weight("NodeResourcesFit"), Some(json!(5)));
    assert_eq!(weight("ImageLocality"), None);
    assert_eq!(weight("NodeAffinity"), Some(json!(2)), "arguments alone leave the default weight");
}

#[test]
fn a_plugin_from_a_config_map_is_where_its_source_says() {
    let set = r#"plugins=[{"name":"Gang","configMap":{"name":"gang-plugin","key":"gang.wasm"}}]"#;
    let Some(objects) = with(set) else { return };
    let deployment = of_kind(&objects, "Deployment").next().expect("there is one");
    let pod = &deployment["spec"]["template"]["spec"];
    let volume = json!({"name": "plugin-0", "configMap": {"name": "gang-plugin"}});
    assert!(pod["volumes"].as_array().expect("a list").contains(&volume), "{pod}");
    let mounts = pod["containers"][0]["volumeMounts"].as_array().expect("a list");
    let mount = mounts.iter().find(|m| m["name"] == "plugin-0").expect("it is mounted");
    let text = configuration(&objects).expect("there is one");
    let args = &load(text).configuration.profiles[0].plugin_config[0].args;
    let source = format!("file://{}/gang.wasm", mount["mountPath"].as_str().expect("a path"));
    assert_eq!(args["source"], json!(source));
}

#[test]
fn file_flags_and_role_name_one_lease() {
    for (set, objects) in renderings() {
        let arguments = arguments(&objects);
        let (name, namespace) = (
            flag(&arguments, "--leader-elect-resource-name"),
            flag(&arguments, "--leader-elect-resource-namespace"),
        );
        if let Some(text) = configuration(&objects) {
            let election = load(text).configuration.leader_election;
            assert_eq!(
                (election.resource_name.as_str(), election.resource_namespace.as_str()),
                (name, namespace),
                "{set}"
            );
        }
        let elects = flag(&arguments, "--leader-elect") == "true";
        let allowed = of_kind(&objects, "Role").any(|role| {
            let rules = role["rules"].as_array().expect("a role has rules");
            let renews = |rule: &Value| {
                rule["resources"] == json!(["leases"]) && rule["resourceNames"] == json!([name])
            };
            role["metadata"]["namespace"] == namespace && rules.iter().any(renews)
        });
        assert_eq!(allowed, elects, "{set}: a role for the lease {namespace}/{name}");
    }
}

#[test]
fn the_schedulers_own_pods_wait_for_the_default_scheduler() {
    for (set, objects) in renderings() {
        let templates = of_kind(&objects, "Deployment").map(|d| &d["spec"]["template"]);
        for pod in templates.chain(of_kind(&objects, "Pod")) {
            assert_eq!(pod["spec"]["schedulerName"], "default-scheduler", "{set}");
        }
    }
}

#[test]
fn pods_pass_the_restricted_pod_security_standard() {
    for (set, objects) in renderings() {
        let templates = of_kind(&objects, "Deployment").map(|d| &d["spec"]["template"]);
        for pod in templates.chain(of_kind(&objects, "Pod")) {
            let context = &pod["spec"]["containers"][0]["securityContext"];
            let expected = json!({
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
                "runAsUser": 65532, "runAsGroup": 65532, "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            });
            assert_eq!(*context, expected, "{set}");
        }
    }
}

#[test]
fn selectors_find_the_pods() {
    for (set, objects) in renderings() {
        let deployment = of_kind(&objects, "Deployment").next().expect("there is one");
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        let within = |selector: &Value, what: &str| {
            for (key, value) in
                selector.as_object().unwrap_or_else(|| panic!("{set}: {what} has no selector"))
            {
                assert_eq!(labels[key], *value, "{set}: {what} does not select the pods by {key}");
            }
        };
        within(&deployment["spec"]["selector"]["matchLabels"], "the Deployment");
        of_kind(&objects, "Service").for_each(|o| within(&o["spec"]["selector"], "the Service"));
        of_kind(&objects, "PodDisruptionBudget")
            .for_each(|o| within(&o["spec"]["selector"]["matchLabels"], "the budget"));
        of_kind(&objects, "NetworkPolicy")
            .for_each(|o| within(&o["spec"]["podSelector"]["matchLabels"], "the network policy"));
        for constraint in
            deployment["spec"]["template"]["spec"]["topologySpreadConstraints"].as_array().unwrap()
        {
            within(&constraint["labelSelector"]["matchLabels"], "a spread constraint");
        }
    }
}

#[test]
fn every_object_says_what_it_belongs_to() {
    for (set, objects) in renderings() {
        for object in &objects {
            let labels = &object["metadata"]["labels"];
            for label in ["name", "instance", "version", "component", "part-of", "managed-by"] {
                let label = format!("app.kubernetes.io/{label}");
                assert!(labels[&label].is_string(), "{set}: {} has no {label}", object["kind"]);
            }
            assert!(labels["helm.sh/chart"].is_string(), "{set}: {}", object["kind"]);
        }
    }
}

/// Kind, namespace and name of every object.
fn keys(helm: &Helm, release: &str, namespace: &str) -> Vec<String> {
    let objects = objects(&helm.template_set(release, namespace, "everything"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let key = |o: &Value| {
        let (kind, meta) = (&o["kind"], &o["metadata"]);
        format!("{} {}/{}", text(kind), text(&meta["namespace"]), text(&meta["name"]))
    };
    objects.iter().map(key).collect()
}

#[test]
fn releases_do_not_meet() {
    let Some(helm) = Helm::find() else { return };
    let mut seen = BTreeSet::new();
    for (release, namespace) in
        [("a", "one"), ("b", "one"), ("a", "two"), ("longshore", "two"), ("a-one", "two")]
    {
        for key in keys(&helm, release, namespace) {
            assert!(seen.insert(key.clone()), "{key} is in two releases");
        }
    }
}
