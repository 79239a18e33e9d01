//! Tests of VolumeBinding.

mod cluster;

use longshore_framework::Str;
use longshore_framework::event::{Action, Resource, Subject};
use longshore_framework::features::Minor;
use longshore_framework::fields::Problem;
use longshore_framework::fixture::pod;
use longshore_framework::labels::LabelSelector;
use longshore_framework::node::ZONE;
use longshore_framework::objects::{Object, Objects};
use longshore_framework::snapshot::Snapshot;
use longshore_framework::volume::{
    Claim, ClaimRef, CsiDriver, CsiNode, CsiSource, CsiStorageCapacity, PersistentVolume, SELECTED_NODE,
    Volume, VolumeSource,
};

use super::*;
use cluster::*;

#[test]
fn a_pod_without_claims_is_skipped() {
    Cluster::new().check(&pod("p").build(), ["skip", ""]);
}

#[test]
fn claims_that_cannot_be_used_reject_the_pod() {
    let changed = |change: fn(&mut Claim)| {
        let mut data = claim("data", "fast");
        change(&mut data);
        Cluster::new().claims([data])
    };
    let p = user("p", &["data"]);
    Cluster::new().check(&p, ["all: persistentvolumeclaim \"data\" not found", ""]);
    changed(|c| c.terminating = true).check(&p, ["all: persistentvolumeclaim \"data\" is being deleted", ""]);
    changed(|c| (c.lost, c.volume_name) = (true, "pv".into()))
        .check(&p, ["all: persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"pv\"", ""]);
    let unbound = ["all: pod has unbound immediate PersistentVolumeClaims", ""];
    changed(|c| c.class = Some("immediate".into())).check(&p, unbound);
    changed(|c| c.class = None).check(&p, unbound);
    changed(|c| c.class = Some("missing".into())).check(&p, unbound);
    changed(|c| c.volume_name = "set by hand".into()).check(&p, unbound);
}

#[test]
fn the_claim_of_an_ephemeral_volume_must_be_made_for_the_pod() {
    let p = ephemeral("p");
    let waiting =
        "all: waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-scratch\"";
    Cluster::new().check(&p, [waiting, ""]);
    let foreign = "all: PVC default/p-scratch was not created for pod default/p (pod is not owner)";
    Cluster::new().claims([claim("p-scratch", "fast")]).check(&p, [foreign, ""]);
    let own = Claim { owner_uid: Some("default/p".into()), ..claim("p-scratch", "fast") };
    Cluster::new().claims([own]).check(&p, ["", ""]);
}

#[test]
fn bound_volumes_must_exist_and_match_the_node() {
    let p = user("p", &["data"]);
    let cluster = || Cluster::new().claims([bound("data", "pv")]);
    let gone = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
    cluster().check(&p, [gone, gone]);
    cluster().volumes([local("pv", "5Gi", "b")]).check(&p, [ELSEWHERE, ""]);
}

#[test]
fn a_migrated_volume_is_looked_for_by_the_label_of_its_driver() {
    let csi = CsiSource {
        driver: "pd.csi.storage.gke.io".into(),
        handle: "disk".into(),
        migrated_from: Some("kubernetes.io/gce-pd".into()),
    };
    let disk = PersistentVolume { node_affinity: on(ZONE, "x"), csi: Some(csi), ..local("pv", "5Gi", "") };
    let mut cluster = Cluster::new().claims([bound("data", "pv")]).volumes([disk]);
    cluster.check(&user("p", &["data"]), ["", ELSEWHERE]);
    let migrated = vec!["kubernetes.io/gce-pd".into()];
    let csi_node = CsiNode { name: "a".into(), drivers: Vec::new(), migrated };
    cluster.objects.set(Object::CsiNode(Arc::new(csi_node)));
    cluster.check(&user("p", &["data"]), [ELSEWHERE, ELSEWHERE]);
}

