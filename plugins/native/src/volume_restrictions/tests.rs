//! Tests of VolumeRestrictions.

use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::{Object, Objects};
use longshore_framework::snapshot::Snapshot;
use longshore_framework::volume::{Claim, Volume};

use super::*;

fn volume(source: VolumeSource) -> Volume {
    Volume { name: "v".into(), source }
}

fn with(name: &str, source: VolumeSource) -> Arc<Pod> {
    pod(name).spec(|s| s.volumes.push(volume(source))).build()
}

fn claim(name: &str) -> VolumeSource {
    VolumeSource::Claim { name: name.into() }
}

fn disk(name: &str, read_only: bool) -> VolumeSource {
    VolumeSource::GcePersistentDisk { name: name.into(), read_only }
}

fn iscsi(iqn: &str, read_only: bool) -> VolumeSource {
    VolumeSource::Iscsi { iqn: iqn.into(), read_only }
}

fn rbd(monitors: &[&str], image: &str) -> VolumeSource {
    VolumeSource::Rbd {
        monitors: monitors.iter().map(|m| Str::from(*m)).collect(),
        pool: "rbd".into(),
        image: image.into(),
        read_only: false,
    }
}

/// ReadWriteOncePod claims `single` and `second`, and an ordinary one, `shared`.
fn objects() -> Objects {
    let mut objects = Objects::default();
    let modes =
        [("single", READ_WRITE_ONCE_POD), ("second", READ_WRITE_ONCE_POD), ("shared", "ReadWriteMany")];
    for (name, mode) in modes {
        let claim = Claim {
            namespace: "default".into(),
            name: name.into(),
            access_modes: vec![mode.into()],
            ..Claim::default()
        };
        objects.set(Object::Claim(Arc::new(claim)));
    }
    objects
}

/// What is said of the incoming pod on node `a`, where `held` runs, and on the empty node `b`.
#[track_caller]
fn check(held: VolumeSource, incoming: VolumeSource, want: [&str; 2]) {
    let mut snapshot = Snapshot::default();
    let [a, b] = ["a", "b"].map(|name| snapshot.set_node(node(name).build()));
    let held = with("held", held);
    snapshot.add_pod(a, Arc::clone(&held));
    let (objects, incoming) = (objects(), with("incoming", incoming));
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &incoming };
    let mut state = PluginState::default();
    let said = |state: &PluginState, slot| match VolumeRestrictions.filter(cx, state, snapshot.view(slot)) {
        Ok(Verdict::Pass) => String::new(),
        Ok(Verdict::Reject(r)) => format!("{}: {}", r.code.as_str(), r.message()),
        Err(error) => error.to_string(),
    };
    let found = match VolumeRestrictions.pre_filter(cx, &mut state).unwrap() {
        PreFilterVerdict::Pass(_) => [said(&state, a), said(&state, b)],
        PreFilterVerdict::Skip => ["skip".to_string(), "skip".to_string()],
        PreFilterVerdict::Reject(r) => [r.message(), r.message()],
    };
    assert_eq!(found, want);
}

const DISK: &str = "Unschedulable: node(s) had no available disk";
const IN_USE: &str = "Unschedulable: node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";

#[test]
fn a_disk_is_shared_only_by_readers() {
    check(disk("d", true), disk("d", false), [DISK, ""]);
    check(disk("d", true), disk("d", true), ["", ""]);
    check(disk("d", false), disk("other", false), ["", ""]);
    check(iscsi("q", false), iscsi("q", true), [DISK, ""]);
    check(disk("d", false), iscsi("d", false), ["", ""]);
}

#[test]
fn an_ebs_volume_is_never_shared() {
    let ebs = |id: &str| VolumeSource::AwsElasticBlockStore { id: id.into() };
    check(ebs("vol-1"), ebs("vol-1"), [DISK, ""]);
    check(ebs("vol-1"), ebs("vol-2"), ["", ""]);
}

#[test]
fn a_ceph_image_is_the_same_when_some_monitor_is() {
    check(rbd(&["m1", "m2"], "i"), rbd(&["m2", "m3"], "i"), [DISK, ""]);
    check(rbd(&["m1"], "i"), rbd(&["m2"], "i"), ["", ""]);
    check(rbd(&["m1"], "i"), rbd(&["m1"], "j"), ["", ""]);
}

