//! Tests of NodeVolumeLimits.

use longshore_framework::Str;
use longshore_framework::event::{Action, Resource, Subject};
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::Object;
use longshore_framework::snapshot::Snapshot;
use longshore_framework::view::Hypothesis;
use longshore_framework::volume::{
    BindingMode, Claim, CsiDriver, CsiSource, PersistentVolume, StorageClass, Volume, VolumeAttachment,
    VolumeSource,
};

use std::sync::Arc;

use longshore_framework::objects::Objects;

use super::*;

const DRIVER: &str = "csi.example.com";
const EBS: &str = "kubernetes.io/aws-ebs";
const FULL: &str = "Unschedulable: node(s) exceed max volume count";

fn user(name: &str, sources: &[VolumeSource]) -> Arc<Pod> {
    let volume = |source: &VolumeSource| Volume { name: "v".into(), source: source.clone() };
    pod(name).spec(|s| s.volumes = sources.iter().map(volume).collect()).build()
}

fn claim(name: &str) -> VolumeSource {
    VolumeSource::Claim { name: name.into() }
}

fn ebs(id: &str) -> VolumeSource {
    VolumeSource::AwsElasticBlockStore { id: id.into() }
}

/// Claims bound to volumes of the same name of `DRIVER`, an unbound one, and one of an in-tree EBS volume.
fn objects(limits: &[(&str, i64)]) -> Objects {
    let mut objects = Objects::default();
    let mut add = |name: &str, driver: &str, handle: &str, migrated_from: Option<Str>| {
        let csi = CsiSource { driver: driver.into(), handle: handle.into(), migrated_from };
        let volume = PersistentVolume { name: name.into(), csi: Some(csi), ..PersistentVolume::default() };
        objects.set(Object::PersistentVolume(Arc::new(volume)));
    };
    add("a", DRIVER, "handle-a", None);
    add("b", DRIVER, "handle-b", None);
    add("twin-of-a", DRIVER, "handle-a", None);
    add("old", "ebs.csi.aws.com", "vol-1", Some(EBS.into()));
    add("file", "file.csi.azure.com", "share", Some("kubernetes.io/azure-file".into()));
    for (name, bound) in [
        ("a", "a"),
        ("b", "b"),
        ("old", "old"),
        ("file", "file"),
        ("new", ""),
        ("same-as-a", "a"),
        ("twin-of-a", "twin-of-a"),
    ] {
        let class = Some("fast".into());
        let claim = Claim {
            namespace: "default".into(),
            name: name.into(),
            volume_name: bound.into(),
            class,
            ..Claim::default()
        };
        objects.set(Object::Claim(Arc::new(claim)));
    }
    let class = StorageClass {
        name: "fast".into(),
        provisioner: DRIVER.into(),
        binding_mode: Some(BindingMode::WaitForFirstConsumer),
        allowed_topologies: Vec::new(),
    };
    objects.set(Object::StorageClass(Arc::new(class)));
    if !limits.is_empty() {
        objects.set(Object::CsiNode(csi_node(limits)));
    }
    objects
}

fn csi_node(limits: &[(&str, i64)]) -> Arc<CsiNode> {
    let drivers = limits.iter().map(|(driver, limit)| (Str::from(*driver), Some(*limit))).collect();
    Arc::new(CsiNode { name: "n".into(), drivers, migrated: Vec::new() })
}

fn attach(objects: &mut Objects, name: &str, volume: &str) {
    let attachment = VolumeAttachment {
        name: name.into(),
        attacher: DRIVER.into(),
        node: "n".into(),
        volume: Some(volume.into()),
    };
    objects.set(Object::VolumeAttachment(Arc::new(attachment)));
}

/// What is said of a pod with these volumes on node `n`, where a pod with the `held` volumes runs.
#[track_caller]
fn check(objects: &Objects, held: &[VolumeSource], incoming: &[VolumeSource], want: &str) {
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(node("n").build());
    snapshot.add_pod(slot, user("held", held));
    let incoming = user("incoming", incoming);
    let cx = Cycle { snapshot: &snapshot, objects, pod: &incoming };
    let mut state = PluginState::default();
    let filter =
        |state: &PluginState| match NodeVolumeLimits::default().filter(cx, state, snapshot.view(slot)) {
            Ok(Verdict::Pass) => String::new(),
            Ok(Verdict::Reject(r)) => format!("{}: {}", r.code.as_str(), r.message()),
            Err(error) => format!("error: {error}"),
        };
    if NodeVolumeLimits::default().pre_filter(cx, &mut state) == Ok(PreFilterVerdict::Skip) {
        assert_eq!("skip", want);
    } else {
        assert_eq!(filter(&state), want);
        // A profile without the plugin's PreFilter says the same.
        assert_eq!(filter(&PluginState::default()), want);
        check_supposed(objects, held, &incoming, want);
    }
}

