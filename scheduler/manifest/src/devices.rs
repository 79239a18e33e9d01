//! Devices: what drivers publish, classes, and claims.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{
    Attribute, Capacity, CounterSet, Device, DeviceClass, DeviceNodes, DeviceTaint, DeviceTaintEffect,
    DeviceToleration, DriverConfig, RequestPolicy, ResourceSlice, SliceNodes, ValidAmounts,
};
use longshore_framework::quantity::Quantity;
use serde_json::Value;

use crate::decode::decode;
use crate::error::{ObjectError, Within};
use crate::selectors::{self, unknown};
use crate::wire::affinity::NodeSelector;
use crate::wire::devices as written;
use crate::{meta, wire};

type Result<T> = std::result::Result<T, ObjectError>;

/// Reads a DeviceClass.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn device_class(value: &Value) -> Result<DeviceClass> {
    let written: written::DeviceClass = decode(value)?;
    let config = written.spec.config.iter().enumerate();
    let config =
        config.map(|(at, c)| driver_config(c).within_item("spec.config", at)).collect::<Result<_>>()?;
    Ok(DeviceClass {
        name: meta::name(&written.metadata)?,
        extended_resource: meta::given(&written.spec.extended_resource_name),
        selectors: expressions(&written.spec.selectors, "spec.selectors")?,
        config,
        created: written.metadata.creation_timestamp.map(|t| t.0),
    })
}

/// The expressions of selectors in the field `name`.
pub(crate) fn expressions(written: &[written::Selector], name: &str) -> Result<Arc<[Str]>> {
    let expression = |selector: &written::Selector| {
        let cel = selector.cel.as_ref().ok_or_else(|| ObjectError::of("cel", "must be given"))?;
        Ok(cel.expression.clone())
    };
    written.iter().enumerate().map(|(at, s)| expression(s).within_item(name, at)).collect()
}

/// What a driver is told.
pub(crate) fn driver_config(written: &written::Config) -> Result<DriverConfig> {
    let Some(opaque) = &written.opaque else { return Err(ObjectError::of("opaque", "must be given")) };
    Ok(DriverConfig { driver: opaque.driver.clone(), parameters: opaque.parameters.to_string().into() })
}

/// Reads a ResourceSlice.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn resource_slice(value: &Value) -> Result<ResourceSlice> {
    let written: written::ResourceSlice = decode(value)?;
    let spec = &written.spec;
    if spec.driver.is_empty() {
        return Err(ObjectError::of("spec.driver", "must be given"));
    }
    if spec.pool.name.is_empty() {
        return Err(ObjectError::of("spec.pool.name", "must be given"));
    }
    let devices = spec.devices.iter().enumerate();
    Ok(ResourceSlice {
        name: meta::name(&written.metadata)?,
        driver: spec.driver.clone(),
        pool: spec.pool.name.clone(),
        generation: spec.pool.generation,
        slice_count: spec.pool.resource_slice_count,
        nodes: match nodes(spec.node_name.as_ref(), spec.all_nodes, spec.node_selector.as_ref())
            .within("spec")?
        {
            Some(nodes) => SliceNodes::Of(nodes),
            None if spec.per_device_node_selection => SliceNodes::PerDevice,
            None => SliceNodes::Unknown,
        },
        devices: devices.map(|(at, d)| device(d).within_item("spec.devices", at)).collect::<Result<_>>()?,
        counters: spec.shared_counters.iter().map(|set| counters(&set.name, &set.counters)).collect(),
    })
}

fn nodes(name: Option<&Str>, all: bool, selector: Option<&NodeSelector>) -> Result<Option<DeviceNodes>> {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        return Ok(Some(DeviceNodes::Named(name.clone())));
    }
    if all {
        return Ok(Some(DeviceNodes::All));
    }
    let selector = selector.map(selectors::node_selector).transpose().within("nodeSelector")?;
    Ok(selector.map(|selector| DeviceNodes::Selector(Arc::new(selector))))
}

