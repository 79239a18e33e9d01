//! The chart's roles grant what the scheduler asks for, and nothing else. Read from the golden files, so that no helm is needed.

use std::collections::BTreeSet;

use longshore_cluster::kinds::{KINDS, OF_NEW_PODS};
use longshore_cluster::rights::{CLIENT_CA, Place, rights};
use serde_json::Value;

use super::helm::objects;
use super::{read, value_sets};

/// A verb on a resource: where (empty: everywhere), group, resource, name (empty: any), verb.
type Granted = (String, String, String, String, String);

fn golden(set: &str) -> Vec<Value> {
    objects(&read(&format!("tests/chart/golden/{set}.yaml")))
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
}

/// Everything that a role allows, one by one.
fn granted(role: &Value) -> BTreeSet<Granted> {
    let namespace = role["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut all = BTreeSet::new();
    for rule in role["rules"].as_array().expect("a role has rules") {
        let mut names = strings(&rule["resourceNames"]);
        if names.is_empty() {
            names.push(String::new());
        }
        for group in strings(&rule["apiGroups"]) {
            for resource in strings(&rule["resources"]) {
                for name in &names {
                    for verb in strings(&rule["verbs"]) {
                        let place = (namespace.to_string(), group.clone(), resource.clone());
                        all.insert((place.0, place.1, place.2, name.clone(), verb));
                    }
                }
            }
        }
    }
    all
}

/// The scheduler's flags.
fn flag(objects: &[Value], name: &str) -> String {
    let deployment = objects.iter().find(|o| o["kind"] == "Deployment").expect("there is one");
    let args = strings(&deployment["spec"]["template"]["spec"]["containers"][0]["args"]);
    let value = args.iter().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name}")).to_string()
}

/// What `run` with these flags asks for.
fn asked(objects: &[Value]) -> BTreeSet<Granted> {
    let lease =
        (flag(objects, "--leader-elect-resource-namespace"), flag(objects, "--leader-elect-resource-name"));
    let mut all = BTreeSet::new();
    for right in rights(flag(objects, "--leader-elect") == "true", &[]) {
        let (namespace, name) = match right.place {
            Place::Cluster => ("", ""),
            Place::LeaseNamespace => (lease.0.as_str(), ""),
            Place::Lease => (lease.0.as_str(), lease.1.as_str()),
            Place::ClientCa => CLIENT_CA,
        };
        for verb in right.verbs {
            let parts = [namespace, right.group, right.resource, name, verb].map(str::to_string);
            all.insert(parts.into());
        }
    }
    all
}

/// Roles that are bound to the account `name`, with the names of those that are not in the rendering.
fn bound<'o>(objects: &'o [Value], account: &str) -> (Vec<&'o Value>, Vec<String>) {
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    let is_binding = |o: &&Value| o["kind"] == "ClusterRoleBinding" || o["kind"] == "RoleBinding";
    for binding in objects.iter().filter(is_binding) {
        if binding["subjects"][0]["name"] != account {
            continue;
        }
        let reference = &binding["roleRef"];
        let role = objects
            .iter()
            .find(|o| (&o["kind"], &o["metadata"]["name"]) == (&reference["kind"], &reference["name"]));
        match role {
            Some(role) => ours.push(role),
            None => others.push(reference["name"].as_str().expect("a name").to_string()),
        }
    }
    (ours, others)
}

fn account(objects: &[Value]) -> String {
    let deployment = objects.iter().find(|o| o["kind"] == "Deployment").expect("there is one");
    let name = deployment["spec"]["template"]["spec"]["serviceAccountName"].as_str();
    name.expect("it has an account").to_string()
}

#[test]
fn the_roles_grant_what_the_scheduler_asks_for_and_nothing_else() {
    for set in value_sets().into_iter().filter(|set| set != "builtin-rbac") {
        let objects = golden(&set);
        let (roles, others) = bound(&objects, &account(&objects));
        assert_eq!(others, Vec::<String>::new(), "{set}: roles that are not the chart's are bound");
        // Rules that the values add are the values'.
        let own = roles.iter().filter(|r| !r["metadata"]["name"].as_str().unwrap_or("").contains("-extra."));
        let granted: BTreeSet<Granted> = own.flat_map(|role| granted(role)).collect();
        let asked = asked(&objects);
        let (needless, missing) = (granted.difference(&asked), asked.difference(&granted));
        assert_eq!(
            (needless.collect::<Vec<_>>(), missing.collect::<Vec<_>>()),
            (Vec::new(), Vec::new()),
            "{set}: (granted and not asked for, asked for and not granted)"
        );
    }
}

#[test]
fn the_built_in_roles_are_bound_when_they_are_asked_for() {
    let objects = golden("builtin-rbac");
    let (roles, mut others) = bound(&objects, &account(&objects));
    others.sort();
    let want = [
        "extension-apiserver-authentication-reader",
        "system:auth-delegator",
        "system:kube-scheduler",
        "system:volume-scheduler",
    ];
    assert_eq!(others, want);
    let granted: BTreeSet<Granted> = roles.iter().flat_map(|role| granted(role)).collect();
    assert!(granted.iter().all(|(_, _, resource, _, _)| resource == "leases"), "{granted:?}");
}

#[test]
fn people_who_explain_may_list_what_a_simulation_lists() {
    let objects = golden("defaults");
    let name = |o: &Value| o["metadata"]["name"].as_str().unwrap_or_default().to_string();
    let role = objects.iter().find(|o| o["kind"] == "ClusterRole" && name(o).contains("-explain."));
    let granted = granted(role.expect("there is one"));
    let watched = KINDS.iter().map(|kind| (kind.group(), kind.plural));
    let group = |version: &'static str| version.split_once('/').map_or("", |(group, _)| group);
    let of_new_pods = OF_NEW_PODS.iter().map(|kind| (group(kind.api_version), kind.plural));
    let listed: BTreeSet<Granted> = watched
        .chain(of_new_pods)
        .map(|(group, plural)| ["", group, plural, "", "list"].map(str::to_string).into())
        .collect();
    let resources: BTreeSet<Granted> = granted.into_iter().filter(|g| !g.2.is_empty()).collect();
    assert_eq!(resources, listed);
}

#[test]
fn a_release_can_change_between_its_own_roles_and_the_built_in_ones() {
    // The API server lets nobody change the role of a binding.
    let role = |objects: &[Value], like: &Value| {
        let same = |o: &&Value| ["kind", "metadata"].iter().all(|f| key(&o[f]) == key(&like[f]));
        objects.iter().find(same).map(|o| o["roleRef"].clone())
    };
    let (own, built_in) = (golden("defaults"), golden("builtin-rbac"));
    for binding in own.iter().filter(|o| o["roleRef"].is_object()) {
        if let Some(other) = role(&built_in, binding) {
            assert_eq!(other, binding["roleRef"], "{}", binding["metadata"]["name"]);
        }
    }
}

/// A kind as it is, of metadata what tells an object apart.
fn key(value: &Value) -> Value {
    match value.get("name") {
        Some(name) => Value::Array(vec![value["namespace"].clone(), name.clone()]),
        None => value.clone(),
    }
}