#[test]
fn a_read_write_once_pod_claim_in_use_rules_out_every_node() {
    check(claim("single"), claim("single"), [IN_USE, IN_USE]);
    check(claim("shared"), claim("shared"), ["skip", "skip"]);
    check(claim("shared"), claim("single"), ["skip", "skip"]);
}

#[test]
fn a_missing_claim_rejects_the_pod() {
    let missing = "persistentvolumeclaim \"data\" not found";
    check(claim("shared"), claim("data"), [missing, missing]);
}

#[test]
fn evicting_the_user_of_a_read_write_once_pod_claim_helps() {
    let mut snapshot = Snapshot::default();
    let slot = snapshot.set_node(node("a").build());
    let held = with("held", claim("single"));
    snapshot.add_pod(slot, Arc::clone(&held));
    let (objects, incoming) = (objects(), with("incoming", claim("single")));
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &incoming };
    let mut state = PluginState::default();
    VolumeRestrictions.pre_filter(cx, &mut state).unwrap();
    let passes =
        |state: &PluginState| VolumeRestrictions.filter(cx, state, snapshot.view(slot)) == Ok(Verdict::Pass);
    assert!(!passes(&state));
    VolumeRestrictions.remove_pod(cx, &mut state, &held, slot).unwrap();
    assert!(passes(&state));
    VolumeRestrictions.add_pod(cx, &mut state, &held, slot).unwrap();
    assert!(!passes(&state));
}

#[track_caller]
fn check_hint(subject: Subject, want: Hint) {
    let event = ClusterEvent::new(Resource::Pod, Action::DELETE, subject);
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cluster = HintContext { snapshot: &snapshot, objects: &objects };
    assert_eq!(VolumeRestrictions.hint(&with("waiting", claim("single")), &event, cluster), want);
}

#[test]
fn only_pods_and_claims_that_matter_wake_the_pod() {
    check_hint(Subject::Pod(Some(with("gone", claim("single"))), None), Hint::Queue);
    check_hint(Subject::Pod(Some(with("gone", claim("other"))), None), Hint::Skip);
    let elsewhere = pod("gone").namespace("other").spec(|s| s.volumes.push(volume(claim("single"))));
    check_hint(Subject::Pod(Some(elsewhere.build()), None), Hint::Skip);
    let added = |name: &str| {
        let claim = Claim { namespace: "default".into(), name: name.into(), ..Claim::default() };
        Subject::Object(None, Some(Object::Claim(Arc::new(claim))))
    };
    check_hint(added("single"), Hint::Queue);
    check_hint(added("other"), Hint::Skip);
}

/// What tells apart a pod with these volumes, while other pods use these claims.
fn likeness(sources: &[VolumeSource], used: &[&str]) -> Likeness {
    let mut snapshot = Snapshot::default();
    let node = snapshot.set_node(node("n").build());
    for name in used {
        snapshot.add_pod(node, with(&format!("user-of-{name}"), claim(name)));
    }
    let pod = pod("p").spec(|s| s.volumes = sources.iter().cloned().map(volume).collect()).build();
    let (objects, mut likeness) = (objects(), Likeness::default());
    let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
    VolumeRestrictions.tell_apart(cx, &mut likeness);
    likeness
}

#[test]
fn a_claim_tells_pods_apart_only_while_it_rules_out_nodes() {
    assert_eq!(likeness(&[claim("single")], &[]), Likeness::default());
    assert_eq!(likeness(&[claim("shared")], &["single"]), Likeness::default());
    assert_ne!(likeness(&[claim("single")], &["single"]), Likeness::default());
    assert_ne!(likeness(&[disk("d", true)], &[]), likeness(&[disk("d", false)], &[]));
    assert!(likeness(&[claim("missing")], &[]).is_unlike_any());
}

#[test]
fn how_many_of_its_claims_are_in_use_tells_a_pod_apart_because_one_eviction_helps_or_does_not() {
    let both = [claim("single"), claim("second")];
    assert_ne!(likeness(&both, &["single"]), likeness(&both, &["single", "second"]));
    assert_eq!(likeness(&both, &["single"]), likeness(&both, &["second"]));
}