fn counters(name: &Str, counters: &std::collections::BTreeMap<Str, written::Counter>) -> CounterSet {
    let counters = counters.iter().map(|(name, counter)| (name.clone(), counter.value.0)).collect();
    CounterSet { name: name.clone(), counters }
}

fn device(written: &written::Device) -> Result<Device> {
    if written.name.is_empty() {
        return Err(ObjectError::of("name", "must be given"));
    }
    let taints = written.taints.iter().map(|taint| DeviceTaint {
        key: taint.key.clone(),
        value: taint.value.clone(),
        effect: effect(&taint.effect),
    });
    Ok(Device {
        name: written.name.clone(),
        attributes: written.attributes.iter().map(|(name, a)| (name.clone(), attribute(a))).collect(),
        capacity: written.capacity.iter().map(|(name, c)| (name.clone(), capacity(c))).collect(),
        consumes: written.consumes_counters.iter().map(|c| counters(&c.counter_set, &c.counters)).collect(),
        nodes: nodes(written.node_name.as_ref(), written.all_nodes, written.node_selector.as_ref())?,
        taints: taints.collect(),
        binds_to_node: written.binds_to_node,
        binding_conditions: written.binding_conditions.as_deref().map(Arc::from),
        binding_failure_conditions: written.binding_failure_conditions.as_slice().into(),
        shared: written.allow_multiple_allocations,
    })
}

fn attribute(written: &written::Attribute) -> Attribute {
    match written {
        written::Attribute { int: Some(int), .. } => Attribute::Int(*int),
        written::Attribute { bool: Some(bool), .. } => Attribute::Bool(*bool),
        written::Attribute { string: Some(text), .. } => Attribute::String(text.clone()),
        written::Attribute { version: Some(text), .. } => Attribute::Version(text.clone()),
        _ => Attribute::Unsupported,
    }
}

fn capacity(written: &written::Capacity) -> Capacity {
    let exact = |amount: &Option<wire::Exact>| amount.map(|amount| amount.0);
    let policy = written.request_policy.as_ref().map(|policy| {
        let values = policy.valid_values.as_ref();
        let valid = match (&policy.valid_range, values) {
            (Some(range), _) => Some(ValidAmounts::Range {
                min: exact(&range.min),
                max: exact(&range.max),
                step: exact(&range.step),
            }),
            (None, Some(values)) => Some(ValidAmounts::Values(values.iter().map(|value| value.0).collect())),
            (None, None) => None,
        };
        Arc::new(RequestPolicy { default: exact(&policy.default), valid })
    });
    Capacity { value: written.value.0, policy }
}

fn effect(written: &str) -> DeviceTaintEffect {
    match written {
        "NoSchedule" => DeviceTaintEffect::NoSchedule,
        "NoExecute" => DeviceTaintEffect::NoExecute,
        _ => DeviceTaintEffect::None,
    }
}

/// Tolerations of a request.
pub(crate) fn tolerations(written: &[written::Toleration]) -> Result<Arc<[DeviceToleration]>> {
    let one = |toleration: &written::Toleration| {
        Ok(DeviceToleration {
            key: toleration.key.clone(),
            exists: match &*toleration.operator {
                "Exists" => true,
                "" | "Equal" => false,
                other => return Err(unknown("operator", other, "Exists or Equal")),
            },
            value: toleration.value.clone(),
            effect: (!toleration.effect.is_empty()).then(|| effect(&toleration.effect)),
            seconds: toleration.toleration_seconds,
        })
    };
    written.iter().enumerate().map(|(at, t)| one(t).within_item("tolerations", at)).collect()
}

/// Amounts by name, in order.
pub(crate) fn amounts(written: &std::collections::BTreeMap<Str, wire::Exact>) -> Vec<(Str, Quantity)> {
    written.iter().map(|(name, amount)| (name.clone(), amount.0)).collect()
}

#[cfg(test)]
mod tests {
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
        let mode =
            claim(json!({"requests": [{"name": "r", "firstAvailable": [{"allocationMode": "Some"}]}]}));
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
}