/// The same of the node as it would be with the other pod, which is on no node yet.
#[track_caller]
fn check_supposed(objects: &Objects, held: &[VolumeSource], incoming: &Pod, want: &str) {
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(node("n").build());
    let mut supposed = Hypothesis::of(&snapshot, slot);
    supposed.add(user("held", held));
    let (plugin, mut state) = (NodeVolumeLimits::default(), PluginState::default());
    let cx = Cycle { snapshot: &snapshot, objects, pod: incoming };
    plugin.pre_filter(cx, &mut state).unwrap();
    let said = plugin.filter(cx, &state, NodeView::supposed(&snapshot, &supposed));
    let passes = said.map(|verdict| verdict == Verdict::Pass);
    assert_eq!(passes.ok(), (!want.starts_with("error")).then_some(want.is_empty()));
}

#[test]
fn volumes_count_until_the_limit() {
    check(&objects(&[(DRIVER, 1)]), &[claim("a")], &[claim("b")], FULL);
    check(&objects(&[(DRIVER, 2)]), &[claim("a")], &[claim("b")], "");
    check(&objects(&[("other", 0)]), &[claim("a")], &[claim("b")], "");
    check(&objects(&[]), &[claim("a")], &[claim("b")], "");
    check(&objects(&[(DRIVER, 0)]), &[], &[VolumeSource::Image { reference: "i".into() }], "skip");
}

#[test]
fn a_volume_in_use_on_the_node_counts_once() {
    check(&objects(&[(DRIVER, 1)]), &[claim("a")], &[claim("same-as-a")], "");
    check(&objects(&[(DRIVER, 1)]), &[claim("a")], &[claim("twin-of-a")], "");
    check(&objects(&[("ebs.csi.aws.com", 1)]), &[ebs("aws://x/vol-1")], &[claim("old")], "");
    check(&objects(&[("ebs.csi.aws.com", 1)]), &[ebs("aws://x/vol-2")], &[claim("old")], FULL);
    check(&objects(&[(DRIVER, 2)]), &[claim("a"), claim("same-as-a")], &[claim("b")], "");
}

#[test]
fn a_volume_still_to_be_made_counts_for_its_provisioner() {
    check(&objects(&[(DRIVER, 1)]), &[claim("a")], &[claim("new")], FULL);
    check(&objects(&[(DRIVER, 1)]), &[claim("new")], &[claim("new")], "");
}

#[test]
fn a_class_with_another_provisioner_has_its_volumes_counted_anew() {
    let (mut objects, mut snapshot) = (objects(&[(DRIVER, 1)]), Snapshot::default());
    let slot = snapshot.set_node(node("n").build());
    snapshot.add_pod(slot, user("held", &[claim("new")]));
    let (plugin, pod) = (NodeVolumeLimits::default(), user("incoming", &[claim("b")]));
    let passes = |objects: &Objects| {
        let cx = Cycle { snapshot: &snapshot, objects, pod: &pod };
        plugin.filter(cx, &PluginState::default(), snapshot.view(slot)) == Ok(Verdict::Pass)
    };
    assert!(!passes(&objects));
    let class = StorageClass {
        name: "fast".into(),
        provisioner: "other.example.com".into(),
        binding_mode: Some(BindingMode::WaitForFirstConsumer),
        allowed_topologies: Vec::new(),
    };
    objects.set(Object::StorageClass(Arc::new(class)));
    assert!(passes(&objects));
}

