//! What is remembered of many pools changes nothing: random claims come and go, and what they get is compared with what they get where
//! nothing is remembered.

use longshore_framework::quantity::Quantity;

use super::*;

/// Numbers that look random, the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// A device of one kind or another, with an attribute, some of them with counters, capacity, or a taint.
fn device(dice: &mut Dice, pool: u64, at: u64) -> Device {
    let name = format!("d{at}");
    let mut device = match dice.below(4) {
        0 => counted(&name, 1 + i64::try_from(dice.below(3)).unwrap()),
        _ => named(&name),
    };
    if dice.below(8) > 0 {
        device.attributes.push(("d/row".into(), Attribute::Int(i64::try_from(pool / 3).unwrap())));
    }
    if dice.below(3) == 0 {
        let capacity = Capacity { value: Quantity::units(4), policy: None };
        (device.shared, device.capacity) = (true, vec![("memory".into(), capacity)]);
    }
    if dice.below(6) == 0 {
        let effect = DeviceTaintEffect::NoSchedule;
        device.taints.push(DeviceTaint { key: "k".into(), value: "".into(), effect });
    }
    device
}

fn pool(dice: &mut Dice, at: u64) -> Vec<ResourceSlice> {
    let devices = (0..1 + dice.below(4)).map(|number| device(dice, at, number)).collect();
    let mut slices = partitioned(4, devices);
    for slice in &mut slices {
        (slice.name, slice.pool) = (format!("{at:02}-{}", slice.name).into(), format!("{at:02}").into());
    }
    slices
}

fn spec(dice: &mut Dice) -> ClaimSpec {
    let wish = |dice: &mut Dice| {
        let mut wish = DeviceWish { count: DeviceCount::Exactly(1 + dice.below(3)), ..wish() };
        match dice.below(5) {
            0 => wish.selectors = ["device.attributes['d'].row > 1".into()].into(),
            1 => wish.selectors = ["has(device.attributes['d'].row)".into()].into(),
            2 => wish.capacity = vec![("memory".into(), Quantity::units(2))],
            3 => wish.admin = true,
            _ => {}
        }
        wish
    };
    let mut spec = asks(vec![exactly("r", wish(dice))]);
    if dice.below(2) == 0 {
        let alternatives = first("f", &[("x", wish(dice)), ("y", wish(dice))]);
        spec.requests.push(if dice.below(2) == 0 { exactly("q", wish(dice)) } else { alternatives });
    }
    if dice.below(2) == 0 {
        spec.constraints.push(same(&[], "d/row"));
    }
    spec
}

/// Shares are told apart by what they are given when they are reserved.
fn reserved(mut found: Vec<Allocation>, number: usize) -> Vec<Allocation> {
    for device in found.iter_mut().flat_map(|allocation| &mut allocation.devices) {
        if device.share.is_some() {
            device.share = Some(format!("s{number}").into());
        }
    }
    found
}

#[test]
fn what_is_remembered_of_pools_changes_nothing() {
    let (mut given, mut refused, mut failed) = (0, 0, 0);
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let count = 9 + dice.below(9);
        let slices = (0..count).flat_map(|at| pool(&mut dice, at)).collect();
        let mut world = World::with(slices);
        let seen = || world.inventory.pools_of(&fixture::node("n").build());
        let (remembering, forgetful) = (Pools::new(seen()), Pools::forgetful(seen()));
        assert!(remembering.are_many());
        let mut held: Vec<Vec<Allocation>> = Vec::new();
        for step in 0..60 {
            if dice.below(3) == 0 && !held.is_empty() {
                let at = usize::try_from(dice.below(held.len() as u64)).unwrap();
                held.swap_remove(at).iter().for_each(|allocation| world.in_use.remove(allocation));
                continue;
            }
            let spec = spec(&mut dice);
            let found = world.allocate_of(&remembering, std::slice::from_ref(&spec));
            assert_eq!(found, world.allocate_of(&forgetful, &[spec]), "seed {seed}, step {step}");
            match found {
                Ok(Some(found)) => {
                    given += 1;
                    let found = reserved(found, step);
                    found.iter().for_each(|allocation| world.in_use.add(allocation));
                    held.push(found);
                }
                Ok(None) => refused += 1,
                Err(_) => failed += 1,
            }
        }
    }
    assert!(given > 500 && refused > 100 && failed > 10, "{given} given, {refused} refused, {failed} failed");
}
