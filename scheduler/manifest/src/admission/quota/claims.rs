//! What a claim for devices uses of a quota (`pkg/quota/v1/evaluator/core/resource_claims.go`).

use std::collections::BTreeMap;

use longshore_framework::Str;
use longshore_framework::device::DEVICE_CLASS_PREFIX;
use longshore_framework::quantity::Quantity;
use longshore_framework::resources::ResourceList;

use crate::wire::devices::{ClaimDevices, Wish};

/// How many claims there are.
const COUNT: &str = "count/resourceclaims.resource.k8s.io";
/// Of how many devices of a class: the class stands before it.
const PER_CLASS: &str = ".deviceclass.resource.k8s.io/devices";
/// The most devices that a claim can be given.
const MOST: i64 = 32;

/// Whether claims use any of the resource `name` of a quota. What they use of extended resources is of pods as well.
pub(super) fn is_of_claims(name: &str) -> bool {
    let implicit = name.strip_prefix("requests.").is_some_and(|name| name.starts_with(DEVICE_CLASS_PREFIX));
    name == COUNT || name.ends_with(PER_CLASS) || implicit
}

/// What a claim uses: itself, and the devices that it may be given at most, by class. With `extended`, the extended resources
/// that classes serve, also under those names.
pub(in crate::admission) fn of_claim(
    devices: &ClaimDevices,
    extended: Option<&BTreeMap<Str, Str>>,
) -> ResourceList {
    let mut by_class: BTreeMap<&Str, i64> = BTreeMap::new();
    for request in &devices.requests {
        let mut most: BTreeMap<&Str, i64> = BTreeMap::new();
        for wish in request.exactly.iter().chain(&request.first_available) {
            let most = most.entry(&wish.device_class_name).or_default();
            *most = count(wish).max(*most);
        }
        most.into_iter().for_each(|(class, count)| {
            let sum = by_class.entry(class).or_default();
            *sum = sum.saturating_add(count);
        });
    }
    let mut usage: ResourceList = [(COUNT, Quantity::units(1))].into_iter().collect();
    for (class, count) in by_class {
        let mut uses = |name: String| usage.set(&name.into(), Quantity::units(count));
        uses(format!("{class}{PER_CLASS}"));
        if let Some(names) = extended {
            uses(format!("requests.{DEVICE_CLASS_PREFIX}{class}"));
            names.get(class).into_iter().for_each(|name| uses(format!("requests.{name}")));
        }
    }
    usage
}

fn count(wish: &Wish) -> i64 {
    match &*wish.allocation_mode {
        "" | "ExactCount" => wish.count.filter(|count| *count != 0).unwrap_or(1),
        "All" => MOST,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use serde_json::json;

    #[test]
    fn of_alternatives_the_largest_counts() {
        let requests = json!([
            {"name": "a", "exactly": {"deviceClassName": "x", "count": 2}},
            {"name": "b", "firstAvailable": [{"name": "l", "deviceClassName": "x", "count": 3}, {"name": "s", "deviceClassName": "x"}]},
            {"name": "c", "exactly": {"deviceClassName": "y", "allocationMode": "All"}},
        ]);
        let devices: ClaimDevices = decode(&json!({"requests": requests})).unwrap();
        let classes = BTreeMap::from([("x".into(), "example.com/x".into())]);
        let used = |names: Option<&BTreeMap<Str, Str>>| {
            let usage = of_claim(&devices, names);
            let used = usage.iter().map(|(name, amount)| (name.to_string(), amount.value()));
            used.collect::<BTreeMap<_, _>>()
        };
        let of = |pairs: &[(&str, i64)]| {
            pairs.iter().map(|(n, c)| (n.to_string(), *c)).collect::<BTreeMap<_, _>>()
        };
        let plain = [
            ("count/resourceclaims.resource.k8s.io", 1),
            ("x.deviceclass.resource.k8s.io/devices", 5),
            ("y.deviceclass.resource.k8s.io/devices", 32),
        ];
        assert_eq!(used(None), of(&plain));
        let more = [
            ("requests.deviceclass.resource.kubernetes.io/x", 5),
            ("requests.deviceclass.resource.kubernetes.io/y", 32),
            ("requests.example.com/x", 5),
        ];
        assert_eq!(used(Some(&classes)), of(&[&plain[..], &more[..]].concat()));
    }
}
