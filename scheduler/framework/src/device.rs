//! Classes of devices.

use crate::{Str, Timestamp};

/// What the implicit extended resource of every class begins with; the name of the class follows.
pub const DEVICE_CLASS_PREFIX: &str = "deviceclass.resource.kubernetes.io/";

/// A DeviceClass.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceClass {
    /// Name.
    pub name: Str,
    /// `spec.extendedResourceName`: pods that ask for this resource may be given devices of the class.
    pub extended_resource: Option<Str>,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
}
