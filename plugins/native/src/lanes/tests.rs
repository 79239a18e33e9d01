//! Blocks against one node at a time: the same answers, whatever the amounts and wherever the nodes lie.

use std::sync::Arc;

use longshore_framework::fields::Problems;
use longshore_framework::fixture::{node, pod};
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, FilterSink};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::Verdict;
use serde_json::{Value, json};

use super::*;
use crate::{node_resources_balanced_allocation, node_resources_fit};

/// Numbers that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> i64 {
        (self.next() % bound) as i64
    }

    /// An amount of any size below 2⁴⁶, often next to a power of two.
    fn amount(&mut self) -> i64 {
        let size = 1 << (1 + self.next() % 46);
        match self.next() % 3 {
            0 => size - 1,
            1 => size / 2 + 1,
            _ => self.below(size as u64).max(1),
        }
    }
}

/// What a cluster's nodes are like.
#[derive(Clone, Copy, Debug)]
enum Amounts {
    /// As people have them.
    Usual,
    /// Such that scores lie at, just below or just above a whole number.
    Edge,
    /// Also 0, negative and far too large.
    Absurd,
}

/// What a node has, and what its pods hold of it.
fn amounts(kind: Amounts, numbers: &mut Numbers) -> (i64, i64) {
    match kind {
        Amounts::Usual => {
            let whole = (1 + numbers.below(64)) * 1000;
            (whole, numbers.below(20) * whole / 16)
        }
        Amounts::Edge => {
            let whole = numbers.amount();
            let percent = numbers.below(102);
            let part = i64::try_from(i128::from(whole) * i128::from(percent) / 100).unwrap();
            (whole, (part + numbers.below(3) - 1).max(0))
        }
        Amounts::Absurd => {
            let any = |numbers: &mut Numbers| match numbers.next() % 24 {
                0 => 0,
                1 => i64::MAX - numbers.below(2),
                2 => -numbers.below(3),
                3 => (1 << 46) - 1 + numbers.below(2),
                4 => (1 << 62) - 1 + numbers.below(2),
                _ => numbers.amount(),
            };
            (any(numbers), any(numbers))
        }
    }
}

/// A cluster of some blocks; with `gaps`, from which every fifth node or so is gone.
fn cluster(kind: Amounts, gaps: bool, numbers: &mut Numbers) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for at in 0..300 {
        let [(cpu, cpu_held), (memory, memory_held), (disk, disk_held)] =
            [(); 3].map(|()| amounts(kind, numbers));
        let pods = numbers.below(4).to_string();
        let offers = node(&format!("n{at}"))
            .allocatable("cpu", &format!("{cpu}m"))
            .allocatable("memory", &memory.to_string())
            .allocatable("ephemeral-storage", &disk.to_string())
            .allocatable("pods", if matches!(kind, Amounts::Absurd) { &pods } else { "110" });
        let slot = snapshot.set_node(offers.build());
        snapshot.add_pod(slot, holder(&format!("held-{at}"), [cpu_held, memory_held, disk_held]));
    }
    for at in 0..300 {
        if gaps && numbers.below(5) == 0 {
            snapshot.remove_node(&format!("n{at}"));
        }
    }
    snapshot
}

fn holder(name: &str, [cpu, memory, disk]: [i64; 3]) -> Arc<Pod> {
    pod(name)
        .request("cpu", &format!("{cpu}m"))
        .request("memory", &memory.to_string())
        .request("ephemeral-storage", &disk.to_string())
        .build()
}

/// The answers to all nodes at once are those to one after the other.
#[track_caller]
fn check(instance: &Instance, snapshot: &Snapshot, pod: &Pod) {
    let (objects, mut state) = (Objects::default(), PluginState::default());
    let cx = Cycle { snapshot, objects: &objects, pod };
    let slots: Vec<Slot> = snapshot.live().iter().map(Slot::from).collect();
    if let (Some(pre), Some(filter)) = (&instance.pre_filter, &instance.filter) {
        pre.pre_filter(cx, &mut state).unwrap();
        let (mut kept, mut rejected) = (slots.clone(), Vec::new());
        filter.filter_range(cx, &state, &mut FilterSink::new(&mut kept, &mut rejected)).unwrap();
        let mut rejected = rejected.into_iter();
        let mut kept = kept.into_iter().peekable();
        for slot in &slots {
            let ranged = match kept.next_if_eq(slot) {
                Some(_) => Verdict::Pass,
                None => rejected
                    .next()
                    .map(|(at, r)| (at == *slot).then_some(Verdict::Reject(r)))
                    .unwrap()
                    .unwrap(),
            };
            assert_eq!(filter.filter(cx, &state, snapshot.view(*slot)).unwrap(), ranged, "{slot:?}");
        }
    }
    let score = instance.score.as_ref().unwrap();
    let mut scores = vec![-1; slots.len()];
    score.score_range(cx, &state, &slots, &mut scores).unwrap();
    if let Some(even) = score.even_score(cx, &state) {
        assert!(scores.iter().all(|score| *score == even));
    }
    for (slot, ranged) in slots.iter().zip(scores) {
        assert_eq!(score.score(cx, &state, snapshot.view(*slot)).unwrap(), ranged, "{slot:?}");
    }
}