#[test]
fn a_free_volume_must_suit_the_claim() {
    let check = |change: fn(&mut PersistentVolume), fits: bool| {
        let mut volume = local("pv", "5Gi", "a");
        change(&mut volume);
        let cluster = Cluster::new().volumes([volume]).claims([claim("data", "local")]);
        cluster.check(&user("p", &["data"]), [if fits { "" } else { CONFLICT }, CONFLICT]);
    };
    check(|_| {}, true);
    check(|v| v.capacity = "4Gi".parse().unwrap(), false);
    check(|v| v.class = "other".into(), false);
    check(|v| v.phase = "Pending".into(), false);
    check(|v| v.terminating = true, false);
    check(|v| v.volume_mode = "Block".into(), false);
    check(|v| v.volume_mode = "Filesystem".into(), true);
    check(|v| v.access_modes = vec!["ReadOnlyMany".into()], false);
    check(|v| v.attributes_class = Some("gold".into()), false);
    check(
        |v| v.claim = Some(ClaimRef { namespace: "default".into(), name: "other".into(), uid: "".into() }),
        false,
    );
    check(
        |v| {
            // Set aside for the claim, a volume need be neither available nor of the right access mode.
            v.claim = Some(ClaimRef { namespace: "default".into(), name: "data".into(), uid: "".into() });
            v.phase = "Released".into();
            v.access_modes.clear();
        },
        true,
    );
}

#[test]
fn a_selector_picks_among_free_volumes() {
    let labelled =
        PersistentVolume { labels: [("disk", "ssd")].into_iter().collect(), ..local("labelled", "5Gi", "b") };
    let selector = Some([("disk", "ssd")].into_iter().collect::<LabelSelector>());
    let data = Claim { selector, ..claim("data", "local") };
    let cluster = Cluster::new().volumes([local("plain", "5Gi", "a"), labelled]).claims([data]);
    cluster.check(&user("p", &["data"]), [CONFLICT, ""]);
}

#[test]
fn smaller_claims_choose_first_and_take_the_smallest_volume() {
    let large = Claim { request: "8Gi".parse().unwrap(), ..claim("large", "local") };
    let volumes = [local("big", "20Gi", "a"), local("mid", "10Gi", "a"), local("tiny", "1Gi", "a")];
    let mut cluster = Cluster::new().volumes(volumes).claims([large, claim("small", "local")]);
    let p = user("p", &["large", "small"]);
    cluster.check(&p, ["", CONFLICT]);
    let writes = cluster.reserve(&p, "a", &mut PluginState::default());
    assert_eq!(writes, [bind("mid", "small"), bind("big", "large")]);
}

#[test]
fn a_volume_set_aside_for_the_claim_wins_and_rules_out_other_nodes() {
    let aside = ClaimRef { namespace: "default".into(), name: "data".into(), uid: "uid-data".into() };
    let own = PersistentVolume { claim: Some(aside), ..local("own", "50Gi", "b") };
    let cluster = Cluster::new().volumes([local("free", "5Gi", "a"), own]).claims([claim("data", "local")]);
    cluster.check(&user("p", &["data"]), [CONFLICT, ""]);
}

#[test]
fn what_is_not_there_is_made_where_the_class_allows_it() {
    Cluster::new().claims([claim("data", "fast")]).check(&user("p", &["data"]), ["", ""]);
    Cluster::new().claims([claim("data", "zonal")]).check(&user("p", &["data"]), ["", CONFLICT]);
}

#[test]
fn a_driver_that_counts_needs_room() {
    let full = "node(s) did not have enough free storage";
    let cluster = Cluster::new().claims([claim("data", "counted")]).capacity("a", "5Gi").capacity("b", "4Gi");
    cluster.check(&user("p", &["data"]), ["", full]);
}

#[test]
fn every_reason_is_given() {
    let taken = ClaimRef { namespace: "default".into(), name: "old".into(), uid: "uid-old".into() };
    let volume = PersistentVolume { claim: Some(taken), ..local("pv", "5Gi", "b") };
    let cluster = Cluster::new().volumes([volume]).claims([bound("old", "pv"), claim("new", "local")]);
    let both = format!("{ELSEWHERE}, {CONFLICT}");
    cluster.check(&user("p", &["old", "new"]), [&both, CONFLICT]);
}

#[test]
fn a_claim_being_provisioned_keeps_its_node() {
    let mut data = claim("data", "fast");
    annotate(&mut data, SELECTED_NODE, "b");
    Cluster::new().claims([data]).check(&user("p", &["data"]), [CONFLICT, ""]);
}

