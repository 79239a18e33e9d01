//! Writes the bindings of the SDK (`../src/bindings.rs`) from `plugins/wit`.
//!
//! They are kept in the repository so that whoever builds a plugin compiles no generator. Every interface is in them; the
//! macros that make exports are used one by one, by `export_plugin!`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wit_bindgen_core::{Files, WorldGenerator, wit_parser::Resolve};
use wit_bindgen_rust::{Opts, Ownership};

fn main() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = bindings(&here.join("../../../wit"))?;
    let target: PathBuf = here.join("../src/bindings.rs");
    if std::env::args().any(|arg| arg == "--check") {
        if std::fs::read_to_string(&target)? != text {
            bail!("{} is not what plugins/wit says; run `make bindings`", target.display());
        }
        return Ok(());
    }
    std::fs::write(&target, text).with_context(|| target.display().to_string())
}

/// The bindings, formatted, without the section that describes the whole world: a plugin's world is made from its exports.
fn bindings(wit: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let world = resolve.select_world(&[package], Some("plugin"))?;
    let options = Opts {
        format: true,
        generate_all: true,
        ownership: Ownership::Owning,
        runtime_path: Some("crate::rt".into()),
        pub_export_macro: true,
        default_bindings_module: Some("$crate::bindings".into()),
        additional_derive_attributes: vec!["Clone".into(), "PartialEq".into()],
        disable_custom_section_link_helpers: true,
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let (_, text) = files.iter().find(|(name, _)| name.ends_with(".rs")).context("nothing was generated")?;
    let text = String::from_utf8(text.to_vec())?;
    // What follows is the macro that exports everything, and the sections with the whole world.
    let end = text.find("/// Generates `#[unsafe(no_mangle)]`").context("the generated macro has another comment")?;
    Ok(text[..end].to_owned())
}
