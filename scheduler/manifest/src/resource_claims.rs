//! Claims for devices.

mod check;

use std::sync::Arc;

use longshore_framework::features::Features;
use longshore_framework::resource_claim::{
    AllocatedConfig, AllocatedDevice, Allocation, ClaimConfig, ClaimSpec, ClaimUser, ConfigSource,
    ConstraintRule, DeviceConstraint, DeviceCount, DeviceRequest, DeviceStatus, DeviceWish,
    EXTENDED_RESOURCE_CLAIM, ResourceClaim, Wanted,
};
use serde_json::Value;

use crate::decode::decode;
use crate::devices::{amounts, driver_config, expressions, gates, older, tolerations};
use crate::error::{ObjectError, Within};
use crate::meta;
use crate::selectors::{self, unknown};
use crate::wire::devices as written;

type Result<T> = std::result::Result<T, ObjectError>;

/// Reads a ResourceClaim of any version.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn resource_claim(value: &Value) -> Result<ResourceClaim> {
    older::read(value, |value| of_claim(&decode(value)?))
}

/// A ResourceClaim of a file, as it is written and as it is read. One that no API server has seen must be such as it would
/// take. A status that is written is taken for what the claim has.
pub(crate) fn resource_claim_of_file(
    value: &Value,
    features: Features,
) -> Result<(written::ResourceClaim, ResourceClaim)> {
    older::read(value, |value| {
        let mut written: written::ResourceClaim = decode(value)?;
        if meta::is_hand_written(&written.metadata) {
            gates::claim(&mut written.spec.devices, features);
            check::devices(&written.spec.devices).within("spec.devices")?;
        }
        let read = of_claim(&written)?;
        Ok((written, read))
    })
}

/// A ResourceClaimTemplate of a file, such as an API server would take it.
pub(crate) fn template_of_file(value: &Value, features: Features) -> Result<written::ResourceClaimTemplate> {
    older::read(value, |value| {
        let mut written: written::ResourceClaimTemplate = decode(value)?;
        meta::name(&written.metadata)?;
        let devices = &mut written.spec.spec.devices;
        if meta::is_hand_written(&written.metadata) {
            gates::claim(devices, features);
            check::devices(devices).within("spec.spec.devices")?;
        }
        // What cannot be read is a problem of the template and not of each pod.
        spec(&written.spec.spec.devices).within("spec.spec.devices")?;
        Ok(written)
    })
}

/// A claim as it is read.
pub(crate) fn of_claim(written: &written::ResourceClaim) -> Result<ResourceClaim> {
    let (metadata, status) = (&written.metadata, &written.status);
    let allocation = status.allocation.as_ref();
    let user = |user: &written::User| ClaimUser {
        resource: user.resource.clone(),
        name: user.name.clone(),
        uid: user.uid.clone(),
    };
    Ok(ResourceClaim {
        namespace: meta::namespace(metadata),
        name: meta::name(metadata)?,
        uid: meta::uid(metadata, "ResourceClaim"),
        version: metadata.resource_version.parse().unwrap_or_default(),
        terminating: metadata.deletion_timestamp.is_some(),
        owner_uid: meta::owner(metadata).map(|owner| owner.uid),
        extended: metadata.annotations.get(EXTENDED_RESOURCE_CLAIM).is_some_and(|value| &**value == "true"),
        spec: Arc::new(spec(&written.spec.devices).within("spec.devices")?),
        allocation: allocation
            .map(|a| self::allocation(a).within("status.allocation"))
            .transpose()?
            .map(Arc::new),
        allocated_at: allocation.and_then(|allocation| allocation.allocation_timestamp).map(|time| time.0),
        reserved_for: status.reserved_for.iter().map(user).collect(),
        devices: status.devices.iter().map(device_status).collect(),
    })
}

