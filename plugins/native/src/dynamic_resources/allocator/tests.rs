use longshore_framework::device::{
    Attribute, Capacity, CounterSet, Device, DeviceNodes, DeviceTaint, DeviceTaintEffect, ResourceSlice,
    SliceNodes,
};
use longshore_framework::fixture;
use longshore_framework::resource_claim::{
    ClaimConfig, ConstraintRule, DeviceConstraint, DeviceCount, DeviceRequest, DeviceWish, Wanted,
};

use super::*;

mod memory;

/// A cluster of one node `n` with one class `c`, whose devices are `driver/pool/device`.
#[derive(Default)]
struct World {
    inventory: Inventory,
    in_use: InUse,
    selectors: Selectors,
    patience: Option<u64>,
    lists_once: bool,
}

fn named(name: &str) -> Device {
    Device { name: name.into(), ..Device::default() }
}

fn slice(name: &str, devices: Vec<Device>) -> ResourceSlice {
    ResourceSlice {
        name: name.into(),
        driver: "d".into(),
        pool: "p".into(),
        generation: 1,
        slice_count: 1,
        nodes: SliceNodes::Of(DeviceNodes::Named("n".into())),
        devices: devices.into(),
        counters: [].into(),
    }
}

fn wish() -> DeviceWish {
    DeviceWish { class: "c".into(), ..DeviceWish::default() }
}

fn exactly(name: &str, wish: DeviceWish) -> DeviceRequest {
    DeviceRequest { name: name.into(), wanted: Wanted::Exactly(wish) }
}

fn first(name: &str, wishes: &[(&str, DeviceWish)]) -> DeviceRequest {
    let wishes = wishes.iter().map(|(name, wish)| ((*name).into(), wish.clone())).collect();
    DeviceRequest { name: name.into(), wanted: Wanted::FirstAvailable(wishes) }
}

fn asks(requests: Vec<DeviceRequest>) -> ClaimSpec {
    ClaimSpec { requests, ..ClaimSpec::default() }
}

fn same(requests: &[&str], attribute: &str) -> DeviceConstraint {
    let requests = requests.iter().map(|name| (*name).into()).collect();
    DeviceConstraint { requests, rule: ConstraintRule::Match(attribute.into()) }
}

impl World {
    fn with(slices: Vec<ResourceSlice>) -> Self {
        let mut world = Self::default();
        slices.into_iter().for_each(|slice| _ = world.inventory.set(Arc::new(slice)));
        world
    }

    fn allocate(&self, specs: &[ClaimSpec]) -> Result<Option<Vec<Allocation>>, AllocationError> {
        let pools = self.inventory.pools_of(&fixture::node("n").build());
        self.allocate_of(&Pools::new(pools), specs)
    }

    fn allocate_of(
        &self,
        pools: &Pools,
        specs: &[ClaimSpec],
    ) -> Result<Option<Vec<Allocation>>, AllocationError> {
        let node = fixture::node("n").build();
        let claims: Vec<Claim<'_>> =
            specs.iter().map(|spec| Claim { namespace: "default", name: "k", spec }).collect();
        let class = |name: &Str| {
            let class = DeviceClass { name: name.clone(), ..DeviceClass::default() };
            (&**name == "c").then(|| Arc::new(class))
        };
        let patience = self.patience.unwrap_or(100_000);
        let (in_use, selectors, lists_once) = (&self.in_use, &self.selectors, self.lists_once);
        let known =
            Known { in_use, selectors, class: &class, patience, lists_once, fractional: false, shares: true };
        allocate(&node, pools, &claims, known)
    }

    #[track_caller]
    fn check(&self, specs: &[ClaimSpec], want: Result<Option<&str>, &str>) {
        let lines = |found: Vec<Allocation>| {
            let devices = found.iter().flat_map(|allocation| &allocation.devices);
            devices.map(|d| format!("{}={}/{}", d.request, d.driver, d.device)).collect::<Vec<_>>().join(" ")
        };
        let found = self.allocate(specs).map(|found| found.map(lines)).map_err(|error| error.to_string());
        assert_eq!(found, want.map(|want| want.map(str::to_string)).map_err(str::to_string));
    }
}

