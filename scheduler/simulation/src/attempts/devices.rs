//! Devices in the `attempts` array, and claims at the end.

use longshore_framework::objects::NamespacedName;
use longshore_framework::port::ExtendedRequest;
use longshore_framework::quantity::Quantity;
use longshore_framework::resource_claim::{AllocatedConfig, AllocatedDevice, Allocation, ResourceClaim};
use longshore_manifest::written::{device_toleration, node_selector, texts};
use serde_json::{Map, Value};
use std::sync::Arc;

use crate::simulation::{Simulated, Written};

/// Users of a claim that are named.
const NAMED_USERS: usize = 8;
/// Of more users so many.
const FIRST_USERS: usize = 4;

/// `namespace/name`. The placeholder of a claim that is yet to be made becomes the name that it would get.
fn shown((namespace, name): &NamespacedName, pod: &str) -> String {
    match &**name {
        "<extended-resources>" => format!("{namespace}/{pod}-extended-resources-a"),
        name => format!("{namespace}/{name}"),
    }
}

/// `request=driver/pool/device`.
fn line(device: &AllocatedDevice) -> String {
    format!("{}={}/{}/{}", device.request, device.driver, device.pool, device.device)
}

fn lines(allocation: &Allocation) -> Value {
    match &*allocation.devices {
        [] => Value::Null,
        devices => devices.iter().map(line).collect(),
    }
}

/// What claims would be given on a node. A pod may name a claim twice.
pub(super) fn given(given: &[(NamespacedName, Arc<Allocation>)], pod: &str) -> Value {
    let mut out: Map<String, Value> = Map::new();
    for (key, allocation) in given {
        let (entry, lines) = (out.entry(shown(key, pod)).or_insert(Value::Null), lines(allocation));
        match (entry.as_array_mut(), lines) {
            (Some(known), Value::Array(more)) => known.extend(more),
            (None, lines) => *entry = lines,
            _ => {}
        }
    }
    out.into()
}

/// What an attempt did to claims.
pub(super) fn written(out: &mut Map<String, Value>, written: &Written) {
    if !written.allocations.is_empty() {
        let each = written.allocations.iter();
        let each = each.map(|((namespace, name), a)| (format!("{namespace}/{name}"), allocation(a)));
        out.insert("allocations".into(), each.collect::<Map<_, _>>().into());
    }
    if !written.extended.is_empty() {
        out.insert("extended".into(), written.extended.iter().map(extended).collect());
    }
    if !written.deallocated.is_empty() {
        let mut keys: Vec<String> =
            written.deallocated.iter().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
        keys.sort_unstable();
        out.insert("deallocated".into(), keys.into());
    }
    if let Some(error) = &written.error {
        out.insert("prebind_error".into(), error.as_str().into());
    }
}

fn extended(request: &ExtendedRequest) -> Value {
    format!("{} {}={}", request.container, request.resource, request.request).into()
}

fn allocation(allocation: &Allocation) -> Value {
    let devices = allocation.devices.iter().map(device).collect();
    let mut out = Map::from_iter([("devices".to_string(), devices)]);
    if let Some(selector) = &allocation.node_selector {
        out.insert("nodeSelector".into(), node_selector(selector));
    }
    if !allocation.config.is_empty() {
        out.insert("config".into(), allocation.config.iter().map(config).collect());
    }
    out.into()
}

fn device(device: &AllocatedDevice) -> Value {
    let mut out = Map::new();
    let names = [
        ("request", &device.request),
        ("driver", &device.driver),
        ("pool", &device.pool),
        ("device", &device.device),
    ];
    out.extend(names.map(|(field, name)| (field.to_string(), (&**name).into())));
    if device.admin {
        out.insert("adminAccess".into(), true.into());
    }
    if device.share.is_some() {
        out.insert("shared".into(), true.into());
    }
    if !device.consumed.is_empty() {
        let amounts =
            device.consumed.iter().map(|(name, amount)| (name.to_string(), quantity(*amount).into()));
        out.insert("consumedCapacity".into(), amounts.collect::<Map<_, _>>().into());
    }
    if !device.tolerations.is_empty() {
        out.insert("tolerations".into(), device.tolerations.iter().map(device_toleration).collect());
    }
    let conditions = device.binding_conditions.as_deref().unwrap_or_default();
    for (field, names) in
        [("bindingConditions", conditions), ("bindingFailureConditions", &*device.binding_failure_conditions)]
    {
        if !names.is_empty() {
            out.insert(field.into(), texts(names));
        }
    }
    out.into()
}

/// An amount as people write it.
fn quantity(amount: Quantity) -> String {
    let units = amount.value();
    let is_whole = Quantity::units(units) == amount;
    let suffixes = [(60, "Ei"), (50, "Pi"), (40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")];
    let binary = suffixes.iter().find(|(bits, _)| is_whole && units != 0 && units % (1_i64 << bits) == 0);
    binary.map_or_else(|| amount.to_string(), |(bits, suffix)| format!("{}{suffix}", units >> bits))
}

fn config(config: &AllocatedConfig) -> Value {
    let mut out = Map::from_iter([("source".to_string(), config.source.as_str().into())]);
    if !config.requests.is_empty() {
        out.insert("requests".into(), texts(&config.requests));
    }
    out.insert("driver".into(), (&*config.config.driver).into());
    out.into()
}

/// Every claim as it is at the end; null where there is none.
pub fn claims(simulated: &Simulated) -> Value {
    let claims = &simulated.engine.cache().objects().resource_claims;
    let all: Map<String, Value> = claims.iter().map(|claim| (claim.shown(), at_the_end(claim))).collect();
    if all.is_empty() { Value::Null } else { all.into() }
}

fn at_the_end(claim: &ResourceClaim) -> Value {
    let mut out = Map::from_iter([("allocated".to_string(), claim.allocation.is_some().into())]);
    if let Some(allocation) = claim.allocation.as_ref().filter(|a| !a.devices.is_empty()) {
        out.insert("devices".into(), lines(allocation));
    }
    let mut users: Vec<Value> = claim.reserved_for.iter().map(|user| (&*user.name).into()).collect();
    if users.len() > NAMED_USERS {
        let all = users.len();
        users.truncate(FIRST_USERS);
        users.push(format!("... {all} in all").into());
    }
    if !users.is_empty() {
        out.insert("reservedFor".into(), users.into());
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_largest_suffix_that_is_exact() {
        let check = |text: &str, want: &str| assert_eq!(quantity(text.parse().unwrap()), want);
        check("1024", "1Ki");
        check("1536Mi", "1536Mi");
        check("3Gi", "3Gi");
        check("100", "100");
        check("0", "0");
        check("500m", "500m");
    }
}
