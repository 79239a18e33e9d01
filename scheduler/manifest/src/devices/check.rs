//! What an API server refuses of a new DeviceClass or ResourceSlice (`pkg/apis/resource/validation`). Expressions of CEL
//! are compiled by whoever evaluates them.

mod capacity;

use longshore_framework::resources::is_extended;

use crate::error::{ObjectError, Within};
use crate::selectors::unknown;
use crate::valid::{
    at_most, ensure, formed, is_dns_label, is_dns_subdomain, is_identifier, is_label_key, is_label_value,
    is_version, unique,
};
use crate::wire::devices as written;

type Result<T> = std::result::Result<T, ObjectError>;

/// Devices of one slice, at most.
const MOST_DEVICES: usize = 128;
/// The same where one of them has taints or consumes counters.
const MOST_ADVANCED: usize = 64;
/// Attributes and capacities of a device together, at most.
const MOST_ATTRIBUTES: usize = 32;
/// The longest value of an attribute.
const LONGEST_VALUE: usize = 64;
/// The longest expression.
const LONGEST_EXPRESSION: usize = 10 * 1024;
/// The longest parameters of a driver.
const LONGEST_PARAMETERS: usize = 10 * 1024;
/// Selectors, constraints or configurations in one list, at most.
pub(crate) const MOST_ENTRIES: usize = 32;
const MOST_TAINTS: usize = 16;
const MOST_CONDITIONS: usize = 4;
const MOST_COUNTER_SETS: usize = 8;
const MOST_COUNTERS: usize = 32;
const MOST_CONSUMED_SETS: usize = 2;

const ONE_OF_NODES: &str =
    "must have exactly one of nodeName, nodeSelector, allNodes: true and perDeviceNodeSelection: true";

type Check = fn(&str, &str) -> Result<()>;

/// A new DeviceClass.
pub(super) fn class(class: &written::DeviceClass) -> Result<()> {
    let spec = &class.spec;
    selectors(&spec.selectors).within("spec")?;
    configurations(&spec.config).within("spec")?;
    let name = &spec.extended_resource_name;
    let message = "must be a name with a domain that is not Kubernetes' own, such as example.com/gpu";
    ensure(name.is_empty() || is_extended(name), "spec.extendedResourceName", message)
}

/// Selectors, the field of that name.
pub(crate) fn selectors(selectors: &[written::Selector]) -> Result<()> {
    at_most(selectors.len(), MOST_ENTRIES, "selectors")?;
    for (at, selector) in selectors.iter().enumerate() {
        let expression = selector.cel.as_ref().map_or("", |cel| &cel.expression);
        let long = format!("has {} characters; the API server takes {LONGEST_EXPRESSION}", expression.len());
        let checked = ensure(!expression.is_empty(), "cel.expression", "must be given");
        checked
            .and_then(|()| ensure(expression.len() <= LONGEST_EXPRESSION, "cel.expression", long))
            .within_item("selectors", at)?;
    }
    Ok(())
}

/// Configurations, in the field `config`.
pub(crate) fn configurations(config: &[written::Config]) -> Result<()> {
    at_most(config.len(), MOST_ENTRIES, "config")?;
    for (at, config) in config.iter().enumerate() {
        let Some(opaque) = &config.opaque else { continue };
        driver(&opaque.driver, "driver").within("opaque").within_item("config", at)?;
        let length = opaque.parameters.to_string().len();
        ensure(opaque.parameters.is_object(), "parameters", "must be a mapping of names to values")
            .and_then(|()| ensure(length <= LONGEST_PARAMETERS, "parameters", "is too long"))
            .within("opaque")
            .within_item("config", at)?;
    }
    Ok(())
}

/// A driver's name in a field.
pub(crate) fn driver(name: &str, field: &str) -> Result<()> {
    let form = |name: &str| name.len() <= 63 && is_dns_subdomain(&name.to_ascii_lowercase());
    formed(name, form, field, "gpu.example.com")
}

/// A pool's name in a field.
pub(crate) fn pool(name: &str, field: &str) -> Result<()> {
    let form = |name: &str| name.len() <= 253 && name.split('/').all(is_dns_subdomain);
    formed(name, form, field, "node-1")
}

