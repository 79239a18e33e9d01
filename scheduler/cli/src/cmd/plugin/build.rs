//! `longshore plugin build`: from sources to a component that was loaded once.

mod project;
pub(super) mod target;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use longshore_plugin_build::componentize;

use super::inspect::inspect;
use crate::args::plugin::BuildArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::rehearsal::given;
use crate::render::plugin::bytes;

pub(super) use project::{Project, language};

/// Compiles, makes a component, loads it, tells.
pub(crate) fn run(args: &BuildArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let project = Project::of(&args.dir)?;
    let out = args.out.clone().unwrap_or_else(|| project.component());
    let component = make(&project, &out, console)?;
    tell(args, &out, &component, console)
}

/// Compiles the project and writes its component to `out`.
///
/// # Errors
/// It does not compile, or what comes of it is no plugin.
pub(super) fn make(project: &Project, out: &Path, console: &mut Console<'_>) -> anyhow::Result<Vec<u8>> {
    // What the compiler says goes to standard error by itself.
    console.err.flush()?;
    let core: PathBuf = project.compile()?;
    let shown = core.display().to_string();
    let module =
        std::fs::read(&core).with_context(|| format!("{shown}: the compiler left no module here"))?;
    let component = componentize(&module).map_err(|e| anyhow!("{shown}: {e}"))?;
    project.clean(&core);
    std::fs::write(out, &component).with_context(|| format!("{}: cannot be written", out.display()))?;
    Ok(component)
}

/// Loads it with everything granted. Without a config that its `init` asks for it is a plugin all the same.
fn tell(args: &BuildArgs, out: &Path, component: &[u8], console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let shown = out.display().to_string();
    let settings = given::everything(args.config.as_deref(), component)?;
    let found = inspect(shown.clone(), &crate::rehearsal::source::stem(&shown), component, &settings)?;
    let about = &found.plugin;
    writeln!(console.out, "{shown}: {}, sha256 {}", bytes(about.size as u64), about.digest)?;
    writeln!(console.out, "  stages: {}", about.exports.join(", "))?;
    if !about.needs.is_empty() {
        writeln!(console.out, "  needs: {}", about.needs.join(", "))?;
    }
    match found.problem {
        None => Ok(Exit::Done),
        Some(problem) if args.config.is_none() => {
            console.warn(&format!("{shown}: without a config: {problem}; give it one with --config"));
            Ok(Exit::Done)
        }
        Some(problem) => Err(anyhow!("{shown}: {problem}")),
    }
}
