//! Which version of the interface a component was built for.
//!
//! Version 0.2.0 has everything that 0.1.0 has, with the same types, and more. So a component that was built for 0.1.0 is
//! one for 0.2.0 that says so in another word: the names of the interfaces that it imports and exports are rewritten, which
//! have the same length.

use std::borrow::Cow;

use wasmparser::{Parser, Payload};

/// What the names of our interfaces begin with.
pub(crate) const PREFIX: &str = "longshore:scheduler/";

/// The version that is spoken here, as names end.
pub(crate) const CURRENT: &str = "@0.2.0";

/// The version before, of which everything is left.
const BEFORE: &str = "@0.1.0";

/// The component as one for the current version.
///
/// # Errors
/// The bytes are no component.
pub(crate) fn current(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let mut places = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| error.to_string())? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    places.extend(place(bytes, import.map_err(|error| error.to_string())?.name.name));
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    places.extend(place(bytes, export.map_err(|error| error.to_string())?.name.name));
                }
            }
            _ => {}
        }
    }
    if places.is_empty() {
        return Ok(bytes.into());
    }
    let mut rewritten = bytes.to_vec();
    for at in places {
        if let Some(version) = rewritten.get_mut(at..at + CURRENT.len()) {
            version.copy_from_slice(CURRENT.as_bytes());
        }
    }
    Ok(rewritten.into())
}

/// Where the version of a name begins, when it is the one before.
fn place(bytes: &[u8], name: &str) -> Option<usize> {
    let is_ours = name.starts_with(PREFIX) && name.ends_with(BEFORE);
    let start = (name.as_ptr() as usize).checked_sub(bytes.as_ptr() as usize)?;
    is_ours.then(|| start + name.len() - BEFORE.len())
}

/// The short name of one of our interfaces; `None` for any other.
pub(crate) fn short(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.strip_suffix(CURRENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wat: &str, want: &str) {
        let bytes = wat::parse_str(wat).unwrap();
        let now = current(&bytes).unwrap();
        assert_eq!(now, wat::parse_str(want).unwrap());
        assert_eq!(now.len(), bytes.len());
    }

    #[test]
    fn names_of_the_version_before_are_rewritten_and_no_others() {
        let component = |version: &str, inner: &str| {
            format!(
                r#"(component
                    (import "longshore:scheduler/log@{version}" (instance))
                    (import "other:scheduler/log@0.1.0" (instance))
                    (component (import "longshore:scheduler/log@{inner}" (instance)))
                    (instance $own)
                    (export "longshore:scheduler/filter@{version}" (instance $own)))"#
            )
        };
        check(&component("0.1.0", "0.1.0"), &component("0.2.0", "0.1.0"));
        check(&component("0.2.0", "0.1.0"), &component("0.2.0", "0.1.0"));
    }
}