/// A device's name in a field.
pub(crate) fn device_name(name: &str, field: &str) -> Result<()> {
    formed(name, is_dns_label, field, "gpu-0")
}

/// A name of an attribute or capacity, with a domain or without.
pub(crate) fn qualified(name: &str, field: &str) -> Result<()> {
    let message = "is no name of an attribute or capacity; write letters, digits and _, with a domain and / before it or without";
    let right = match name.split_once('/') {
        Some((domain, id)) => is_dns_subdomain(domain) && domain.len() <= 63 && is_identifier(id),
        None => is_identifier(name),
    };
    ensure(right, field, message)
}

/// A new DeviceTaintRule.
pub(super) fn rule(rule: &written::DeviceTaintRule) -> Result<()> {
    let selector = rule.spec.device_selector.as_ref();
    let checks: [(_, Check); 3] = [
        (selector.and_then(|s| s.driver.as_ref()), driver),
        (selector.and_then(|s| s.pool.as_ref()), pool),
        (selector.and_then(|s| s.device.as_ref()), device_name),
    ];
    for ((name, check), field) in checks.into_iter().zip(["driver", "pool", "device"]) {
        name.map_or(Ok(()), |name| check(name, field)).within("deviceSelector").within("spec")?;
    }
    taint(&rule.spec.taint).within("taint").within("spec")
}

/// A new ResourceSlice.
pub(super) fn slice(slice: &written::ResourceSlice) -> Result<()> {
    spec(&slice.spec).within("spec")
}

fn spec(spec: &written::SliceSpec) -> Result<()> {
    driver(&spec.driver, "driver")?;
    pool(&spec.pool.name, "pool.name")?;
    let count = "must be at least 1: the number of slices that the pool has in this generation";
    ensure(spec.pool.resource_slice_count > 0, "pool.resourceSliceCount", count)?;
    ensure(spec.pool.generation >= 0, "pool.generation", "must not be negative")?;
    let whose = [given(spec.node_name.as_ref()), spec.node_selector.is_some(), spec.all_nodes];
    let ways = whose.iter().filter(|way| **way).count() + usize::from(spec.per_device_node_selection);
    ensure(ways == 1, "", ONE_OF_NODES)?;
    let terms = spec.node_selector.as_ref().map_or(1, |selector| selector.node_selector_terms.len());
    ensure(terms == 1, "nodeSelector.nodeSelectorTerms", "must have exactly one term")?;
    let both = !spec.devices.is_empty() && !spec.shared_counters.is_empty();
    let message = "must be in a slice of their own, as a slice has either sharedCounters or devices";
    ensure(!both, "sharedCounters", message)?;
    let advanced = |d: &written::Device| !d.taints.is_empty() || !d.consumes_counters.is_empty();
    let most = if spec.devices.iter().any(advanced) { MOST_ADVANCED } else { MOST_DEVICES };
    at_most(spec.devices.len(), most, "devices")?;
    for (at, of) in spec.devices.iter().enumerate() {
        device(of, spec.per_device_node_selection).within_item("devices", at)?;
    }
    unique(spec.devices.iter().map(|d| &*d.name), "devices", "name")?;
    at_most(spec.shared_counters.len(), MOST_COUNTER_SETS, "sharedCounters")?;
    for (at, set) in spec.shared_counters.iter().enumerate() {
        counters(&set.name, "name", set.counters.keys().map(|name| &**name))
            .within_item("sharedCounters", at)?;
    }
    unique(spec.shared_counters.iter().map(|set| &*set.name), "sharedCounters", "name")
}

