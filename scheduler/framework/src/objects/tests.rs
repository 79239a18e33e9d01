//! Which nodes changes of storage objects concern.

use super::*;
use crate::node::HOSTNAME;
use crate::node_selector::{NodeOperator, NodeRequirement, NodeSelector, NodeSelectorTerm};
use crate::volume::{ClaimRef, CsiSource};

fn claim(volume: &str) -> Claim {
    Claim { namespace: "ns".into(), name: "c".into(), volume_name: volume.into(), ..Claim::default() }
}

/// A volume with a handle; free, and of use on host `a` only if it is local.
fn volume(handle: &str, local: bool) -> PersistentVolume {
    let on_a = NodeRequirement { key: HOSTNAME.into(), operator: NodeOperator::In, values: vec!["a".into()] };
    let term = NodeSelectorTerm { expressions: vec![on_a], fields: Vec::new() };
    PersistentVolume {
        name: "pv".into(),
        class: "class".into(),
        phase: "Available".into(),
        node_affinity: local.then(|| NodeSelector { terms: vec![term] }),
        csi: Some(CsiSource { driver: "csi".into(), handle: handle.into(), migrated_from: None }),
        ..PersistentVolume::default()
    }
}

fn taken(volume: PersistentVolume) -> PersistentVolume {
    let claim = ClaimRef { namespace: "ns".into(), name: "c".into(), uid: "u".into() };
    PersistentVolume { claim: Some(claim), ..volume }
}

fn attachment(node: &str) -> Object {
    Object::VolumeAttachment(Arc::new(VolumeAttachment {
        name: "attachment".into(),
        node: node.into(),
        volume: Some("pv".into()),
        ..VolumeAttachment::default()
    }))
}

fn of_claim(claim: Claim) -> Object {
    Object::Claim(Arc::new(claim))
}

fn of_volume(volume: PersistentVolume) -> Object {
    Object::PersistentVolume(Arc::new(volume))
}

fn csi_node(limit: i64) -> Object {
    let drivers = vec![("csi".into(), Some(limit))];
    Object::CsiNode(Arc::new(CsiNode { name: "n".into(), drivers, migrated: Vec::new() }))
}

/// What is concerned, as text, after the last of these objects is set.
#[track_caller]
fn check(objects: &[Object], want: &[&str]) {
    let mut store = Objects::default();
    let (last, before) = objects.split_last().unwrap();
    for object in before {
        store.set(object.clone());
    }
    store.take_concerns();
    store.set(last.clone());
    assert_eq!(told(&mut store), want);
}

fn told(store: &mut Objects) -> Vec<String> {
    let text = |concern| match concern {
        Concern::Node(node) => format!("node {node}"),
        Concern::Attached(node) => format!("attached {node}"),
        Concern::Users((namespace, name)) => format!("users {namespace}/{name}"),
        Concern::Reached { key, values } => format!("reached {key} {values:?}"),
    };
    store.take_concerns().into_iter().map(text).collect()
}

const REACHED: &str = "reached kubernetes.io/hostname [\"a\"]";

#[test]
fn a_csi_node_concerns_its_node() {
    check(&[csi_node(1)], &["node n"]);
    check(&[csi_node(1), csi_node(2)], &["node n"]);
    check(&[csi_node(1), csi_node(1)], &[]);
}

#[test]
fn an_attachment_concerns_the_node_where_it_was_and_where_it_is() {
    check(&[attachment("n")], &["attached n"]);
    check(&[attachment("n"), attachment("m")], &["attached n", "attached m"]);
}

#[test]
fn a_claim_concerns_its_users_when_another_volume_is_behind_it() {
    check(&[of_claim(claim(""))], &["users ns/c"]);
    check(&[of_claim(claim("")), of_claim(claim("pv"))], &["users ns/c"]);
    let labelled = Claim { labels: [("a", "b")].into_iter().collect(), ..claim("") };
    check(&[of_claim(claim("")), of_claim(labelled)], &[]);
}

#[test]
fn a_volume_concerns_those_who_have_it_when_its_handle_changes() {
    let [old, new] = ["x", "y"].map(|handle| of_volume(taken(volume(handle, false))));
    let there = [of_claim(claim("pv")), attachment("n"), old.clone()];
    check(&there, &["users ns/c", "attached n"]);
    check(&[there.clone().as_slice(), &[new]].concat(), &["users ns/c", "attached n"]);
    check(&[there.as_slice(), &[old]].concat(), &[]);
}

#[test]
fn a_free_volume_concerns_the_nodes_that_reach_it_when_it_comes_and_goes() {
    check(&[of_volume(volume("x", true))], &[REACHED]);
    check(&[of_volume(volume("x", true)), of_volume(taken(volume("x", true)))], &[REACHED]);
    check(&[of_volume(taken(volume("x", true))), of_volume(taken(volume("x", true)))], &[]);
    let mut store = Objects::default();
    store.set(of_volume(volume("x", true)));
    store.take_concerns();
    store.assume_volume(Arc::new(taken(volume("x", true))));
    assert_eq!(told(&mut store), [REACHED]);
    store.restore_volume(&"pv".into());
    assert_eq!(told(&mut store), [REACHED]);
    store.remove(&of_volume(volume("x", true)));
    assert_eq!(told(&mut store), [REACHED]);
}

#[test]
fn a_free_volume_that_any_node_may_reach_has_a_revision() {
    let mut store = Objects::default();
    let mut seen = vec![store.volumes.anywhere_revision("class")];
    for volume in [volume("x", false), volume("y", false), taken(volume("y", false))] {
        store.set(of_volume(volume));
        seen.push(store.volumes.anywhere_revision("class"));
    }
    assert_eq!(seen[0], 0);
    assert!(seen[1] > 0 && seen[2] > seen[1]);
    assert_eq!(seen[3], 0);
}

#[test]
fn volumes_are_found_by_their_claim_and_counted_by_handle() {
    let mut store = Objects::default();
    let (key, source) = (("ns".into(), "c".into()), volume("x", false).csi.unwrap());
    let mut check = |volume: PersistentVolume, want: (usize, u32)| {
        store.set(of_volume(volume));
        assert_eq!((store.volumes.of_claim(&key).count(), store.volumes.with_handle(&source)), want);
    };
    check(volume("x", false), (0, 1));
    check(PersistentVolume { name: "other".into(), ..taken(volume("x", false)) }, (1, 2));
    check(taken(volume("x", false)), (2, 2));
    check(taken(volume("y", false)), (2, 1));
    check(volume("y", false), (1, 1));
}
