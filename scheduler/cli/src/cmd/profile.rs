//! `longshore profile`: what a configuration file means, and what is wrong with it.

use std::path::Path;

use longshore_framework::profile::Profile;
use longshore_profile::Resolved;

use crate::args::{DataFormat, ProfileArgs, ProfileCommand};
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use crate::render::data;
use crate::render::ordered::Ordered;

/// Runs one of the two commands.
pub(crate) fn run(args: &ProfileArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        ProfileCommand::Validate { file } => validate(file, console),
        ProfileCommand::Show { file, output } => show(file.as_deref(), *output, console),
    }
}

fn validate(file: &Path, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let resolved = input::profiles(Some(file))?;
    warn(file, &resolved, console);
    writeln!(console.out, "{}: valid", file.display())?;
    for profile in &resolved.profiles {
        writeln!(console.out, "  {}: {} plugins", profile.scheduler_name, used(profile))?;
    }
    Ok(Exit::Done)
}

fn show(file: Option<&Path>, format: DataFormat, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let resolved = input::profiles(file)?;
    if let Some(file) = file {
        warn(file, &resolved, console);
    }
    data::write(console.out, format, &Ordered(&longshore_profile::show(&resolved)))?;
    Ok(Exit::Done)
}

fn warn(file: &Path, resolved: &Resolved, console: &mut Console<'_>) {
    for warning in &resolved.warnings {
        console.warn(&format!("{}: {warning}", file.display()));
    }
}

fn used(profile: &Profile) -> usize {
    let ids = profile.plugins().iter().filter_map(|p| profile.id(p.name()));
    ids.filter(|id| profile.uses(*id)).count()
}