#[test]
fn what_changed_while_a_node_was_away_counts_when_it_is_back() {
    let (mut objects, mut snapshot) = (objects(&[(DRIVER, 1)]), Snapshot::default());
    let slot = snapshot.set_node(node("n").build());
    let (plugin, pod) = (NodeVolumeLimits::default(), user("incoming", &[claim("b")]));
    let passes = |objects: &Objects, snapshot: &Snapshot| {
        let cx = Cycle { snapshot, objects, pod: &pod };
        plugin.filter(cx, &PluginState::default(), snapshot.view(slot)) == Ok(Verdict::Pass)
    };
    assert!(passes(&objects, &snapshot));
    snapshot.remove_node("n");
    attach(&mut objects, "va", "a");
    objects.take_concerns().iter().for_each(|concern| snapshot.concern(concern));
    assert_eq!(snapshot.set_node(node("n").build()), slot);
    assert!(!passes(&objects, &snapshot));
}

#[test]
fn an_attachment_without_a_pod_counts_too() {
    let mut lingering = objects(&[(DRIVER, 1)]);
    attach(&mut lingering, "va", "a");
    check(&lingering, &[], &[claim("b")], FULL);
    let mut used = objects(&[(DRIVER, 2)]);
    attach(&mut used, "va", "a");
    check(&used, &[claim("a")], &[claim("b")], "");
    check(&used, &[claim("a"), claim("b")], &[claim("new")], FULL);
    used.remove(&Object::VolumeAttachment(Arc::new(VolumeAttachment {
        name: "va".into(),
        ..Default::default()
    })));
    used.set(Object::CsiNode(csi_node(&[(DRIVER, 1)])));
    check(&used, &[], &[claim("b")], "");
}

#[test]
fn in_tree_volumes_count_for_the_driver_that_took_over() {
    let limited = objects(&[("ebs.csi.aws.com", 1)]);
    check(&limited, &[ebs("vol-2")], &[claim("old")], FULL);
    check(&limited, &[ebs("vol-1")], &[claim("old")], "");
    check(&limited, &[ebs("aws://us-east-1a/vol-1")], &[claim("old")], "");
    check(&objects(&[("file.csi.azure.com", 0)]), &[], &[claim("file")], "");
}

#[test]
fn a_malformed_volume_id_breaks_the_cycle() {
    let error = "error: converting volume(v) from inline to csi: failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume (aws://zone/disk)";
    check(&objects(&[(DRIVER, 1)]), &[], &[ebs("aws://zone/disk")], error);
    check(&objects(&[]), &[], &[ebs("aws://zone/disk")], "");
}

#[test]
fn a_missing_claim_matters_for_the_incoming_pod_only() {
    let missing =
        "UnschedulableAndUnresolvable: looking up PVC default/gone: persistentvolumeclaim \"gone\" not found";
    check(&objects(&[(DRIVER, 1)]), &[], &[claim("gone")], missing);
    check(&objects(&[]), &[], &[claim("gone")], missing);
    check(&objects(&[(DRIVER, 1)]), &[claim("gone")], &[claim("a")], "");
}

#[track_caller]
fn check_hint(subject: Subject, want: Hint) {
    let event = ClusterEvent::new(Resource::CsiNode, Action::UPDATE, subject);
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cluster = HintContext { snapshot: &snapshot, objects: &objects };
    assert_eq!(NodeVolumeLimits::default().hint(&user("waiting", &[ebs("vol-1")]), &event, cluster), want);
}

#[test]
fn only_what_makes_room_wakes_the_pod() {
    let changed = |old: &[(&str, i64)], new: &[(&str, i64)]| {
        Subject::Object(Some(Object::CsiNode(csi_node(old))), Some(Object::CsiNode(csi_node(new))))
    };
    check_hint(changed(&[(DRIVER, 1)], &[(DRIVER, 2)]), Hint::Queue);
    check_hint(changed(&[(DRIVER, 2)], &[(DRIVER, 2)]), Hint::Skip);
    check_hint(changed(&[], &[(DRIVER, 1)]), Hint::Queue);
    let gone = |node: Option<&str>, source: VolumeSource| {
        let gone = user("gone", &[source]);
        let mut placed = Pod::clone(&gone);
        placed.meta.node_name = node.map(Str::from);
        Subject::Pod(Some(Arc::new(placed)), None)
    };
    check_hint(gone(Some("n"), claim("a")), Hint::Queue);
    check_hint(gone(None, claim("a")), Hint::Skip);
    check_hint(gone(Some("n"), VolumeSource::Image { reference: "i".into() }), Hint::Skip);
    let detached = |attacher: &str| {
        let attachment = VolumeAttachment { attacher: attacher.into(), ..VolumeAttachment::default() };
        Subject::Object(Some(Object::VolumeAttachment(Arc::new(attachment))), None)
    };
    check_hint(detached("ebs.csi.aws.com"), Hint::Queue);
    check_hint(detached(DRIVER), Hint::Skip);
}

