use super::*;
use crate::resource_claims::resource_claim;
use longshore_framework::resource_claim::{DeviceCount, Wanted};
use serde_json::json;

#[track_caller]
fn check<T: std::fmt::Debug>(read: Result<T>, message: &str) {
    assert_eq!(read.unwrap_err().to_string(), message);
}

fn claim(devices: Value) -> Value {
    json!({"metadata": {"name": "k"}, "spec": {"devices": devices}})
}

#[test]
fn errors_name_the_field() {
    let class =
        json!({"metadata": {"name": "c"}, "spec": {"selectors": [{"cel": {"expression": "true"}}, {}]}});
    check(device_class(&class), "spec.selectors[1].cel: must be given");
    let slice = |spec: Value| resource_slice(&json!({"metadata": {"name": "s"}, "spec": spec}));
    check(slice(json!({"pool": {"name": "p"}})), "spec.driver: must be given");
    check(slice(json!({"driver": "d"})), "spec.pool.name: must be given");
    let nameless = json!({"driver": "d", "pool": {"name": "p"}, "devices": [{"name": "a"}, {}]});
    check(slice(nameless), "spec.devices[1].name: must be given");
    let none = claim(json!({"requests": [{"name": "r", "exactly": {"count": 0}}]}));
    check(resource_claim(&none), "spec.devices.requests[0].exactly.count: must be greater than zero");
    let mode = claim(json!({"requests": [{"name": "r", "firstAvailable": [{"allocationMode": "Some"}]}]}));
    let error = resource_claim(&mode).unwrap_err().to_string();
    assert!(error.starts_with("spec.devices.requests[0].firstAvailable[0].allocationMode: "), "{error}");
}

#[test]
fn what_is_not_written_is_as_the_api_server_fills_it_in() {
    let read =
        resource_claim(&claim(json!({"requests": [{"name": "r", "exactly": {"deviceClassName": "c"}}]})));
    let spec = read.unwrap().spec;
    let Wanted::Exactly(wish) = &spec.requests[0].wanted else { panic!("{spec:?}") };
    assert_eq!((&*wish.class, wish.count, wish.admin), ("c", DeviceCount::Exactly(1), false));
    let taint = DeviceTaint { key: "k".into(), value: "v".into(), effect: DeviceTaintEffect::NoSchedule };
    let tolerates = |written: Value| {
        let read: written::Toleration = decode(&written).unwrap();
        tolerations(&[read]).unwrap()[0].tolerates(&taint)
    };
    assert!(tolerates(json!({"key": "k", "value": "v"})), "Equal is meant");
    assert!(!tolerates(json!({"key": "k"})));
    assert!(tolerates(json!({"operator": "Exists"})), "every key and effect");
    assert!(!tolerates(json!({"operator": "Exists", "effect": "NoExecute"})));
}

#[test]
fn amounts_of_devices_keep_their_digits() {
    let devices = json!([{"name": "a", "capacity": {"x": {"value": "100u"}, "y": {"value": 2}}}]);
    let spec = json!({"driver": "d", "pool": {"name": "p"}, "allNodes": true, "devices": devices});
    let slice = resource_slice(&json!({"metadata": {"name": "s"}, "spec": spec})).unwrap();
    let amounts = slice.devices[0].capacity.iter().map(|(_, capacity)| capacity.value);
    assert_eq!(amounts.collect::<Vec<_>>(), ["100u".parse().unwrap(), Quantity::units(2)]);
    assert_eq!(slice.nodes, SliceNodes::Of(DeviceNodes::All));
}
