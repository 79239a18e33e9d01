use longshore_framework::fields::Problems;
use longshore_framework::registry::FactoryContext;
use longshore_manifest::Source;
use serde_json::Value;

use super::*;

fn scene(cpus: &[(&str, &str)]) -> Scene {
    let node = |(name, cpu): &(&str, &str)| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{allocatable: {{cpu: '{cpu}', memory: 8Gi, pods: '10'}}}}\n"
        )
    };
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    resources: {requests: {cpu: 2, memory: 1Gi}}\n";
    let text = cpus.iter().map(node).chain([pod.to_string()]).collect::<String>();
    let sources = [Source { name: "-".to_string(), text: text.into_bytes() }];
    Scene::of(&sources, &longshore_manifest::read(&sources))
}

fn native(name: &str) -> Instance {
    let registry = longshore_loader::registry();
    let mut found = Vec::new();
    registry.get(name).unwrap()(&Value::Null, &FactoryContext::default(), &mut Problems::new(&mut found))
}

#[test]
fn every_stage_is_asked_and_the_best_node_is_taken() {
    let mut scene = scene(&[("b", "4"), ("a", "1"), ("c", "8")]);
    let pod = scene.take_pod("p").unwrap();
    let turn = take(&native("NodeResourcesFit"), &mut scene, &pod, Last::PostBind);
    let nodes: Vec<(&str, bool)> =
        turn.nodes.iter().map(|n| (&*n.node, matches!(n.judged, Judged::Fits { .. }))).collect();
    assert_eq!(nodes, [("a", false), ("b", true), ("c", true)]);
    let Judged::Rejected(no) = &turn.nodes[0].judged else { panic!("{turn:?}") };
    assert_eq!(no.message(), "Insufficient cpu");
    assert_eq!(turn.chosen.as_deref(), Some("c"));
    let slot = scene.snapshot.slot("c").unwrap();
    assert_eq!(scene.snapshot.pods(slot).len(), 1);
}

#[test]
fn one_node_is_not_scored_and_none_is_not_taken() {
    let mut one = scene(&[("a", "4")]);
    let pod = one.take_pod("p").unwrap();
    let turn = take(&native("NodeResourcesFit"), &mut one, &pod, Last::Score);
    assert_eq!(turn.nodes[0].judged, Judged::Fits { raw: None, score: None });
    assert_eq!((turn.chosen.as_deref(), turn.stage(Stage::Score)), (Some("a"), None));
    let mut none = scene(&[("a", "1")]);
    let pod = none.take_pod("p").unwrap();
    let turn = take(&native("NodeResourcesFit"), &mut none, &pod, Last::PostBind);
    assert_eq!((turn.chosen, turn.stages.last().map(|s| s.stage)), (None, Some(Stage::Filter)));
}

#[test]
fn binding_is_the_last_word() {
    let mut scene = scene(&[("a", "4")]);
    let pod = scene.take_pod("p").unwrap();
    let turn = take(&native("DefaultBinder"), &mut scene, &pod, Last::PostBind);
    assert_eq!(turn.stage(Stage::Bind).map(|a| &a.kind), Some(&Kind::Bound(Vec::new())));
}
