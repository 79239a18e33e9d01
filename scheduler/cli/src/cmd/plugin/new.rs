//! `longshore plugin new`: a folder to begin with, that builds and whose tests pass.

mod names;
mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::args::plugin::{Language, NewArgs};
use crate::console::Console;
use crate::exit::{Exit, UsageError};

use names::Names;

/// Where the SDKs are released.
const REPOSITORY: &str = "https://github.com/longshore-scheduler/longshore";
/// The module of the Go SDK.
const GO_SDK: &str = "longshore/sdk";

/// Checks the name, writes the files, says what is next.
pub(crate) fn run(args: &NewArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let names = Names::of(&args.name).map_err(UsageError)?;
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&names.dashed));
    refuse_used(&dir)?;
    let sdk = sdk(args)?;
    for (path, text) in template::files(args.lang) {
        let file = dir.join(path);
        let folder = file.parent().unwrap_or(&dir);
        std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        let filled = names.fill(text).replace("{{sdk}}", &sdk);
        std::fs::write(&file, filled).with_context(|| format!("{}: cannot be written", file.display()))?;
    }
    let shown = dir.display();
    writeln!(console.out, "{shown}: the plugin {} is begun", names.camel)?;
    writeln!(console.out, "\nNext:\n  cd {shown}")?;
    match args.lang {
        Language::Rust => writeln!(console.out, "  cargo test")?,
        Language::Go => writeln!(console.out, "  go mod tidy && go test ./...")?,
    }
    writeln!(console.out, "  longshore plugin test")?;
    Ok(Exit::Done)
}

/// Nothing that is there is overwritten.
fn refuse_used(dir: &Path) -> anyhow::Result<()> {
    let shown = dir.display();
    match std::fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => {
            bail!("{shown}: is not empty; name another folder with --dir")
        }
        Ok(false) => Ok(()),
        Err(_) if dir.exists() => bail!("{shown}: is there and is no folder; name another with --dir"),
        Err(_) => Ok(()),
    }
}

/// The SDK as Cargo.toml or go.mod name it.
fn sdk(args: &NewArgs) -> anyhow::Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let Some(path) = &args.sdk else {
        return Ok(match args.lang {
            Language::Rust => format!("{{ git = \"{REPOSITORY}\", tag = \"v{version}\" }}"),
            Language::Go => format!("require {GO_SDK} v{version}"),
        });
    };
    let marker = match args.lang {
        Language::Rust => "Cargo.toml",
        Language::Go => "go.mod",
    };
    let shown = path.display();
    if !path.join(marker).is_file() {
        bail!("--sdk {shown}: has no {marker}; name the folder plugins/sdk/rust or plugins/sdk/go");
    }
    let whole = path.canonicalize().with_context(|| format!("--sdk {shown}: cannot be read"))?;
    let whole = whole.display();
    Ok(match args.lang {
        Language::Rust => format!("{{ path = \"{whole}\" }}"),
        Language::Go => format!("require {GO_SDK} v0.0.0\n\nreplace {GO_SDK} => {whole}"),
    })
}