fn with(name: &str, attributes: &[(&str, i64)]) -> Device {
    let attributes =
        attributes.iter().map(|(name, value)| ((*name).into(), Attribute::Int(*value))).collect();
    Device { attributes, ..named(name) }
}

fn counted(name: &str, amount: i64) -> Device {
    let counters = vec![("memory".into(), longshore_framework::quantity::Quantity::units(amount))];
    Device { consumes: vec![CounterSet { name: "set".into(), counters }], ..named(name) }
}

/// A pool of two slices, the first of which has the counters.
fn partitioned(amount: i64, devices: Vec<Device>) -> Vec<ResourceSlice> {
    let counters = vec![("memory".into(), longshore_framework::quantity::Quantity::units(amount))];
    let sets = [CounterSet { name: "set".into(), counters }];
    let counters = ResourceSlice { counters: sets.into(), slice_count: 2, ..slice("a", vec![]) };
    vec![counters, ResourceSlice { slice_count: 2, ..slice("b", devices) }]
}

#[test]
fn devices_come_in_the_order_of_the_slice() {
    let world = World::with(vec![slice("s", vec![named("z"), named("a"), named("b")])]);
    let two = DeviceWish { count: DeviceCount::Exactly(2), ..wish() };
    world.check(&[asks(vec![exactly("r", two.clone())])], Ok(Some("r=d/z r=d/a")));
    world.check(
        &[asks(vec![exactly("r", wish())]), asks(vec![exactly("q", two.clone())])],
        Ok(Some("r=d/z q=d/a q=d/b")),
    );
    world.check(&[asks(vec![exactly("r", two.clone()), exactly("q", two)])], Ok(None));
    let unknown = DeviceWish { class: "none".into(), ..wish() };
    world.check(
        &[asks(vec![exactly("r", unknown)])],
        Err("claim default/k, request r: could not retrieve device class none: not found"),
    );
}

/// The first choice of the first request leads nowhere, with each alternative of the second.
#[test]
fn whatever_leads_nowhere_is_taken_back() {
    let devices = vec![
        with("a", &[("d/numa", 0)]),
        with("b", &[("d/numa", 1), ("big", 1)]),
        with("c", &[("d/numa", 1)]),
        with("e", &[("d/numa", 0), ("huge", 1)]),
    ];
    let world = World::with(vec![slice("s", devices)]);
    let selected = |selector: &str| DeviceWish { selectors: [selector.into()].into(), ..wish() };
    let big = selected("has(device.attributes['d'].big)");
    let both = DeviceWish { count: DeviceCount::Exactly(2), ..selected("has(device.attributes['d'].huge)") };
    let alternatives = first("f", &[("huge", both), ("big", big)]);
    let mut spec = asks(vec![exactly("r", wish()), alternatives]);
    world.check(&[spec.clone()], Ok(Some("r=d/a f/big=d/b")));
    spec.constraints.push(same(&["r", "f/big"], "d/numa"));
    world.check(&[spec.clone()], Ok(Some("r=d/c f/big=d/b")));
    spec.constraints.push(same(&["r"], "d/none"));
    world.check(&[spec], Ok(None));
}

#[test]
fn devices_share_counters_and_shares_of_one_device_are_charged_once() {
    let units = longshore_framework::quantity::Quantity::units;
    let capacity = vec![("memory".into(), Capacity { value: units(10), policy: None })];
    let shared = Device { shared: true, capacity, ..counted("whole", 8) };
    let world = World::with(partitioned(10, vec![counted("half", 5), shared, counted("small", 2)]));
    let some = |amount| DeviceWish { capacity: vec![("memory".into(), units(amount))], ..wish() };
    let claim = |amounts: &[i64]| {
        asks(amounts.iter().enumerate().map(|(at, a)| exactly(&format!("r{at}"), some(*a))).collect())
    };
    // Only the device with a capacity has what is asked for. Its counters are charged with the first share.
    world.check(&[claim(&[4, 6])], Ok(Some("r0=d/whole r1=d/whole")));
    world.check(&[claim(&[4, 7])], Ok(None));
    let mut rest = claim(&[4, 6]);
    rest.requests.push(exactly("small", wish()));
    world.check(&[rest], Ok(Some("r0=d/whole r1=d/whole small=d/small")));
    let mut half = claim(&[4]);
    half.requests.insert(0, exactly("first", wish()));
    world.check(&[half], Ok(Some("first=d/small r0=d/whole")));
}

