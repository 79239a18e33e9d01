//! `longshore plugin new`: a folder to begin with, that builds and whose tests pass.

mod names;
mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::build::target;
use super::sdk::{self, FOLDER, put};
use crate::args::plugin::{Language, NewArgs};
use crate::console::Console;
use crate::exit::{Exit, UsageError};

use names::Names;

/// The module of the Go SDK. It is nowhere but in the folder, so its name is none of the network.
const GO_SDK: &str = "longshore/sdk";

/// Checks the name, writes the files, says what is next.
pub(crate) fn run(args: &NewArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let names = Names::of(&args.name).map_err(UsageError)?;
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&names.dashed));
    refuse_used(&dir)?;
    let at = elsewhere(args)?.unwrap_or_else(|| PathBuf::from(FOLDER));
    for (path, text) in template::files(args.lang) {
        put(&dir.join(path), &names.fill(text).replace("{{sdk}}", &named(args.lang, &at)))?;
    }
    if args.lang == Language::Rust {
        let dependencies = ["longshore-plugin", "serde"];
        let lock = longshore_plugin_build::sdk::lock(&names.dashed, "0.1.0", &dependencies);
        put(&dir.join("Cargo.lock"), &lock)?;
    }
    if args.sdk.is_none() {
        sdk::write(&dir.join(FOLDER), args.lang)?;
    }
    told(&dir, &names, args.lang, console)?;
    Ok(Exit::Done)
}

/// Says what is next.
fn told(dir: &Path, names: &Names, language: Language, console: &mut Console<'_>) -> std::io::Result<()> {
    let shown = dir.display();
    writeln!(console.out, "{shown}: the plugin {} is begun", names.camel)?;
    writeln!(console.out, "\nNext:\n  cd {shown}")?;
    match language {
        Language::Rust => writeln!(console.out, "  cargo test")?,
        Language::Go => writeln!(console.out, "  go test ./...")?,
    }
    writeln!(console.out, "  longshore plugin test")?;
    if let (Language::Rust, Some(fix)) = (language, target::missing(dir)) {
        console.warn(&format!("Rust cannot compile for {} yet: {fix}", target::NAME));
    }
    Ok(())
}

/// Nothing that is there is overwritten.
fn refuse_used(dir: &Path) -> anyhow::Result<()> {
    let shown = dir.display();
    match std::fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => {
            bail!("{shown}: is not empty; name another folder with --dir")
        }
        Ok(false) => Ok(()),
        Err(_) if dir.exists() => bail!("{shown}: exists and is not a folder; name another with --dir"),
        Err(_) => Ok(()),
    }
}

/// The folder of `--sdk`.
fn elsewhere(args: &NewArgs) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = &args.sdk else { return Ok(None) };
    let marker = match args.lang {
        Language::Rust => "Cargo.toml",
        Language::Go => "go.mod",
    };
    let shown = path.display();
    if !path.join(marker).is_file() {
        bail!("--sdk {shown}: has no {marker}; name the folder plugins/sdk/rust or plugins/sdk/go");
    }
    path.canonicalize().map(Some).with_context(|| format!("--sdk {shown}: cannot be read"))
}

/// The SDK as Cargo.toml or go.mod name it.
fn named(language: Language, at: &Path) -> String {
    let shown = at.display();
    match language {
        Language::Rust => format!("{{ path = \"{shown}\" }}"),
        Language::Go if at.is_relative() => {
            format!("require {GO_SDK} v0.0.0\n\nreplace {GO_SDK} => ./{shown}")
        }
        Language::Go => format!("require {GO_SDK} v0.0.0\n\nreplace {GO_SDK} => {shown}"),
    }
}
