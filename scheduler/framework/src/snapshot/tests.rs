use super::*;
use crate::fixture::{node, pod};
use crate::node::NodeImage;

#[track_caller]
fn check_order(snapshot: &Snapshot, want: &[&str]) {
    let names: Vec<_> = snapshot.order().iter().map(|s| &*snapshot.node(*s).name).collect();
    assert_eq!(names, want);
}

fn zoned(name: &str, zone: &str) -> Arc<Node> {
    node(name).label(crate::node::ZONE, zone).build()
}

#[test]
fn nodes_alternate_between_zones() {
    let mut s = Snapshot::default();
    for (name, zone) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("c1", "c"), ("c2", "c")] {
        s.set_node(zoned(name, zone));
    }
    check_order(&s, &["a1", "b1", "c1", "a2", "c2", "a3"]);
    s.remove_node("a1");
    check_order(&s, &["a2", "b1", "c1", "a3", "c2"]);
}

#[test]
fn adding_and_removing_a_pod_restores_the_columns() {
    let mut s = Snapshot::default();
    let slot = s.set_node(node("n").allocatable("cpu", "4").build());
    s.add_pod(slot, pod("p").request("cpu", "1").request("x.io/gpu", "2").build());
    assert_eq!(s.column(CPU_ID).at(Slot(0)).1, 1000);
    let gpu = s.resource("x.io/gpu").unwrap();
    assert_eq!(s.column(gpu).at(Slot(0)).1, 2);
    assert_eq!((s.left(CPU_ID).unwrap()[0], s.pods_left()[0]), (3000, 109));
    s.remove_pod(slot, "default/p").unwrap();
    assert_eq!((s.left(CPU_ID).unwrap()[0], s.pods_left()[0]), (4000, 110));
    assert_eq!(
        (
            s.column(CPU_ID).at(Slot(0)).1,
            s.column(gpu).at(Slot(0)).1,
            s.pod_counts()[0],
            s.nonzero_memory()[0]
        ),
        (0, 0, 0, 0)
    );
}

#[test]
fn a_slot_is_reused_and_its_columns_are_clean() {
    let mut s = Snapshot::default();
    let slot = s.set_node(node("n").allocatable("cpu", "4").build());
    s.add_pod(slot, pod("p").request("cpu", "1").build());
    assert_eq!(s.remove_node("n").unwrap().len(), 1);
    assert!(s.is_empty());
    assert_eq!((s.left(CPU_ID).unwrap()[0], s.pods_left()[0]), (0, 0));
    assert_eq!(s.set_node(node("m").build()), slot);
    assert_eq!(
        (s.column(CPU_ID).at(Slot(0)).0, s.column(CPU_ID).at(Slot(0)).1, s.pod_counts()[0]),
        (0, 0, 0)
    );
}

#[test]
fn the_log_tells_what_changed() {
    let mut s = Snapshot::default();
    let a = s.set_node(node("a").build());
    let seen = s.generation();
    let b = s.set_node(node("b").build());
    s.add_pod(a, pod("p").build());
    assert_eq!(s.changed_since(seen).unwrap().collect::<Vec<_>>(), [b, a]);
    assert_eq!(s.changed_since(s.generation()).unwrap().count(), 0);
}

#[test]
fn a_topology_column_follows_its_nodes() {
    let mut s = Snapshot::default();
    let key: Str = crate::node::ZONE.into();
    let a = s.set_node(zoned("a", "x"));
    assert_eq!(s.topology(&key).domain(a), 0);
    let b = s.set_node(zoned("b", "x"));
    let c = s.set_node(zoned("c", "y"));
    s.set_node(node("a").build());
    let column = s.topology(&key);
    assert_eq!([a, b, c].map(|n| column.domain(n)), [NO_DOMAIN, 0, 1]);
    assert_eq!(column.value(1).map(|v| &**v), Some("y"));
}

#[test]
fn every_snapshot_is_another_one() {
    let (one, two) = (Snapshot::default(), Snapshot::default());
    let copy = one.clone();
    assert_eq!(one.lineage(), one.lineage());
    assert!(
        one.lineage() != two.lineage() && one.lineage() != copy.lineage() && two.lineage() != copy.lineage()
    );
}