/// Upstream's allocator up to 1.36.2 forgot to give back the counters of a device that was turned down.
#[test]
fn counters_of_a_device_that_is_turned_down_are_free() {
    let taints =
        vec![DeviceTaint { key: "k".into(), value: "".into(), effect: DeviceTaintEffect::NoSchedule }];
    let tainted = Device { taints, ..counted("a", 8) };
    let world = World::with(partitioned(10, vec![tainted, counted("b", 8)]));
    world.check(&[asks(vec![exactly("r", wish())])], Ok(Some("r=d/b")));
}

/// Upstream's allocator keeps counters by the name of the pool, whoever the driver is.
#[test]
fn drivers_have_counters_of_their_own() {
    let other = |slice: ResourceSlice| ResourceSlice {
        driver: "e".into(),
        name: format!("e-{}", slice.name).into(),
        ..slice
    };
    let mut slices = partitioned(2, vec![counted("small", 2)]);
    slices.extend(partitioned(10, vec![counted("big", 10)]).into_iter().map(other));
    let two = DeviceWish { count: DeviceCount::Exactly(2), ..wish() };
    World::with(slices).check(&[asks(vec![exactly("r", two)])], Ok(Some("r=d/small r=e/big")));
}

/// Upstream's constraint remembers only the last value of a request.
#[test]
fn distinct_values_are_distinct_within_a_request() {
    let devices = [("a", 1), ("b", 2), ("c", 1), ("e", 3)].map(|(name, value)| with(name, &[("v", value)]));
    let world = World::with(vec![slice("s", devices.to_vec())]);
    let three = DeviceWish { count: DeviceCount::Exactly(3), ..wish() };
    let rule = ConstraintRule::Distinct("d/v".into());
    let mut spec = asks(vec![exactly("r", three)]);
    spec.constraints.push(DeviceConstraint { requests: vec![], rule });
    world.check(&[spec], Ok(Some("r=d/a r=d/b r=d/e")));
}

#[test]
fn all_devices_are_all_or_nothing() {
    let all = || asks(vec![exactly("r", DeviceWish { count: DeviceCount::All, ..wish() })]);
    let devices = || vec![named("a"), named("b")];
    World::with(vec![slice("s", devices())]).check(&[all()], Ok(Some("r=d/a r=d/b")));
    World::with(vec![slice("s", vec![])]).check(&[all()], Ok(None));
    let mut world = World::with(vec![slice("s", devices())]);
    let taken = world.allocate(&[asks(vec![exactly("r", wish())])]).unwrap().unwrap();
    world.in_use.add(&taken[0]);
    world.check(&[all()], Ok(None));
    world.in_use.remove(&taken[0]);
    world.check(&[all()], Ok(Some("r=d/a r=d/b")));
    let updating =
        "claim default/k, request r: asks for all devices, but resource pool d/p is currently being updated";
    let incomplete = ResourceSlice { slice_count: 2, ..slice("s", devices()) };
    World::with(vec![incomplete.clone()]).check(&[all()], Err(updating));
    World::with(vec![incomplete]).check(&[asks(vec![exactly("r", wish())])], Ok(None));
}

