//! Device classes.

use longshore_framework::device::DeviceClass;
use serde_json::Value;

use crate::decode::decode;
use crate::error::ObjectError;
use crate::meta;
use crate::wire::devices as written;

/// Reads a DeviceClass.
///
/// # Errors
/// Names the first field that the API server would refuse.
pub fn device_class(value: &Value) -> Result<DeviceClass, ObjectError> {
    let written: written::DeviceClass = decode(value)?;
    Ok(DeviceClass {
        name: meta::name(&written.metadata)?,
        extended_resource: meta::given(&written.spec.extended_resource_name),
        selectors: [].into(),
        config: [].into(),
        created: written.metadata.creation_timestamp.map(|t| t.0),
    })
}
