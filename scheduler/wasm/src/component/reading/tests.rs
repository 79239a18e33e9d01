use longshore_framework::objects::{Object, Objects};
use serde_json::json;

use super::*;

fn kind(fields: &[&str]) -> Kind {
    Kind {
        group: "example.com".to_string(),
        version: "v1".to_string(),
        kind: "Window".to_string(),
        fields: fields.iter().map(ToString::to_string).collect(),
        about_node: false,
    }
}

fn object(name: &str, value: Value) -> Object {
    let mut whole = json!({"metadata": {"namespace": "a", "name": name}});
    whole["spec"] = value;
    let kind = DeclaredKind::of("example.com", "v1", "Window").unwrap();
    Object::Declared(DeclaredObject::read(kind, &Projection::whole(), &whole).unwrap().into())
}

#[track_caller]
fn check_refused(kind: Kind, want: &str) {
    let error = Reading::all(&[kind]).unwrap_err();
    assert!(error.contains(want), "{error}");
}

#[test]
fn what_cannot_be_declared_is_named() {
    check_refused(Kind { version: String::new(), ..kind(&[]) }, "is not a group, version and kind");
    check_refused(Kind { group: "a b".to_string(), ..kind(&[]) }, "is not a group, version and kind");
    check_refused(
        Kind { group: String::new(), version: "v1".into(), kind: "Pod".into(), ..kind(&[]) },
        "use the capability pods",
    );
    check_refused(
        Kind { group: String::new(), version: "v1".into(), kind: "Node".into(), ..kind(&[]) },
        "use columns",
    );
    check_refused(kind(&["spec..x"]), "is not the path of a field");
    assert!(Reading::all(&[kind(&[]), kind(&["spec"])]).unwrap_err().contains("twice"));
    assert!(Reading::all(&vec![kind(&[]); 65]).unwrap_err().contains("64 are allowed"));
}

fn told(calls: &[Telling]) -> Vec<(bool, Vec<String>)> {
    let change = |c: &Change| match &c.object {
        Some(json) => format!("{} {}", c.name, String::from_utf8_lossy(json).len()),
        None => format!("{} gone", c.name),
    };
    calls.iter().map(|call| (call.reset, call.changes.iter().map(change).collect())).collect()
}

#[test]
fn an_instance_is_told_what_it_does_not_know() {
    let readings = Reading::all(&[kind(&["spec.weight"])]).unwrap();
    let mut objects = Objects::default();
    let mut instance = Told::default();
    let nothing: Vec<String> = Vec::new();
    assert_eq!(told(&instance.missing(&readings, &objects.declared)), [(true, nothing)]);
    assert!(instance.missing(&readings, &objects.declared).is_empty());
    objects.set(object("w", json!({"weight": 1, "other": "left out"})));
    let calls = instance.missing(&readings, &objects.declared);
    let text = calls[0].changes[0].object.clone().unwrap();
    let want = json!({"metadata": {"name": "w", "namespace": "a"}, "spec": {"weight": 1}});
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), want);
    assert!(instance.missing(&readings, &objects.declared).is_empty());
    objects.remove(&object("w", json!({})));
    assert_eq!(told(&instance.missing(&readings, &objects.declared)), [(false, vec!["w gone".to_string()])]);
    let other = objects.clone();
    let calls = instance.missing(&readings, &other.declared);
    assert_eq!(told(&calls), [(true, vec![])], "another store: everything is forgotten");
}

#[test]
fn many_objects_are_told_in_several_calls_and_forgotten_once() {
    let readings = Reading::all(&[kind(&[])]).unwrap();
    let mut objects = Objects::default();
    for at in 0..5 {
        objects.set(object(&at.to_string(), json!("x".repeat(400 << 10))));
    }
    let mut instance = Told::default();
    instance.missing(&readings, &objects.clone().declared);
    let calls = instance.missing(&readings, &objects.declared);
    let sizes: Vec<(bool, usize)> = calls.iter().map(|c| (c.reset, c.changes.len())).collect();
    assert_eq!(sizes, [(true, 2), (false, 2), (false, 1)]);
}