const MISSING: &str = "Unschedulable: csi.example.com CSI driver is not installed on the node";

/// Says of the driver whether it has to be on the node.
fn with_driver(mut objects: Objects, name: &str, prevents_if_missing: bool) -> Objects {
    let driver = CsiDriver { name: name.into(), storage_capacity: false, prevents_if_missing };
    objects.set(Object::CsiDriver(Arc::new(driver)));
    objects
}

#[test]
fn a_driver_that_has_to_be_there_is_looked_for() {
    let required = |limits: &[(&str, i64)]| with_driver(objects(limits), DRIVER, true);
    check(&required(&[("other", 9)]), &[], &[claim("a")], MISSING);
    check(&required(&[("other", 9)]), &[], &[claim("new")], MISSING);
    check(&required(&[]), &[], &[claim("a")], MISSING);
    check(&required(&[(DRIVER, 1)]), &[], &[claim("a")], "");
    check(&required(&[(DRIVER, 1)]), &[claim("a")], &[claim("b")], FULL);
    check(&required(&[("other", 9)]), &[], &[ebs("vol-1")], "");
    check(&with_driver(objects(&[("other", 9)]), DRIVER, false), &[], &[claim("a")], "");
}

#[test]
fn a_driver_that_took_over_from_an_in_tree_one_is_looked_for_where_there_is_a_csi_node() {
    const EBS_DRIVER: &str = "ebs.csi.aws.com";
    let missing = format!("Unschedulable: {EBS_DRIVER} CSI driver is not installed on the node");
    check(&with_driver(objects(&[("other", 9)]), EBS_DRIVER, true), &[], &[claim("old")], &missing);
    check(&with_driver(objects(&[("other", 9)]), EBS_DRIVER, true), &[], &[ebs("vol-9")], &missing);
    check(&with_driver(objects(&[]), EBS_DRIVER, true), &[], &[claim("old")], "");
}

#[test]
fn without_the_gate_no_driver_is_looked_for() {
    use longshore_framework::features::Minor;
    let objects = with_driver(objects(&[("other", 9)]), DRIVER, true);
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(node("n").build());
    let incoming = user("incoming", &[claim("a")]);
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &incoming };
    let said = |minor| {
        let plugin = NodeVolumeLimits::new(Features::of(minor));
        plugin.filter(cx, &PluginState::default(), snapshot.view(slot))
    };
    assert_eq!(said(Minor::V1_36), Ok(Verdict::Pass));
    assert_ne!(said(Minor::V1_37), Ok(Verdict::Pass));
}

#[test]
fn drivers_that_have_to_be_there_tell_pods_apart_where_they_are_looked_for() {
    use longshore_framework::features::Minor;
    let mut objects = with_driver(objects(&[("other", 9)]), "ebs.csi.aws.com", true);
    for (name, provisioner) in [("in-tree", EBS), ("csi", "ebs.csi.aws.com")] {
        let class = StorageClass {
            name: name.into(),
            provisioner: provisioner.into(),
            binding_mode: Some(BindingMode::WaitForFirstConsumer),
            allowed_topologies: Vec::new(),
        };
        objects.set(Object::StorageClass(Arc::new(class)));
        let (namespace, class) = ("default".into(), Some(name.into()));
        let claim = Claim { namespace, name: name.into(), class, ..Claim::default() };
        objects.set(Object::Claim(Arc::new(claim)));
    }
    let snapshot = Snapshot::default();
    let likeness = |minor, name: &str| {
        let (pod, mut likeness) = (user("incoming", &[claim(name)]), Likeness::default());
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        NodeVolumeLimits::new(Features::of(minor)).tell_apart(cx, &mut likeness);
        assert!(!likeness.is_unlike_any());
        likeness
    };
    assert_eq!(likeness(Minor::V1_36, "in-tree"), likeness(Minor::V1_36, "csi"));
    assert_ne!(likeness(Minor::V1_37, "in-tree"), likeness(Minor::V1_37, "csi"));
}
