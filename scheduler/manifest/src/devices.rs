//! Devices: what drivers publish, and classes.

pub(crate) mod check;
pub(crate) mod gates;
pub(crate) mod older;

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{
    Attribute, Capacity, CounterSet, Device, DeviceChoice, DeviceClass, DeviceNodes, DeviceTaint,
    DeviceTaintEffect, DeviceTaintRule, DeviceToleration, DriverConfig, RequestPolicy, ResourceSlice,
    SliceNodes, ValidAmounts,
};
use longshore_framework::features::Features;
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
    of_class(&decode(value)?)
}

/// Reads a DeviceClass of a file. One that no API server has seen must be such as it would take.
pub(crate) fn device_class_of_file(value: &Value, features: Features) -> Result<DeviceClass> {
    let mut written: written::DeviceClass = decode(value)?;
    if meta::is_hand_written(&written.metadata) {
        gates::class(&mut written, features);
        check::class(&written)?;
    }
    of_class(&written)
}

fn of_class(written: &written::DeviceClass) -> Result<DeviceClass> {
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

/// Reads a ResourceSlice of any version.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn resource_slice(value: &Value) -> Result<ResourceSlice> {
    older::read(value, |value| of_slice(&decode(value)?))
}

/// Reads a ResourceSlice of a file. One that no API server has seen must be such as it would take.
pub(crate) fn resource_slice_of_file(value: &Value, features: Features) -> Result<ResourceSlice> {
    older::read(value, |value| {
        let mut written: written::ResourceSlice = decode(value)?;
        if meta::is_hand_written(&written.metadata) {
            gates::slice(&mut written, features);
            check::slice(&written)?;
        }
        of_slice(&written)
    })
}

fn of_slice(written: &written::ResourceSlice) -> Result<ResourceSlice> {
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
    Ok(Device {
        name: written.name.clone(),
        attributes: written.attributes.iter().map(|(name, a)| (name.clone(), attribute(a))).collect(),
        capacity: written.capacity.iter().map(|(name, c)| (name.clone(), capacity(c))).collect(),
        consumes: written.consumes_counters.iter().map(|c| counters(&c.counter_set, &c.counters)).collect(),
        nodes: nodes(written.node_name.as_ref(), written.all_nodes, written.node_selector.as_ref())?,
        taints: written.taints.iter().map(taint).collect(),
        binds_to_node: written.binds_to_node,
        binding_conditions: written.binding_conditions.as_deref().map(Arc::from),
        binding_failure_conditions: written.binding_failure_conditions.as_slice().into(),
        shared: written.allow_multiple_allocations,
        withheld: false,
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

/// Reads a DeviceTaintRule of any version.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn device_taint_rule(value: &Value) -> Result<DeviceTaintRule> {
    of_rule(&decode(value)?)
}

/// Reads a DeviceTaintRule of a file. One that no API server has seen must be such as it would take.
pub(crate) fn device_taint_rule_of_file(value: &Value) -> Result<DeviceTaintRule> {
    let written: written::DeviceTaintRule = decode(value)?;
    if meta::is_hand_written(&written.metadata) {
        check::rule(&written)?;
    }
    of_rule(&written)
}

fn of_rule(written: &written::DeviceTaintRule) -> Result<DeviceTaintRule> {
    let choice = |selector: &written::DeviceSelector| DeviceChoice {
        driver: selector.driver.clone(),
        pool: selector.pool.clone(),
        device: selector.device.clone(),
    };
    Ok(DeviceTaintRule {
        name: meta::name(&written.metadata)?,
        devices: written.spec.device_selector.as_ref().map(choice),
        taint: taint(&written.spec.taint),
    })
}

fn taint(written: &written::Taint) -> DeviceTaint {
    let (key, value) = (written.key.clone(), written.value.clone());
    DeviceTaint { key, value, effect: effect(&written.effect) }
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
mod tests;