/// Upstream's allocator looks at counters of every node.
#[test]
fn a_pool_of_another_node_does_not_matter() {
    let mut slices = partitioned(10, vec![counted("x", 1)]);
    slices.truncate(1);
    slices[0].nodes = SliceNodes::Of(DeviceNodes::Named("other".into()));
    slices[0].pool = "other".into();
    slices.push(slice("s", vec![named("a")]));
    let all = || asks(vec![exactly("r", DeviceWish { count: DeviceCount::All, ..wish() })]);
    World::with(slices.clone()).check(&[all()], Ok(Some("r=d/a")));
    // That it contradicts itself is told, but only where nothing was found.
    let sets = [slices[0].counters[0].clone(), slices[0].counters[0].clone()];
    slices[0] = ResourceSlice { counters: sets.into(), slice_count: 1, ..slices[0].clone() };
    let mut world = World::with(slices);
    world.check(&[all()], Ok(Some("r=d/a")));
    let two = DeviceWish { count: DeviceCount::Exactly(2), ..wish() };
    let two = asks(vec![exactly("r", two)]);
    world.check(std::slice::from_ref(&two), Err("invalid resource pools were encountered"));
    world.inventory.remove(&"a".into());
    world.check(&[two], Ok(None));
}

#[test]
fn only_the_newest_generation_counts() {
    let one = || asks(vec![exactly("r", wish())]);
    let newer = |devices| ResourceSlice { generation: 2, ..slice("t", devices) };
    World::with(vec![slice("s", vec![named("old")]), newer(vec![named("new")])])
        .check(&[one()], Ok(Some("r=d/new")));
    // A newer one elsewhere hides a pool only while this node sees an incomplete one.
    let elsewhere = ResourceSlice { nodes: SliceNodes::Of(DeviceNodes::Named("m".into())), ..newer(vec![]) };
    World::with(vec![slice("s", vec![named("old")]), elsewhere.clone()]).check(&[one()], Ok(Some("r=d/old")));
    let partial = ResourceSlice { slice_count: 2, ..slice("s", vec![named("old")]) };
    World::with(vec![partial, elsewhere]).check(&[one()], Ok(None));
}

#[test]
fn a_pool_that_contradicts_itself_is_not_used() {
    let one = || asks(vec![exactly("r", wish())]);
    let twice = slice("s", vec![named("a"), named("a")]);
    World::with(vec![twice.clone()]).check(&[one()], Err("invalid resource pools were encountered"));
    let other = ResourceSlice { pool: "q".into(), ..slice("t", vec![named("b")]) };
    World::with(vec![twice, other]).check(&[one()], Ok(Some("r=d/b")));
    let unknown = slice("s", vec![counted("a", 1)]);
    World::with(vec![unknown]).check(&[one()], Err("invalid resource pools were encountered"));
}

#[test]
fn administrators_have_devices_that_are_in_use() {
    let mut world = World::with(vec![slice("s", vec![named("a"), named("b")])]);
    let taken = world.allocate(&[asks(vec![exactly("r", wish())])]).unwrap().unwrap();
    world.in_use.add(&taken[0]);
    let admin = || exactly("r", DeviceWish { admin: true, ..wish() });
    world.check(&[asks(vec![exactly("r", wish())])], Ok(Some("r=d/b")));
    world.check(&[asks(vec![admin()])], Ok(Some("r=d/a")));
    world.check(&[asks(vec![admin()]), asks(vec![admin()])], Ok(Some("r=d/a r=d/a")));
    world.check(&[asks(vec![admin(), exactly("q", wish())])], Ok(Some("r=d/a q=d/b")));
    let seen = world.allocate(&[asks(vec![admin()])]).unwrap().unwrap();
    let before = world.in_use.clone();
    world.in_use.add(&seen[0]);
    assert_eq!(before, world.in_use, "an administrator's use is none");
    world.in_use.remove(&taken[0]);
    assert!(world.in_use.is_empty());
}

#[test]
fn a_selector_that_fails_on_a_device_that_is_reached_ends_the_attempt() {
    let world = World::with(vec![slice("s", vec![with("a", &[("x", 1)]), named("b")])]);
    let selected = |count| DeviceWish {
        selectors: ["device.attributes['d'].x == 1".into()].into(),
        count: DeviceCount::Exactly(count),
        ..wish()
    };
    world.check(&[asks(vec![exactly("r", selected(1))])], Ok(Some("r=d/a")));
    let failed = "claim default/k: selector #0: CEL runtime error: no such key: x";
    world.check(&[asks(vec![exactly("r", selected(2))])], Err(failed));
}

