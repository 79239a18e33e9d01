use longshore_framework::device::{
    Device, DeviceChoice, DeviceNodes, DeviceTaint, DeviceTaintEffect, DeviceTaintRule, ResourceSlice,
    SliceNodes,
};
use longshore_framework::fixture::node;
use longshore_framework::objects::{Object, Objects};

use super::*;

fn slice(name: &str, nodes: DeviceNodes, devices: usize) -> Object {
    let device = |at: usize| Device { name: format!("d{at}").into(), ..Device::default() };
    Object::ResourceSlice(Arc::new(ResourceSlice {
        name: name.into(),
        driver: "x".into(),
        pool: name.into(),
        generation: 1,
        slice_count: 1,
        nodes: SliceNodes::Of(nodes),
        devices: (0..devices).map(device).collect(),
        counters: Arc::from([]),
    }))
}

fn rule(pool: &str) -> Object {
    let taint = DeviceTaint { key: "k".into(), value: "".into(), effect: DeviceTaintEffect::NoSchedule };
    let devices = Some(DeviceChoice { pool: Some(pool.into()), ..DeviceChoice::default() });
    Object::DeviceTaintRule(Arc::new(DeviceTaintRule { name: "rule".into(), devices, taint }))
}

/// Devices and taints that each of two nodes sees, by pool.
#[track_caller]
fn check(kept: &Kept, objects: &Objects, want: [&[(usize, usize)]; 2]) {
    let rules = SliceRules { taint_rules: true, ..SliceRules::default() };
    for (name, want) in ["a", "b"].iter().zip(want) {
        let pools = kept.pools_of(&objects.slices, &node(name).build(), rules);
        let seen: Vec<_> = pools.iter().map(|pool| (pool.len(), pool.taints())).collect();
        assert_eq!(seen, want, "{name}");
    }
}

#[test]
fn what_is_kept_follows_slices_and_taint_rules() {
    let (kept, mut objects) = (Kept::default(), Objects::default());
    check(&kept, &objects, [&[], &[]]);
    objects.set(slice("p-a", DeviceNodes::Named("a".into()), 2));
    check(&kept, &objects, [&[(2, 0)], &[]]);
    objects.set(slice("p-all", DeviceNodes::All, 1));
    check(&kept, &objects, [&[(2, 0), (1, 0)], &[(1, 0)]]);
    objects.set(rule("p-a"));
    check(&kept, &objects, [&[(2, 2), (1, 0)], &[(1, 0)]]);
    objects.set(rule("p-all"));
    check(&kept, &objects, [&[(2, 0), (1, 1)], &[(1, 1)]]);
    objects.set(slice("p-a", DeviceNodes::Named("b".into()), 3));
    check(&kept, &objects, [&[(1, 1)], &[(3, 0), (1, 1)]]);
    objects.remove(&slice("p-all", DeviceNodes::All, 1));
    check(&kept, &objects, [&[], &[(3, 0)]]);
    // Another store, of the same revision.
    let mut other = Objects::default();
    (0..6).for_each(|at| _ = other.set(slice("p-b", DeviceNodes::Named("b".into()), at)));
    check(&kept, &other, [&[], &[(5, 0)]]);
}