#[test]
fn the_next_pod_sees_what_was_set_aside_until_it_is_given_back() {
    let mut cluster = Cluster::new().volumes([local("pv", "5Gi", "a")]).claims([
        claim("one", "local"),
        claim("two", "local"),
        claim("made", "fast"),
    ]);
    let (first, second) = (user("first", &["one", "made"]), user("second", &["two"]));
    let mut state = PluginState::default();
    let writes = cluster.reserve(&first, "a", &mut state);
    assert_eq!(writes, [bind("pv", "one"), provision("made", "a")]);
    cluster.check(&second, [CONFLICT, CONFLICT]);
    cluster.check(&user("sharer", &["made"]), ["", CONFLICT]);
    let assumed = cluster.objects.volumes.get(&"pv".into()).unwrap();
    assert_eq!(assumed.annotations.get("pv.kubernetes.io/bound-by-controller").map(|v| &**v), Some("yes"));
    cluster.unreserve(&first, "a", &mut state);
    cluster.check(&second, ["", CONFLICT]);
    cluster.check(&user("sharer", &["made"]), ["", ""]);

    // Once given back, the volume may be another pod's: giving back again must not take it away.
    cluster.reserve(&second, "a", &mut PluginState::default());
    cluster.unreserve(&first, "a", &mut state);
    cluster.check(&first, [CONFLICT, CONFLICT]);
}

#[test]
fn a_pod_that_shares_a_claim_gives_back_only_what_it_set_aside_itself() {
    let mut cluster = Cluster::new().claims([claim("made", "fast")]);
    let (first, second) = (user("first", &["made"]), user("second", &["made"]));
    cluster.reserve(&first, "a", &mut PluginState::default());
    let mut state = PluginState::default();
    assert_eq!(cluster.reserve(&second, "a", &mut state), [provision("made", "a")]);
    cluster.unreserve(&second, "a", &mut state);
    cluster.check(&second, ["", CONFLICT]);
}

#[test]
fn giving_back_spares_what_another_pod_assumed_of_a_newer_volume() {
    let mut cluster = Cluster::new()
        .volumes([local("pv", "5Gi", "a")])
        .claims([claim("one", "local"), claim("two", "local")]);
    let (first, second) = (user("first", &["one"]), user("second", &["two"]));
    let mut state = PluginState::default();
    cluster.reserve(&first, "a", &mut state);
    let mut cluster = cluster.volumes([local("pv", "6Gi", "a")]);
    cluster.reserve(&second, "a", &mut PluginState::default());
    cluster.unreserve(&first, "a", &mut state);
    cluster.check(&first, [CONFLICT, CONFLICT]);
}

#[test]
fn nothing_is_written_when_all_is_bound() {
    let mut cluster = Cluster::new().volumes([local("pv", "5Gi", "a")]).claims([bound("data", "pv")]);
    let mut state = PluginState::default();
    assert_eq!(cluster.reserve(&user("p", &["data"]), "a", &mut state), []);
    assert_eq!(cluster.reserve(&pod("q").build(), "a", &mut state), []);
}

#[test]
fn a_profile_without_the_filter_sets_nothing_aside() {
    let mut cluster = Cluster::new().claims([claim("data", "zonal")]);
    let p = user("p", &["data"]);
    let mut state = PluginState::default();
    let cx = Cycle { snapshot: &cluster.snapshot, objects: &cluster.objects, pod: &p };
    VolumeBinding::default().pre_filter(cx, &mut state).unwrap();
    let slot = cluster.snapshot.slot("b").unwrap();
    assert_eq!(cluster.reserve_unfiltered(&p, slot, &mut state), []);
}

#[track_caller]
fn check_args(minor: Minor, args: Value, want: &[&str]) {
    let mut found = Vec::new();
    let context = FactoryContext { features: Features::of(minor), ..FactoryContext::default() };
    let instance = build(&args, &context, &mut Problems::new(&mut found));
    assert_eq!(found.iter().map(Problem::to_string).collect::<Vec<_>>(), want);
    if want.is_empty() {
        let seconds = args.get("bindTimeoutSeconds").cloned().unwrap_or(json!(600));
        let mut written = json!({ "bindTimeoutSeconds": seconds });
        if minor >= Minor::V1_37 {
            let shape = args.get("shape").filter(|shape| **shape != json!([])).cloned();
            let default = json!([{"utilization": 0, "score": 10}, {"utilization": 100, "score": 0}]);
            written["shape"] = shape.unwrap_or(default);
        }
        assert_eq!(instance.args, written);
    }
}

