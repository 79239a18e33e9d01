//! SySchedArgs.

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::Value;

/// The arguments, defaults filled in: the SeccompProfile that counts for pods without one.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "SySchedArgs");
        let namespace = args.text("defaultProfileNamespace").unwrap_or("default").to_owned();
        let name = args.text("defaultProfileName").unwrap_or("all-syscalls").to_owned();
        args.finish()?;
        Ok(Self { namespace, name })
    }
}
