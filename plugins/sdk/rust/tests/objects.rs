//! A plugin that reads objects, as its tests and the scheduler run it.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use longshore_plugin::Instance;
use longshore_plugin::bindings::exports::longshore::scheduler::objects::Change;
use longshore_plugin::prelude::*;
use longshore_plugin::testing::{Cluster, Node, Run, asked};
use serde::Deserialize;
use serde_json::{Value, json};

columns! {
    NAME: Text = name(),
    ZONE: Text = label("topology.kubernetes.io/zone"),
}

objects! {
    WINDOWS: Window = kind("example.com/v1", "Window").fields(&["spec.open"]),
    NAMESPACES: Namespace = kind("v1", "Namespace"),
}

#[derive(Deserialize)]
struct Window {
    spec: WindowSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WindowSpec {
    open: bool,
    not_declared: Option<bool>,
}

#[derive(Deserialize)]
struct Namespace {}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    group: String,
    key: String,
}

struct Windows;

impl Plugin for Windows {
    type Config = Config;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("Windows").columns(COLUMNS).objects(KINDS).single().event_of(WINDOWS, &["*"])
    }

    fn describe(config: &Config) -> Result<Manifest, Error> {
        if config.group.is_empty() {
            return Ok(Self::manifest());
        }
        let manifest = Self::manifest().replace(ZONE, Column::Label(config.key.clone().into()));
        Ok(manifest.replace_kind(WINDOWS, &format!("{}/v2", config.group), "Gate"))
    }

    fn new(_config: Config) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl PreFilter for Windows {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        let open = WINDOWS.of_namespace(&pod.namespace).iter().any(|window| window.spec.open);
        if open {
            return Ok(PreFilterOutcome::All(()));
        }
        let zones: Vec<_> =
            host::table().nodes().iter().map(|node| node.text(ZONE).unwrap_or("-").to_owned()).collect();
        Ok(PreFilterOutcome::Reject(Reject::unschedulable(format!("closed in {}", zones.join(" ")))))
    }
}

impl Filter for Windows {
    fn filter(&self, _cycle: &Cycle<Self>, node: longshore_plugin::Node<'_>) -> Verdict {
        let zone = node.word(ZONE);
        let alike = |node: longshore_plugin::Node<'_>| node.word(ZONE) == zone;
        fit_if(
            host::table().nodes().iter().filter(|node| alike(*node)).count() > 1
                && node.table().node(NAME, node.text(NAME).unwrap_or_default()).is_some(),
            "alone in its zone",
        )
    }
}

impl Hints for Windows {
    fn hint(&self, _pod: &Pod, event: &Event) -> Result<bool, Error> {
        Ok(match WINDOWS.changed(event) {
            Some(window) => window.after.is_some_and(|window| window.spec.open),
            None => true,
        })
    }
}

export_plugin!(Windows: PreFilter, Filter, Hints, Objects);

fn window(namespace: &str, name: &str, open: Value) -> Value {
    json!({
        "metadata": {
            "namespace": namespace, "name": name, "labels": {"team": name},
            "ownerReferences": [{"kind": "Team", "name": name, "uid": format!("owner-{name}")}],
        },
        "spec": {"open": open, "notDeclared": true},
    })
}

fn nodes() -> Cluster {
    let node = |name, zone| Node::new(name).label("topology.kubernetes.io/zone", zone).label("rack", name);
    Cluster::new().node(node("a", "west")).node(node("b", "west")).node(node("c", "east"))
}

fn names<T>(objects: &[std::rc::Rc<Object<T>>]) -> String {
    let names: Vec<_> =
        objects.iter().map(|object| format!("{}/{}", object.namespace, object.name)).collect();
    names.join(" ")
}

#[test]
fn objects_are_found_by_name_namespace_label_and_owner_and_follow_what_changes() {
    let two = |b: Value| {
        nodes()
            .object(WINDOWS, window("shop", "b", b))
            .object(WINDOWS, window("shop", "a", json!(false)))
            .object(WINDOWS, window("bank", "b", json!(true)))
            .object(
                NAMESPACES,
                r#"{"metadata": {"name": "shop", "creationTimestamp": "1970-01-01T00:00:02Z"}}"#,
            )
    };
    let mut run = Run::new(Windows, &two(json!(false)));
    run.plugin();
    assert_eq!(names(&WINDOWS.all()), "bank/b shop/a shop/b");
    assert_eq!(names(&WINDOWS.of_namespace("shop")), "shop/a shop/b");
    assert_eq!(names(&WINDOWS.labelled("team", "b")), "bank/b shop/b");
    assert_eq!(names(&WINDOWS.owned_by("owner-a")), "shop/a");
    assert_eq!(NAMESPACES.get("", "shop").unwrap().created, Some(2000));
    assert!(WINDOWS.get("shop", "c").is_none());
    let undeclared = WINDOWS.get("shop", "a").unwrap().spec.not_declared;
    assert_eq!(undeclared, None, "fields that are not declared are not there");

    let before = (WINDOWS.changes(), NAMESPACES.changes());
    run.change(&two(json!(false)));
    assert_eq!((WINDOWS.changes(), NAMESPACES.changes()), before, "nothing changed");
    run.change(&two(json!(true)));
    assert_eq!((WINDOWS.changes(), NAMESPACES.changes()), (before.0 + 1, before.1));
    assert!(WINDOWS.get("shop", "b").unwrap().spec.open);
    run.change(&nodes());
    assert_eq!(
        (names(&WINDOWS.all()), names(&WINDOWS.labelled("team", "b"))),
        (String::new(), String::new())
    );
    assert_eq!(names(&WINDOWS.owned_by("owner-a")), "");
}