#[test]
fn nodes_are_ranked_by_name_as_they_come_and_go() {
    let mut s = Snapshot::default();
    let [b, a] = ["b", "a"].map(|name| s.set_node(node(name).build()));
    let ranks =
        |s: &Snapshot, slots: &[Slot]| slots.iter().map(|n| s.name_ranks()[n.index()]).collect::<Vec<_>>();
    assert_eq!(ranks(&s, &[a, b]), [0, 1]);
    let c = s.set_node(node("aa").build());
    assert_eq!(ranks(&s, &[a, b, c]), [0, 2, 1]);
    s.remove_node("a");
    assert_eq!(ranks(&s, &[b, c]), [1, 0]);
}

#[test]
fn domains_keep_their_numbers_until_the_epoch_rises() {
    let mut s = Snapshot { topologies: Topologies::with_room_for(4), ..Snapshot::default() };
    let zone: Str = crate::node::ZONE.into();
    let (a, b) = (s.set_node(zoned("a", "x")), s.set_node(zoned("b", "y")));
    s.topology(&zone);
    assert_eq!(s.set_node(zoned("a", "z")), a);
    let numbers = |s: &Snapshot| [a, b].map(|slot| s.topology(&zone).domain(slot));
    let (epoch, before) = (s.epoch(), numbers(&s));
    for key in 0..5 {
        s.topology(&format!("key-{key}").into());
    }
    assert_eq!((s.epoch(), numbers(&s)), (epoch, before), "nothing changed");
    s.add_pod(b, pod("p").build());
    assert!(s.epoch() > epoch && numbers(&s) != before);
}

#[test]
fn domains_that_are_gone_leave_their_numbers_to_new_ones() {
    let mut s = Snapshot::default();
    let zone: Str = crate::node::ZONE.into();
    let stays = s.set_node(zoned("stays", "here"));
    s.topology(&zone);
    for round in 0..100 {
        let value = format!("zone-{round}");
        let slot = s.set_node(zoned("passing", &value));
        let column = s.topology(&zone);
        let domain = column.domain(slot);
        assert_eq!((column.find(&value), column.value(domain).map(|v| &**v)), (Some(domain), Some(&*value)));
        assert_ne!(domain, column.domain(stays));
        assert!(column.domain_count() <= 3, "{}", column.domain_count());
        if round % 3 > 0 {
            s.remove_node("passing");
            assert_eq!(s.topology(&zone).find(&value), None);
        }
    }
}

#[test]
fn only_nodes_that_come_or_go_or_report_other_images_concern_those_who_count_images() {
    let mut s = Snapshot::default();
    let image = || NodeImage { names: vec!["app:1".into()], size: 1 };
    let with_image = || node("a").with(|n| n.images.push(image()));
    let mut revisions = vec![s.images_revision()];
    for built in [node("a").build(), with_image().build(), with_image().label("k", "v").build()] {
        s.set_node(built);
        revisions.push(s.images_revision());
    }
    s.remove_node("a");
    revisions.push(s.images_revision());
    let rose: Vec<bool> = revisions.windows(2).map(|pair| pair[1] > pair[0]).collect();
    assert_eq!(rose, [false, true, false, true]);
}

#[test]
fn an_image_has_the_size_that_its_first_node_reported_until_its_only_node_reports_it_anew() {
    let mut s = Snapshot::default();
    let with_image = |name: &str, size: i64| {
        node(name).with(|n| n.images.push(NodeImage { names: vec!["app:1".into()], size }))
    };
    let mut check = |happens: &mut dyn FnMut(&mut Snapshot), want: i64| {
        let (revision, size) = (s.images_revision(), s.images().get("app:1").map(|image| image.size));
        happens(&mut s);
        let now = s.images().get("app:1").map(|image| image.size);
        assert_eq!(now, Some(want));
        assert!(now == size || s.images_revision() > revision);
    };
    let set = |name: &'static str, size: i64, label: &'static str| {
        move |s: &mut Snapshot| {
            s.set_node(with_image(name, size).label("k", label).build());
        }
    };
    check(&mut set("a", 10, "1"), 10);
    check(&mut set("b", 20, "1"), 10);
    check(&mut set("b", 20, "2"), 10);
    check(
        &mut |s| {
            s.remove_node("a");
        },
        10,
    );
    check(&mut set("b", 20, "3"), 20);
}
