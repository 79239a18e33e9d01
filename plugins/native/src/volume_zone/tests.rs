//! Tests of VolumeZone.

use longshore_framework::fixture::{node, pod};
use longshore_framework::snapshot::Snapshot;
use longshore_framework::volume::{BindingMode, StorageClass, Volume, VolumeSource};

use super::*;

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn pv(labels: Pairs<'_>) -> Arc<PersistentVolume> {
    Arc::new(PersistentVolume {
        name: "pv".into(),
        labels: labels.iter().copied().collect(),
        ..PersistentVolume::default()
    })
}

fn claim(volume: &str, class: Option<&str>) -> Arc<Claim> {
    Arc::new(Claim {
        namespace: "default".into(),
        name: "data".into(),
        volume_name: volume.into(),
        class: class.map(Str::from),
        ..Claim::default()
    })
}

fn class(name: &str, binding_mode: Option<BindingMode>) -> Object {
    let provisioner = "csi.example.com".into();
    let class = StorageClass { name: name.into(), provisioner, binding_mode, allowed_topologies: Vec::new() };
    Object::StorageClass(Arc::new(class))
}

fn user_of(claim: &str) -> Arc<Pod> {
    let source = VolumeSource::Claim { name: claim.into() };
    pod("p").spec(|s| s.volumes.push(Volume { name: "v".into(), source })).build()
}

/// What is said of a pod that uses `data` on a node with these labels.
#[track_caller]
fn check(claim: Option<Arc<Claim>>, volume: Option<Arc<PersistentVolume>>, labels: Pairs<'_>, want: &str) {
    let mut objects = Objects::default();
    objects.set(class("immediate", Some(BindingMode::Immediate)));
    objects.set(class("waiting", Some(BindingMode::WaitForFirstConsumer)));
    objects.set(class("unsaid", None));
    claim.map(|c| objects.set(Object::Claim(c)));
    volume.map(|v| objects.set(Object::PersistentVolume(v)));
    let mut snapshot = Snapshot::default();
    let built = labels.iter().fold(node("n"), |n, (key, value)| n.label(key, value));
    let slot = snapshot.set_node(built.build());
    let pod = user_of("data");
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
    let mut state = PluginState::default();
    let said = match VolumeZone.pre_filter(cx, &mut state).unwrap() {
        PreFilterVerdict::Skip => "skip".to_string(),
        PreFilterVerdict::Reject(r) => r.message(),
        PreFilterVerdict::Pass(_) => match VolumeZone.filter(cx, &state, snapshot.view(slot)).unwrap() {
            Verdict::Pass => String::new(),
            Verdict::Reject(r) => format!("{}: {}", r.code.as_str(), r.message()),
        },
    };
    assert_eq!(said, want);
    if want != "skip" {
        // A profile without the plugin's PreFilter says the same, node by node.
        let unprepared = match VolumeZone.filter(cx, &PluginState::default(), snapshot.view(slot)).unwrap() {
            Verdict::Pass => String::new(),
            Verdict::Reject(r) => r.message(),
        };
        assert_eq!(unprepared, want.trim_start_matches("UnschedulableAndUnresolvable: "));
    }
}

#[track_caller]
fn check_labels(volume: Pairs<'_>, node: Pairs<'_>, fits: bool) {
    let elsewhere = "UnschedulableAndUnresolvable: node(s) had no available volume zone";
    check(Some(claim("pv", None)), Some(pv(volume)), node, if fits { "" } else { elsewhere });
}

#[test]
fn a_node_must_be_in_one_of_the_volumes_zones() {
    check_labels(&[(ZONE, "a")], &[(ZONE, "a")], true);
    check_labels(&[(ZONE, "a")], &[(ZONE, "b")], false);
    check_labels(&[(ZONE, "a__b")], &[(ZONE, "b")], true);
    check_labels(&[(ZONE, "a"), (REGION, "r")], &[(ZONE, "a"), (REGION, "s")], false);
    check_labels(&[(ZONE, "a")], &[(REGION, "r")], false);
}

