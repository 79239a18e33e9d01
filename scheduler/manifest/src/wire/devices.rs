//! Device classes.

use longshore_framework::Str;

use super::meta::Meta;
use super::wire;

wire! {
    /// A DeviceClass.
    struct DeviceClass {
        metadata: Meta,
        spec: DeviceClassSpec,
    }
    /// `spec`, as far as it is read.
    struct DeviceClassSpec {
        extended_resource_name: Str,
    }
}