fn fit(strategy: &str, resources: Value) -> Instance {
    let mut strategy = json!({"type": strategy, "resources": resources});
    if strategy["type"] == "RequestedToCapacityRatio" {
        let shape = json!([{"utilization": 0, "score": 0}, {"utilization": 100, "score": 10}]);
        strategy["requestedToCapacityRatio"] = json!({"shape": shape});
    }
    let args = json!({"scoringStrategy": strategy});
    node_resources_fit::build(&args, &FactoryContext::default(), &mut Problems::new(&mut Vec::new()))
}

fn balance(resources: Value) -> Instance {
    let args = json!({"resources": resources});
    let context = FactoryContext::default();
    node_resources_balanced_allocation::build(&args, &context, &mut Problems::new(&mut Vec::new()))
}

#[test]
fn blocks_of_nodes_are_answered_as_each_of_them() {
    let two = json!([{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]);
    let three =
        json!([{"name": "cpu", "weight": 3}, {"name": "memory", "weight": 7}, {"name": "ephemeral-storage"}]);
    let even = json!([{"name": "cpu"}, {"name": "memory"}, {"name": "ephemeral-storage"}]);
    let types = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];
    let mut plugins: Vec<_> =
        types.iter().flat_map(|t| [fit(t, two.clone()), fit(t, three.clone())]).collect();
    plugins.extend([balance(two), balance(even)]);
    let mut numbers = Numbers(7);
    for kind in [Amounts::Usual, Amounts::Edge, Amounts::Absurd] {
        for round in 0..8 {
            let snapshot = cluster(kind, round % 2 == 1, &mut numbers);
            let wants = match round {
                0 | 1 => [0, 0, 0],
                2 | 3 => [100, 500 << 20, 1],
                _ => [(); 3].map(|()| numbers.amount()),
            };
            let pod = holder("p", wants);
            for plugin in &plugins {
                check(plugin, &snapshot, &pod);
            }
        }
    }
}

#[test]
fn a_percentage_is_that_of_whole_numbers() {
    let mut numbers = Numbers(11);
    for _ in 0..2_000_000 {
        let (whole, used) = amounts(Amounts::Edge, &mut numbers);
        if whole > 1 << 44 {
            continue;
        }
        let reciprocal = 1.0 / whole as f64;
        let part = used.min(whole);
        let want = (100 * part / whole, (100 * part + whole - 1) / whole);
        assert_eq!(percents(used, reciprocal), want, "{used} of {whole}");
    }
}

/// Rounded down and up.
#[track_caller]
fn percents(used: i64, reciprocal: f64) -> (i64, i64) {
    let mut check = Check::default();
    let used = check.number(used);
    let got = (percent_down(used, reciprocal), percent_up(used, reciprocal));
    let got = (check.percent(got.0), check.percent(got.1));
    assert!(check.passed());
    got
}

#[test]
fn percentages_of_the_largest_and_smallest_are_right() {
    for whole in [1_i64, 2, 3, 99, 100, 101, (1 << 44) - 1, 1 << 44] {
        let reciprocal = 1.0 / whole as f64;
        for hundredth in 0..=100 {
            let middle = whole / 100 * hundredth + whole % 100 * hundredth / 100;
            for used in [middle - 1, middle, middle + 1, whole, whole + 1, (1 << 47) - 1] {
                let (used, part) = (used.clamp(0, (1 << 46) - 1), used.clamp(0, whole));
                let want = (100 * part / whole, (100 * part + whole - 1) / whole);
                assert_eq!(percents(used, reciprocal), want, "{used} of {whole}");
            }
        }
    }
    for percent in [percent_down(1.0, f64::NAN), percent_up(1.0, f64::NAN)] {
        let mut check = Check::default();
        check.percent(percent);
        assert!(!check.passed());
    }
}

#[test]
fn sums_are_exact() {
    let most = (1 << 46) - 1;
    for (a, b) in [(0, 0), (1, 0), (0, 1), (most, 0), (0, most), (most, most), (most, 1), (12_345, 678)] {
        let mut check = Check::default();
        let other = check.summand(b);
        assert_eq!(check.sum(a, other), (a + b) as f64);
        assert!(check.passed());
    }
    let mut check = Check::default();
    check.summand(-1);
    assert!(!check.passed());
}

#[test]
fn what_is_near_a_whole_number_is_told() {
    for whole in 0..=100 {
        for (off, want) in [
            (0.0, (whole, true)),
            (1e-10, (whole, true)),
            (-1e-10, (whole, true)),
            (1e-8, (whole, false)),
            (-1e-8, (whole - 1, false)),
            (0.5, (whole, false)),
        ] {
            if whole > 0 || off >= 0.0 {
                let fixed = fixed(whole as f64 + off);
                assert_eq!((fixed_whole(fixed), fixed_is_whole(fixed)), want, "{whole} + {off}");
            }
        }
    }
    assert!(fixed_is_whole(fixed(f64::NAN)) && fixed_is_whole(fixed(-f64::NAN)));
}

#[test]
fn numbers_out_of_bounds_are_noticed() {
    for (number, divisor, want) in [
        (0, 1, true),
        ((1 << 46) - 1, (1 << 46) - 1, true),
        (1 << 46, 1, false),
        (-1, 1, false),
        (i64::MIN, 1, false),
        (0, 0, false),
        (0, 1 << 46, false),
        (0, i64::MIN, false),
        (i64::MAX, i64::MAX, false),
    ] {
        let mut check = Check::default();
        check.number(number);
        check.divisor(divisor);
        assert_eq!(check.passed(), want, "{number} of {divisor}");
    }
}
