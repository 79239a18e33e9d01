use serde_json::json;

use super::*;

fn kind() -> DeclaredKind {
    DeclaredKind::of("example.com", "v1", "Window").unwrap()
}

fn object(name: &str, weight: i64) -> Arc<DeclaredObject> {
    let value = json!({"metadata": {"namespace": "a", "name": name}, "spec": {"weight": weight}});
    Arc::new(DeclaredObject::read(kind(), &Projection::whole(), &value).unwrap())
}

#[track_caller]
fn check_kept(paths: &[&str], object: Value, want: Value) {
    let kept = Projection::of_paths(paths.iter().copied()).unwrap().of(&object);
    assert_eq!(kept, want);
}

#[test]
fn the_fields_of_the_paths_are_kept_and_what_everybody_gets() {
    let all = json!({
        "kind": "Window",
        "metadata": {"name": "w", "labels": {"a": "b"}, "annotations": {"x/y": "1"}, "managedFields": [1], "resourceVersion": "7"},
        "spec": {"weight": 1, "zones": [{"name": "z", "cost": 3}, {"name": "y", "cost": 4}], "other": true},
    });
    let meta = json!({"name": "w", "labels": {"a": "b"}});
    check_kept(&["spec.weight"], all.clone(), json!({"metadata": meta, "spec": {"weight": 1}}));
    check_kept(
        &["spec.zones.cost", ".spec.none"],
        all.clone(),
        json!({"metadata": meta, "spec": {"zones": [{"cost": 3}, {"cost": 4}]}}),
    );
    let annotated = json!({"name": "w", "labels": {"a": "b"}, "annotations": {"x/y": "1"}});
    check_kept(&["metadata.annotations.x/y"], all.clone(), json!({"metadata": annotated}));
    let mut whole = all.clone();
    whole["metadata"].as_object_mut().unwrap().retain(|k, _| k != "managedFields" && k != "resourceVersion");
    check_kept(&[], all, whole);
}

#[test]
fn a_dot_within_a_name_is_written_with_a_backslash_and_bad_paths_are_named() {
    let object = json!({"data": {"a.b": 1, "a": 2}});
    check_kept(&[r"data.a\.b"], object, json!({"data": {"a.b": 1}}));
    for bad in ["", "a..b", "a.", &"a.".repeat(40)] {
        assert!(Projection::of_paths([bad]).is_err(), "{bad:?}");
    }
}

#[test]
fn declarations_add_up_and_cover_their_parts() {
    let paths = |paths: &[&str]| Projection::of_paths(paths.iter().copied()).unwrap();
    let mut both = Declarations::default();
    both.add(kind(), &paths(&["spec.a"]));
    let one = both.clone();
    both.add(kind(), &paths(&["spec.b.c"]));
    let covers = |a: &Declarations, b: &Declarations| a.get(kind()).unwrap().covers(b.get(kind()).unwrap());
    assert!(covers(&both, &one) && !covers(&one, &both));
    assert_eq!((both.only(|_| true), both.only(|k| k != kind()).is_empty()), (both.clone(), true));
    assert_eq!(both.get(kind()), Some(&paths(&["spec.a", "spec.b.c"])));
    let mut whole = one.clone();
    whole.add(kind(), &Projection::whole());
    assert!(covers(&whole, &both) && !covers(&both, &whole));
    assert_eq!(both.find("example.com/v1", "Window"), Some(kind()));
    assert_eq!(both.find("example.com/v2", "Window"), None);
}

#[track_caller]
fn check_since(store: &DeclaredObjects, revision: u64, reset: bool, gone: &[&str], here: &[&str]) {
    let since = store.since(kind(), revision);
    let names: Vec<&str> = since.here.iter().map(|o| &*o.name).collect();
    let lost: Vec<&str> = since.gone.iter().map(|(_, name)| &**name).collect();
    assert_eq!((since.reset, lost.as_slice(), names.as_slice()), (reset, gone, here));
}

#[test]
fn the_store_says_what_changed_since_a_revision() {
    let mut store = DeclaredObjects::default();
    check_since(&store, 0, true, &[], &[]);
    store.set(object("a", 1));
    store.set(object("b", 1));
    let seen = store.revision();
    check_since(&store, 0, true, &[], &["a", "b"]);
    check_since(&store, seen, false, &[], &[]);
    assert!(store.set(object("b", 1)).is_some() && store.revision() == seen, "the same object is no change");
    store.set(object("a", 2));
    store.remove(kind(), &object("b", 1).key());
    check_since(&store, seen, false, &["b"], &["a"]);
    store.set(object("b", 3));
    check_since(&store, seen, false, &["b"], &["a", "b"]);
    assert_eq!(store.len(), 2);
}

#[test]
fn whoever_asks_after_too_many_are_gone_is_told_everything() {
    let mut store = DeclaredObjects::default();
    store.set(object("stays", 1));
    let seen = store.revision();
    for at in 0..5000 {
        let object = object(&at.to_string(), 1);
        store.set(Arc::clone(&object));
        store.remove(kind(), &object.key());
    }
    check_since(&store, seen, true, &[], &["stays"]);
    assert!(store.since(kind(), store.revision()).here.is_empty());
    let copy = store.clone();
    assert_ne!(copy.lineage(), store.lineage());
}
