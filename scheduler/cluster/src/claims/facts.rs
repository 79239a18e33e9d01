//! What has to be known of a claim for devices to write it, and to see whether its devices are ready: little, because a
//! cluster may have a hundred thousand.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::resource_claim::CLAIM_FINALIZER;
use serde::Deserialize;

/// A device: driver, pool, name.
pub(super) type DeviceKey = (Str, Str, Str);

/// A claim as the API server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClaimFacts {
    pub(super) uid: Str,
    pub(super) version: u64,
    /// It is being deleted.
    pub(super) deleting: bool,
    pub(super) finalizers: Vec<Str>,
    /// It has devices.
    pub(super) allocated: bool,
    /// `status.allocation.allocationTimestamp`, as it is written; empty when absent.
    pub(super) stamp: Str,
    /// UIDs of those who use it.
    pub(super) users: Vec<Str>,
    /// Devices that it has for itself alone.
    pub(super) devices: Arc<[DeviceKey]>,
    /// Conditions that are waited for, of those devices that have any.
    pub(super) waits: Vec<DeviceWait>,
}

/// A device that must be ready before a pod is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceWait {
    /// Conditions that must be true.
    pub(super) conditions: Vec<Str>,
    /// Conditions of which none may be true.
    pub(super) failures: Vec<Str>,
    /// What the driver says; `None` when it says nothing of the device.
    pub(super) says: Option<Vec<Condition>>,
}

impl ClaimFacts {
    /// Reads a claim.
    ///
    /// # Errors
    /// It is no claim.
    pub(super) fn read(json: &[u8]) -> Result<(Str, Str, Self), serde_json::Error> {
        let claim: Claim = serde_json::from_slice(json)?;
        let (namespace, name) = (claim.metadata.namespace.clone(), claim.metadata.name.clone());
        Ok((namespace, name, Self::of(claim)))
    }

    fn of(claim: Claim) -> Self {
        let Claim { metadata, status } = claim;
        let allocation = status.allocation;
        let results = allocation.as_ref().map_or(&[][..], |a| &a.devices.results);
        let alone = results.iter().filter(|r| !r.admin_access && r.share_id.is_none());
        let device = |r: &AllocatedDevice| (r.driver.clone(), r.pool.clone(), r.device.clone());
        let waits = results.iter().filter(|r| !r.binding_conditions.is_empty());
        let says = |r: &AllocatedDevice| {
            let mut of = status.devices.iter();
            let of = of.find(|d| {
                (&d.driver, &d.pool, &d.device, &d.share_id) == (&r.driver, &r.pool, &r.device, &r.share_id)
            });
            of.map(|d| d.conditions.clone())
        };
        Self {
            uid: metadata.uid,
            version: metadata.resource_version.parse().unwrap_or_default(),
            deleting: metadata.deletion_timestamp.is_some(),
            finalizers: metadata.finalizers,
            allocated: allocation.is_some(),
            stamp: allocation.as_ref().and_then(|a| a.allocation_timestamp.clone()).unwrap_or_default(),
            users: status.reserved_for.into_iter().map(|user| user.uid).collect(),
            devices: alone.map(device).collect(),
            waits: waits
                .map(|r| DeviceWait {
                    conditions: r.binding_conditions.clone(),
                    failures: r.binding_failure_conditions.clone(),
                    says: says(r),
                })
                .collect(),
        }
    }

    /// Whether the pod of that UID uses it.
    pub(super) fn is_used_by(&self, uid: &Str) -> bool {
        self.users.contains(uid)
    }

    /// Whether it is kept from being deleted while it has devices.
    pub(super) fn is_protected(&self) -> bool {
        self.finalizers.iter().any(|finalizer| &**finalizer == CLAIM_FINALIZER)
    }
}

macro_rules! read {
    ($($(#[$about:meta])* struct $name:ident { $($(#[$more:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct $name { $($(#[$more])* $field: $type,)* }
    )*};
}

read! {
    struct Claim {
        metadata: Metadata,
        status: Status,
    }
    struct Metadata {
        namespace: Str,
        name: Str,
        uid: Str,
        resource_version: Str,
        deletion_timestamp: Option<Str>,
        finalizers: Vec<Str>,
    }
    struct Status {
        allocation: Option<Allocation>,
        reserved_for: Vec<User>,
        devices: Vec<DeviceStatus>,
    }
    struct Allocation {
        devices: AllocatedDevices,
        allocation_timestamp: Option<Str>,
    }
    struct AllocatedDevices {
        results: Vec<AllocatedDevice>,
    }
    struct AllocatedDevice {
        driver: Str,
        pool: Str,
        device: Str,
        admin_access: bool,
        #[serde(rename = "shareID")]
        share_id: Option<Str>,
        binding_conditions: Vec<Str>,
        binding_failure_conditions: Vec<Str>,
    }
    struct User {
        uid: Str,
    }
    struct DeviceStatus {
        driver: Str,
        pool: Str,
        device: Str,
        #[serde(rename = "shareID")]
        share_id: Option<Str>,
        conditions: Vec<Condition>,
    }
}

/// What a driver says of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: Str,
    pub(super) status: Str,
    pub(super) reason: Str,
    pub(super) message: Str,
}

impl Condition {
    pub(super) fn is_true(&self) -> bool {
        &*self.status == "True"
    }
}