#[test]
fn an_object_that_cannot_be_read_is_absent_and_said_once() {
    let broken = nodes().object(WINDOWS, window("shop", "a", json!("yes")));
    let mut run = Run::new(Windows, &broken);
    assert!(WINDOWS.get("shop", "a").is_none());
    let error = WINDOWS.error("shop", "a").unwrap();
    assert!(error.contains("expected a boolean"), "{error}");
    assert_eq!(WINDOWS.errors(), [("shop".to_owned(), "a".to_owned(), error)]);
    let log = asked().log;
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(
        log[0].1.starts_with("Window.v1.example.com shop/a cannot be read and counts as absent: "),
        "{log:?}"
    );

    run.change(&nodes().object(WINDOWS, {
        let mut same = window("shop", "a", json!("yes"));
        same["metadata"]["labels"] = json!({});
        same
    }));
    assert_eq!(asked().log, [], "the same cause is not said again");
    run.change(&nodes().object(WINDOWS, window("shop", "a", json!(true))));
    assert!(WINDOWS.error("shop", "a").is_none() && WINDOWS.get("shop", "a").is_some());
}

#[test]
fn every_node_of_the_table_is_walked_from_every_stage() {
    let mut run = Run::new(Windows, &nodes());
    let pod = Pod::new("shop", "web");
    let reject = Reject::unschedulable("closed in west west east");
    assert_eq!(run.pre_filter(&pod).unwrap(), PreFilterOutcome::Reject(reject));
    let verdicts = run.filter(&pod);
    assert!(verdicts["a"].fits() && verdicts["b"].fits() && !verdicts["c"].fits());
    // As it would be in another zone: the table that the plugin walks is that as well.
    let moved = Cluster::new()
        .node(Node::new("a").label("topology.kubernetes.io/zone", "north"))
        .node(Node::new("b"))
        .node(Node::new("c"));
    assert!(!run.filter_supposed(&pod, "a", &moved).fits());
    assert!(run.filter(&pod)["a"].fits(), "what was supposed is over");
}

/// Finds out once for a pod whether there is a window.
struct Prepares;

impl Plugin for Prepares {
    type Config = ();
    type Shared = ();
    type Prepared = bool;

    fn manifest() -> Manifest {
        Manifest::new("Prepares").objects(KINDS)
    }

    fn new((): ()) -> Result<Self, Error> {
        Ok(Self)
    }

    fn prepare(&self, pod: &Pod, _shared: &(), _words: &mut Words) -> Result<bool, Error> {
        Ok(!WINDOWS.of_namespace(&pod.namespace).is_empty())
    }
}

impl Filter for Prepares {
    fn filter(&self, cycle: &Cycle<Self>, _node: longshore_plugin::Node<'_>) -> Verdict {
        fit_if(cycle.prepared, "no window")
    }
}

#[test]
fn what_was_prepared_follows_the_objects_in_the_middle_of_a_cycle() {
    let mut instance = Instance::<Prepares>::new("null").unwrap();
    instance.apply(Cluster::new().node(Node::new("a")).delta(&[]));
    let change = |object: Option<&str>| Change {
        kind: 0,
        namespace: "shop".into(),
        name: "a".into(),
        object: object.map(|json| json.as_bytes().to_vec()),
    };
    instance.apply_objects(true, vec![]);
    instance.begin(Pod::new("shop", "web"), b"").unwrap();
    assert_eq!(instance.filter(vec![1]).unwrap().fit, [0]);
    instance.apply_objects(false, vec![change(Some(r#"{"spec": {"open": true}}"#))]);
    assert_eq!(instance.filter(vec![1]).unwrap().fit, [1]);
    instance.apply_objects(false, vec![change(None)]);
    assert_eq!(instance.filter(vec![1]).unwrap().fit, [0]);
}

#[test]
fn hints_see_the_object_before_and_after() {
    let mut run = Run::new(Windows, &nodes());
    let pod = Pod::new("shop", "web");
    let event = |after: bool| {
        let (old, new) = (window("shop", "a", json!(false)), window("shop", "a", json!(after)));
        let event = Event::new("Window.v1.example.com", "Update");
        event.object("shop", "a", Some(&old.to_string()), Some(&new.to_string()))
    };
    assert_eq!(run.hint(&pod, &event(true)), Ok(true));
    assert_eq!(run.hint(&pod, &event(false)), Ok(false));
    assert_eq!(run.hint(&pod, &Event::new("Node", "Add").node("a")), Ok(true));
}

#[test]
fn the_config_names_another_kind_and_another_column() {
    let config = r#"{"group": "other.example.com", "key": "rack"}"#;
    let mut run = Run::<Windows>::configured(config, &nodes()).unwrap();
    let pod = Pod::new("shop", "web");
    let reject = Reject::unschedulable("closed in a b c");
    assert_eq!(run.pre_filter(&pod).unwrap(), PreFilterOutcome::Reject(reject));
    let gate = window("shop", "a", json!(false)).to_string();
    let event = |resource| Event::new(resource, "Add").object("shop", "a", None, Some(&gate));
    assert_eq!(run.hint(&pod, &event("Gate.v2.other.example.com")), Ok(false));
    assert_eq!(run.hint(&pod, &event("Window.v1.example.com")), Ok(true), "another kind");
}

#[test]
#[should_panic(expected = "is `.objects(KINDS)` missing?")]
fn a_manifest_without_its_objects_is_told_so() {
    struct Forgetful;
    impl Plugin for Forgetful {
        type Config = ();
        type Shared = ();
        type Prepared = ();
        fn manifest() -> Manifest {
            Manifest::new("Forgetful")
        }
        fn new(_config: ()) -> Result<Self, Error> {
            Ok(Self)
        }
    }
    let _ = Run::new(Forgetful, &nodes()).plugin();
    let _ = WINDOWS.all();
}
