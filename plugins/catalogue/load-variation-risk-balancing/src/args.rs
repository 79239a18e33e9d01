//! LoadVariationRiskBalancingArgs.

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::Value;

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// What deviations are multiplied by.
    pub(crate) margin: f64,
    /// Which root is taken of them.
    pub(crate) sensitivity: f64,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "LoadVariationRiskBalancingArgs");
        args.no_source();
        // As absent, when it is negative.
        let mut number = |name| args.number(name).filter(|number| *number >= 0.0).unwrap_or(1.0);
        let settings =
            Self { margin: number("safeVarianceMargin"), sensitivity: number("safeVarianceSensitivity") };
        args.finish()?;
        Ok(settings)
    }
}
