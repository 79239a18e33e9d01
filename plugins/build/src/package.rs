//! The interface's package, which is part of this crate.

use wit_parser::{PackageId, Resolve};

use crate::BuildError;

/// The version of `longshore:scheduler` that plugins are built for.
pub const VERSION: &str = "0.2.0";

/// How names of the package begin, in exports and imports.
pub(crate) const PREFIX: &str = "longshore:scheduler/";

/// Every file of `plugins/wit`, the one with the package's name first.
const FILES: [&str; 6] = [
    include_str!("../../wit/types.wit"),
    include_str!("../../wit/lifecycle.wit"),
    include_str!("../../wit/stages.wit"),
    include_str!("../../wit/host.wit"),
    include_str!("../../wit/metrics.wit"),
    include_str!("../../wit/world.wit"),
];

/// The whole package as one text, for generators of bindings.
pub fn wit() -> String {
    FILES.join("\n")
}

/// The package with one more world, `guest`, of these imports and exports.
///
/// # Errors
/// The parser's words when the package cannot be read; names that it has are no cause.
pub(crate) fn with_world(imports: &[String], exports: &[String]) -> Result<(Resolve, PackageId), BuildError> {
    let mut text = wit();
    text.push_str("\nworld guest {\n");
    for name in imports {
        text.push_str(&format!("    import {name};\n"));
    }
    for name in exports {
        text.push_str(&format!("    export {name};\n"));
    }
    text.push_str("}\n");
    let mut resolve = Resolve::default();
    let package =
        resolve.push_source("longshore.wit", &text).map_err(|e| BuildError::Encode(format!("{e:#}")))?;
    Ok((resolve, package))
}