fn given(text: Option<&longshore_framework::Str>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn device(device: &written::Device, chooses_nodes: bool) -> Result<()> {
    device_name(&device.name, "name")?;
    let message = "is of resource.k8s.io/v1beta1; write its fields directly into the device";
    ensure(device.basic.is_none(), "basic", message)?;
    let own = [given(device.node_name.as_ref()), device.node_selector.is_some(), device.all_nodes];
    let ways = own.iter().filter(|way| **way).count();
    if chooses_nodes {
        let message = "must have exactly one of nodeName, nodeSelector and allNodes: true, as the slice has \
                       perDeviceNodeSelection: true";
        ensure(ways == 1, "", message)?;
    } else {
        let message =
            "may have nodeName, nodeSelector or allNodes only if the slice has perDeviceNodeSelection: true";
        ensure(ways == 0, "", message)?;
    }
    let count = device.attributes.len() + device.capacity.len();
    let message =
        format!("has {count} attributes and capacities; the API server takes {MOST_ATTRIBUTES} together");
    ensure(count <= MOST_ATTRIBUTES, "", message)?;
    for (name, value) in &device.attributes {
        qualified(name, name).and_then(|()| attribute(value).within(name)).within("attributes")?;
    }
    for (name, capacity) in &device.capacity {
        let checked = qualified(name, name);
        checked
            .and_then(|()| capacity::policy(capacity, device.allow_multiple_allocations).within(name))
            .within("capacity")?;
    }
    at_most(device.taints.len(), MOST_TAINTS, "taints")?;
    for (at, of) in device.taints.iter().enumerate() {
        taint(of).within_item("taints", at)?;
    }
    at_most(device.consumes_counters.len(), MOST_CONSUMED_SETS, "consumesCounters")?;
    for (at, set) in device.consumes_counters.iter().enumerate() {
        counters(&set.counter_set, "counterSet", set.counters.keys().map(|name| &**name))
            .within_item("consumesCounters", at)?;
    }
    unique(device.consumes_counters.iter().map(|set| &*set.counter_set), "consumesCounters", "counterSet")?;
    conditions(device)
}

fn attribute(attribute: &written::Attribute) -> Result<()> {
    let types = [attribute.int.is_some(), attribute.bool.is_some()];
    let types = types.iter().filter(|of| **of).count()
        + usize::from(attribute.string.is_some())
        + usize::from(attribute.version.is_some());
    ensure(types == 1, "", "must have exactly one of int, bool, string and version")?;
    let text = attribute.string.as_ref().or(attribute.version.as_ref()).map_or("", |text| text);
    let message = format!("must have at most {LONGEST_VALUE} characters");
    ensure(
        text.len() <= LONGEST_VALUE,
        if attribute.string.is_some() { "string" } else { "version" },
        message,
    )?;
    let version = attribute.version.as_ref().is_none_or(|version| is_version(version));
    ensure(version, "version", "must be a version as semver.org has it, such as 1.2.3")
}

/// A taint of a device or a rule.
pub(crate) fn taint(taint: &written::Taint) -> Result<()> {
    formed(&taint.key, is_label_key, "key", "example.com/broken")?;
    ensure(is_label_value(&taint.value), "value", "must be what the value of a label may be")?;
    match &*taint.effect {
        "NoSchedule" | "NoExecute" | "None" => Ok(()),
        other => Err(unknown("effect", other, "NoSchedule, NoExecute or None")),
    }
}

fn counters<'n>(set: &str, field: &str, mut names: impl ExactSizeIterator<Item = &'n str>) -> Result<()> {
    formed(set, is_dns_label, field, "gpu-0-counters")?;
    ensure(names.len() > 0, "counters", "must have at least one counter")?;
    at_most(names.len(), MOST_COUNTERS, "counters")?;
    names.try_for_each(|name| formed(name, is_dns_label, name, "memory").within("counters"))
}

fn conditions(device: &written::Device) -> Result<()> {
    let wanted = device.binding_conditions.as_deref().unwrap_or_default();
    let failures = &device.binding_failure_conditions;
    for (list, field) in [(wanted, "bindingConditions"), (failures.as_slice(), "bindingFailureConditions")] {
        at_most(list.len(), MOST_CONDITIONS, field)?;
        for (at, condition) in list.iter().enumerate() {
            formed(condition, is_label_key, &format!("{field}[{at}]"), "example.com/Ready")?;
        }
        unique(list.iter().map(|condition| &**condition), field, "")?;
    }
    let message = "must be given together with bindingConditions, or neither";
    ensure(wanted.is_empty() == failures.is_empty(), "bindingFailureConditions", message)?;
    let overlap = failures.iter().any(|condition| wanted.contains(condition));
    ensure(!overlap, "bindingFailureConditions", "must be others than bindingConditions")
}
