//! The component around the module.

use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::BuildError;
use crate::names::Names;
use crate::package::with_world;
use crate::wasi;

/// Makes a component of a core module whose exports have the canonical ABI's names, such as
/// `longshore:scheduler/filter@0.2.0#filter`.
///
/// The component exports the interfaces that the module exports and imports those of which the module imports
/// something; descriptions of a world that the module carries along are not looked at. The same module gives the same
/// bytes.
///
/// # Errors
/// What is wrong, in words for the module's author.
pub fn componentize(core: &[u8]) -> Result<Vec<u8>, BuildError> {
    let names = Names::of(core)?;
    let (resolve, package) = with_world(&names.imports, &names.exports)?;
    let world =
        resolve.select_world(&[package], Some("guest")).map_err(|e| BuildError::Encode(format!("{e:#}")))?;
    let mut module = bare(core)?;
    let failed = |e: &dyn std::fmt::Display| BuildError::Encode(format!("{e:#}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(|e| failed(&e))?;
    let mut encoder = ComponentEncoder::default().validate(true).module(&module).map_err(|e| failed(&e))?;
    if names.wasi {
        encoder = answer_wasi(encoder)?;
    }
    encoder.encode().map_err(|e| failed(&e))
}

/// Adds what answers WASI preview 1 inside of the component.
fn answer_wasi(encoder: ComponentEncoder) -> Result<ComponentEncoder, BuildError> {
    encoder.adapter(crate::names::WASI, &wasi::adapter()?).map_err(|e| BuildError::Encode(format!("{e:#}")))
}

/// The module without the descriptions of worlds that generators of bindings put into custom sections.
fn bare(core: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut out = Vec::with_capacity(core.len());
    let mut at = 0;
    for payload in Parser::new(0).parse_all(core) {
        let payload = payload.map_err(|e| BuildError::NotAModule(e.to_string()))?;
        let Payload::CustomSection(section) = &payload else { continue };
        if section.name().starts_with("component-type") {
            let contents = section.range();
            out.extend_from_slice(&core[at..header(core, at, contents.start)]);
            at = contents.end;
        }
    }
    out.extend_from_slice(&core[at..]);
    Ok(out)
}

/// Where the section begins whose contents begin at `contents`: before its id, 0, and its length.
fn header(core: &[u8], at: usize, contents: usize) -> usize {
    let mut start = contents.saturating_sub(1);
    // The length's bytes but the last have the high bit; the id before them has not.
    while start > at && core[start - 1] & 0x80 != 0 {
        start -= 1;
    }
    start.saturating_sub(1).max(at)
}