#[test]
fn a_node_without_any_zone_label_will_do() {
    check_labels(&[(ZONE, "a")], &[], true);
}

#[test]
fn a_volume_with_the_former_label_looks_at_todays_too() {
    check_labels(&[(ZONE_BETA, "a")], &[(ZONE, "a")], true);
    check_labels(&[(ZONE_BETA, "a")], &[(ZONE, "a"), (ZONE_BETA, "b")], false);
    check_labels(&[(ZONE, "a")], &[(ZONE_BETA, "a")], false);
}

#[test]
fn a_label_with_an_empty_value_is_ignored() {
    check(Some(claim("pv", None)), Some(pv(&[(ZONE, "a____b")])), &[(ZONE, "c")], "skip");
}

#[test]
fn a_claim_without_a_volume_must_wait_for_a_pod() {
    check(Some(claim("", Some("waiting"))), None, &[], "skip");
    check(Some(claim("", Some("immediate"))), None, &[], "PersistentVolume had no name");
    let unsaid = "VolumeBindingMode not set for StorageClass \"unsaid\"";
    check(Some(claim("", Some("unsaid"))), None, &[], unsaid);
    let none = "PersistentVolumeClaim had no pv name and storageClass name";
    check(Some(claim("", None)), None, &[], none);
    check(Some(claim("", Some(""))), None, &[], none);
}

#[test]
fn missing_objects_reject_the_pod() {
    check(None, None, &[], "persistentvolumeclaim \"data\" not found");
    check(Some(claim("gone", None)), None, &[], "persistentvolume \"gone\" not found");
    let class = "storageclass.storage.k8s.io \"gone\" not found";
    check(Some(claim("", Some("gone"))), None, &[], class);
}

#[track_caller]
fn check_hint(before: Option<Object>, after: Object, want: Hint) {
    let subject = Subject::Object(before, Some(after));
    let event = ClusterEvent::new(Resource::PersistentVolume, Action::UPDATE, subject);
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cluster = HintContext { snapshot: &snapshot, objects: &objects };
    assert_eq!(VolumeZone.hint(&user_of("data"), &event, cluster), want);
}

#[test]
fn only_changes_of_zones_wake_the_pod() {
    let volume = |labels: Pairs<'_>| Object::PersistentVolume(pv(labels));
    check_hint(None, volume(&[]), Hint::Queue);
    check_hint(Some(volume(&[])), volume(&[("app", "x")]), Hint::Skip);
    check_hint(Some(volume(&[(ZONE, "a")])), volume(&[(ZONE, "b")]), Hint::Queue);
    check_hint(None, class("new", Some(BindingMode::Immediate)), Hint::Skip);
    check_hint(None, class("new", Some(BindingMode::WaitForFirstConsumer)), Hint::Queue);
    check_hint(None, Object::Claim(claim("", None)), Hint::Queue);
}

/// What tells apart a pod whose volume has these labels.
fn likeness(labels: Pairs<'_>) -> Likeness {
    let mut objects = Objects::default();
    objects.set(Object::Claim(claim("pv", None)));
    objects.set(Object::PersistentVolume(pv(labels)));
    let (snapshot, pod, mut likeness) = (Snapshot::default(), user_of("data"), Likeness::default());
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
    VolumeZone.tell_apart(cx, &mut likeness);
    likeness
}

#[test]
fn pods_are_told_apart_by_the_zones_of_their_volumes() {
    assert_eq!(likeness(&[(ZONE, "a")]), likeness(&[(ZONE, "a"), ("disk", "ssd")]));
    assert_ne!(likeness(&[(ZONE, "a")]), likeness(&[(ZONE, "b")]));
    assert_ne!(likeness(&[(ZONE, "a")]), likeness(&[(REGION, "a")]));
    assert_ne!(likeness(&[(ZONE, "a")]), likeness(&[(ZONE, "a__b")]));
    assert_eq!(likeness(&[]), Likeness::default());
}