#[test]
fn a_claim_has_32_devices_at_most() {
    let devices = (0..40).map(|at| named(&format!("d{at:02}"))).collect();
    let world = World::with(vec![slice("s", devices)]);
    let many = |count| DeviceWish { count: DeviceCount::Exactly(count), ..wish() };
    let limit =
        |asked| format!("claim default/k: number of requested devices {asked} exceeds the claim limit of 32");
    world.check(&[asks(vec![exactly("r", many(33))])], Err(&limit(33)));
    world.check(&[asks(vec![exactly("r", many(u64::MAX))])], Err(&limit(u64::MAX)));
    let fewer = first("f", &[("many", many(u64::MAX)), ("few", many(1))]);
    let found = world.allocate(&[asks(vec![exactly("r", many(31)), fewer])]).unwrap().unwrap();
    assert_eq!(found[0].devices.len(), 32);
    assert_eq!(&*found[0].devices[31].request, "f/few");
}

/// Twelve of twenty devices of which no two are alike: there is no solution, and a hundred thousand ways to fail.
#[test]
fn a_search_is_given_up_in_time() {
    let devices = (0..20).map(|at| with(&format!("d{at:02}"), &[("v", at / 2)])).collect();
    let mut world = World::with(vec![slice("s", devices)]);
    world.patience = Some(50_000);
    let many = DeviceWish { count: DeviceCount::Exactly(12), ..wish() };
    let mut spec = asks(vec![exactly("r", many)]);
    let rule = ConstraintRule::Distinct("d/v".into());
    spec.constraints.push(DeviceConstraint { requests: vec![], rule });
    world.check(&[spec], Err("timed out trying to allocate devices"));
}

#[test]
fn slices_come_and_go() {
    let mut world = World::with(vec![slice("s", vec![named("a")])]);
    let one = || asks(vec![exactly("r", wish())]);
    let moved = ResourceSlice {
        nodes: SliceNodes::Of(DeviceNodes::Named("m".into())),
        ..slice("s", vec![named("a")])
    };
    world.inventory.set(Arc::new(moved));
    world.check(&[one()], Ok(None));
    let shared = ResourceSlice { nodes: SliceNodes::Of(DeviceNodes::All), ..slice("s", vec![named("b")]) };
    world.inventory.set(Arc::new(shared));
    world.check(&[one()], Ok(Some("r=d/b")));
    world.inventory.remove(&"s".into());
    world.inventory.remove(&"s".into());
    world.check(&[one()], Ok(None));
}

/// For which requests the claim's setting is in the allocation; `said` are the requests it is said of.
#[track_caller]
fn check_settings(lists_once: bool, said: &[&str], want: &[&[&str]]) {
    let slice = ResourceSlice { devices: [named("a"), named("b"), named("c")].into(), ..slice("s", vec![]) };
    let world = World { lists_once, ..World::with(vec![slice]) };
    let config = longshore_framework::device::DriverConfig { driver: "d".into(), parameters: "{}".into() };
    let requests = said.iter().map(|name| (*name).into()).collect();
    let spec = ClaimSpec {
        requests: vec![exactly("one", wish()), first("two", &[("x", wish()), ("y", wish())])],
        config: vec![ClaimConfig { requests, config }],
        ..ClaimSpec::default()
    };
    let found = world.allocate(&[spec]).unwrap().unwrap();
    let listed: Vec<Vec<&str>> =
        found[0].config.iter().map(|config| config.requests.iter().map(|name| &**name).collect()).collect();
    assert_eq!(listed, want);
}

#[test]
fn settings_are_listed_for_each_request_and_since_1_37_once() {
    check_settings(false, &[], &[&[]]);
    check_settings(false, &["one"], &[&["one"]]);
    check_settings(false, &["one", "two/x"], &[&["one", "two/x"], &["one", "two/x"]]);
    check_settings(false, &["two/y"], &[]);
    check_settings(true, &[], &[&[]]);
    check_settings(true, &["one"], &[&["one"]]);
    check_settings(true, &["one", "two/x"], &[&[]]);
    check_settings(true, &["one", "two"], &[&[]]);
    check_settings(true, &["one", "two/y"], &[&["one", "two/y"]]);
    check_settings(true, &["two/y"], &[]);
}