fn device_status(written: &written::DeviceStatus) -> DeviceStatus {
    let holds = written.conditions.iter().filter(|condition| &*condition.status == "True");
    DeviceStatus {
        driver: written.driver.clone(),
        pool: written.pool.clone(),
        device: written.device.clone(),
        holds: holds.map(|condition| condition.r#type.clone()).collect(),
    }
}

/// What a claim asks for.
pub(crate) fn spec(written: &written::ClaimDevices) -> Result<ClaimSpec> {
    let requests = written.requests.iter().enumerate();
    let config = written.config.iter().enumerate();
    let said = |config: &written::Config| {
        Ok(ClaimConfig { requests: config.requests.clone(), config: driver_config(config)? })
    };
    Ok(ClaimSpec {
        requests: requests.map(|(at, r)| request(r).within_item("requests", at)).collect::<Result<_>>()?,
        constraints: written.constraints.iter().map(constraint).collect(),
        config: config.map(|(at, c)| said(c).within_item("config", at)).collect::<Result<_>>()?,
    })
}

fn request(written: &written::Request) -> Result<DeviceRequest> {
    let alternatives = written.first_available.iter().enumerate();
    let wanted = match &written.exactly {
        Some(exactly) => Wanted::Exactly(wish(exactly).within("exactly")?),
        None if written.first_available.is_empty() => Wanted::Unknown,
        None => Wanted::FirstAvailable(
            alternatives
                .map(|(at, w)| Ok((w.name.clone(), wish(w).within_item("firstAvailable", at)?)))
                .collect::<Result<_>>()?,
        ),
    };
    Ok(DeviceRequest { name: written.name.clone(), wanted })
}

fn wish(written: &written::Wish) -> Result<DeviceWish> {
    let count = match &*written.allocation_mode {
        "All" => DeviceCount::All,
        "" | "ExactCount" => {
            let count = u64::try_from(written.count.unwrap_or(1)).ok().filter(|count| *count > 0);
            DeviceCount::Exactly(count.ok_or_else(|| ObjectError::of("count", "must be greater than zero"))?)
        }
        other => return Err(unknown("allocationMode", other, "ExactCount or All")),
    };
    Ok(DeviceWish {
        class: written.device_class_name.clone(),
        selectors: expressions(&written.selectors, "selectors")?,
        count,
        admin: written.admin_access,
        tolerations: tolerations(&written.tolerations)?,
        capacity: written.capacity.as_ref().map(|capacity| amounts(&capacity.requests)).unwrap_or_default(),
    })
}

fn constraint(written: &written::Constraint) -> DeviceConstraint {
    let rule = match (&written.match_attribute, &written.distinct_attribute) {
        (Some(attribute), _) => ConstraintRule::Match(attribute.clone()),
        (None, Some(attribute)) => ConstraintRule::Distinct(attribute.clone()),
        (None, None) => ConstraintRule::Unknown,
    };
    DeviceConstraint { requests: written.requests.clone(), rule }
}

fn allocation(written: &written::Allocation) -> Result<Allocation> {
    let config = written.devices.config.iter().enumerate();
    let selector = written.node_selector.as_ref().map(selectors::node_selector);
    Ok(Allocation {
        devices: written.devices.results.iter().map(allocated).collect::<Result<_>>()?,
        config: config.map(|(at, c)| said(c).within_item("devices.config", at)).collect::<Result<_>>()?,
        node_selector: selector.transpose().within("nodeSelector")?.map(Arc::new),
    })
}

fn said(written: &written::Config) -> Result<AllocatedConfig> {
    let source = match &*written.source {
        "FromClass" => ConfigSource::Class,
        "FromClaim" => ConfigSource::Claim,
        other => return Err(unknown("source", other, "FromClass or FromClaim")),
    };
    Ok(AllocatedConfig { source, requests: written.requests.clone(), config: driver_config(written)? })
}

fn allocated(written: &written::AllocatedDevice) -> Result<AllocatedDevice> {
    Ok(AllocatedDevice {
        request: written.request.clone(),
        driver: written.driver.clone(),
        pool: written.pool.clone(),
        device: written.device.clone(),
        admin: written.admin_access,
        tolerations: tolerations(&written.tolerations)?,
        share: written.share_id.clone(),
        consumed: amounts(&written.consumed_capacity),
        binding_conditions: written.binding_conditions.as_deref().map(Arc::from),
        binding_failure_conditions: written.binding_failure_conditions.as_slice().into(),
    })
}