#[test]
fn arguments() {
    check_args(Minor::V1_36, Value::Null, &[]);
    check_args(Minor::V1_37, Value::Null, &[]);
    let kind = json!({"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "VolumeBindingArgs"});
    check_args(Minor::V1_37, kind, &[]);
    check_args(Minor::V1_36, json!({"bindTimeoutSeconds": 0}), &[]);
    check_args(Minor::V1_37, json!({"shape": []}), &[]);
    check_args(Minor::V1_37, json!({"shape": [{"utilization": 10, "score": 3}]}), &[]);
    check_args(
        Minor::V1_37,
        json!({"shape": [{"utilization": 10, "score": 11}, {"utilization": 5}]}),
        &[
            "shape[0].score: must be a whole number from 0 to 10, not 11",
            "shape[1].utilization: must be higher than that of the point before",
        ],
    );
    check_args(
        Minor::V1_36,
        json!({"bindTimeoutSeconds": -1, "shape": []}),
        &[
            "bindTimeoutSeconds: must be a whole number of at least 0, not -1",
            "shape: needs the feature gate StorageCapacityScoring, which is off; remove it or switch the gate on",
        ],
    );
    check_args(
        Minor::V1_37,
        json!({"kind": "NodeAffinityArgs"}),
        &["kind: must be VolumeBindingArgs, or be left out, not \"NodeAffinityArgs\""],
    );
}

#[track_caller]
fn check_hint(before: Option<Object>, after: Object, want: Hint) {
    let subject = Subject::Object(before, Some(after));
    let event = ClusterEvent::new(Resource::StorageClass, Action::UPDATE, subject);
    let (snapshot, objects) = (Snapshot::default(), Objects::default());
    let cluster = HintContext { snapshot: &snapshot, objects: &objects };
    let waiting = pod("waiting").spec(|s| {
        let inline = VolumeSource::InlineCsi { driver: DRIVER.into() };
        s.volumes.push(Volume { name: "scratch".into(), source: VolumeSource::Ephemeral });
        s.volumes.push(Volume { name: "inline".into(), source: inline });
    });
    assert_eq!(VolumeBinding::default().hint(&waiting.build(), &event, cluster), want);
}

#[test]
fn only_changes_that_help_wake_the_pod() {
    check_hint(None, Object::Claim(Arc::new(claim("waiting-scratch", "fast"))), Hint::Queue);
    check_hint(None, Object::Claim(Arc::new(claim("other", "fast"))), Hint::Skip);
    let class = |zones: &[&str]| {
        let mut cluster = Cluster::new();
        cluster.class("changing", DRIVER, zones);
        Object::StorageClass(Arc::clone(&cluster.objects.classes["changing"]))
    };
    check_hint(None, class(&[]), Hint::Queue);
    check_hint(Some(class(&["x"])), class(&["x"]), Hint::Skip);
    check_hint(Some(class(&["x"])), class(&["x", "y"]), Hint::Queue);
    let driver = |name: &str, storage_capacity: bool| {
        Object::CsiDriver(Arc::new(CsiDriver {
            name: name.into(),
            storage_capacity,
            prevents_if_missing: false,
        }))
    };
    check_hint(Some(driver(DRIVER, true)), driver(DRIVER, false), Hint::Queue);
    check_hint(Some(driver(DRIVER, false)), driver(DRIVER, true), Hint::Skip);
    check_hint(Some(driver("other", true)), driver("other", false), Hint::Skip);
    let room = |size: Option<&str>| {
        let capacity = size.map(|s| s.parse().unwrap());
        Object::CsiStorageCapacity(Arc::new(CsiStorageCapacity { capacity, ..CsiStorageCapacity::default() }))
    };
    check_hint(Some(room(Some("1Gi"))), room(Some("2Gi")), Hint::Queue);
    check_hint(Some(room(None)), room(Some("1Gi")), Hint::Queue);
    check_hint(Some(room(Some("2Gi"))), room(None), Hint::Skip);
    let csi_node = |migrated: &[&str]| {
        let migrated = migrated.iter().map(|m| Str::from(*m)).collect();
        Object::CsiNode(Arc::new(CsiNode { migrated, ..CsiNode::default() }))
    };
    check_hint(Some(csi_node(&[])), csi_node(&["kubernetes.io/gce-pd"]), Hint::Queue);
    check_hint(Some(csi_node(&[])), csi_node(&[]), Hint::Skip);
}

/// Whether pods `a` and `b`, each with the claim of its name, are alike.
#[track_caller]
fn check_alike(volumes: Vec<PersistentVolume>, [a, b]: [Claim; 2], want: bool) {
    let cluster = Cluster::new().capacity("a", "1Gi").volumes(volumes).claims([a, b]);
    let of = |name: &str| {
        let pod = user(name, &[name]);
        let cx = Cycle { snapshot: &cluster.snapshot, objects: &cluster.objects, pod: &pod };
        let mut likeness = Likeness::default();
        VolumeBinding::default().tell_apart(cx, &mut likeness);
        (!likeness.is_unlike_any()).then_some(likeness)
    };
    let (a, b) = (of("a"), of("b"));
    assert_eq!(a.is_some() && a == b, want);
}

#[test]
fn pods_are_told_apart_by_what_is_behind_their_claims() {
    let delayed = |change: fn(&mut Claim)| {
        let mut changed = claim("b", "fast");
        change(&mut changed);
        [claim("a", "fast"), changed]
    };
    check_alike(vec![], delayed(|_| {}), true);
    check_alike(vec![], delayed(|c| c.labels = [("x", "y")].into_iter().collect()), true);
    check_alike(vec![], delayed(|c| c.class = Some("zonal".into())), false);
    check_alike(vec![], delayed(|c| c.request = "6Gi".parse().unwrap()), false);
    check_alike(vec![], delayed(|c| c.access_modes = vec!["ReadWriteMany".into()]), false);
    check_alike(vec![], delayed(|c| c.volume_mode = "Block".into()), false);
    check_alike(vec![], delayed(|c| c.volume_mode = "Filesystem".into()), true);
    check_alike(vec![], delayed(|c| c.attributes_class = Some("gold".into())), false);
    check_alike(vec![], delayed(|c| c.selector = Some([("x", "y")].into_iter().collect())), false);
    check_alike(vec![], delayed(|c| annotate(c, SELECTED_NODE, "a")), false);
    let selected = |node: &str| {
        let mut claims = [claim("a", "fast"), claim("b", "fast")];
        annotate(&mut claims[0], SELECTED_NODE, "a");
        annotate(&mut claims[1], SELECTED_NODE, node);
        claims
    };
    check_alike(vec![], selected("a"), true);
    check_alike(vec![], selected("b"), false);
    let set_aside = PersistentVolume {
        claim: Some(ClaimRef { namespace: "default".into(), name: "b".into(), uid: "".into() }),
        ..local("pv", "9Gi", "a")
    };
    check_alike(vec![local("pv", "9Gi", "a")], [claim("a", "local"), claim("b", "local")], true);
    check_alike(vec![set_aside], [claim("a", "local"), claim("b", "local")], false);
}

#[test]
fn bound_claims_count_by_the_nodes_of_their_volumes() {
    let claims = || [bound("a", "pv-a"), bound("b", "pv-b")];
    let volumes = |hosts: [&str; 2]| vec![local("pv-a", "1Gi", hosts[0]), local("pv-b", "2Gi", hosts[1])];
    check_alike(volumes(["a", "a"]), claims(), true);
    check_alike(volumes(["a", "b"]), claims(), false);
    check_alike(vec![local("pv-a", "1Gi", "a")], claims(), false);
    let anywhere = |name: &str| PersistentVolume { node_affinity: None, ..local(name, "1Gi", "a") };
    check_alike(vec![anywhere("pv-a"), anywhere("pv-b")], claims(), true);
    check_alike(vec![anywhere("pv-a"), local("pv-b", "1Gi", "a")], claims(), false);
}

#[test]
fn a_pod_that_waits_for_its_claim_is_like_no_other() {
    check_alike(vec![], [claim("a", "immediate"), claim("b", "immediate")], false);
    check_alike(vec![], [claim("other", "fast"), claim("another", "fast")], false);
}
