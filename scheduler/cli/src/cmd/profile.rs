//! `longshore profile`: what a configuration file means, and what is wrong with it.

use std::path::Path;

use longshore_framework::profile::Profile;
use longshore_profile::Resolved;

use crate::args::gates::RuleArgs;
use crate::args::{DataFormat, PluginArgs, ProfileArgs, ProfileCommand};
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use crate::plugins::{Held, Loaded, Loader};
use crate::render::data;
use crate::render::ordered::Ordered;

/// Runs one of the two commands.
pub(crate) fn run(args: &ProfileArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        ProfileCommand::Validate { file, plugins, rules } => {
            validate(file, &loader(plugins, rules, console)?, console)
        }
        ProfileCommand::Migrate { file, output } => migrate(file, *output, console),
        ProfileCommand::Show { file, plugins, rules, output } => {
            show(file.as_deref(), &loader(plugins, rules, console)?, *output, console)
        }
    }
}

fn loader(plugins: &PluginArgs, rules: &RuleArgs, console: &mut Console<'_>) -> anyhow::Result<Loader> {
    let (loader, _) = input::loader(plugins);
    loader.follow(input::rules(rules, None, console)?);
    Ok(loader)
}

fn validate(file: &Path, loader: &Loader, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let Loaded { resolved, guests, .. } = input::profiles(Some(file), loader)?;
    warn(file, &resolved, console);
    writeln!(console.out, "{}: valid", file.display())?;
    for profile in &resolved.profiles {
        writeln!(console.out, "  {}: {} plugins", profile.scheduler_name, used(profile))?;
        for (_, name, held) in guests.iter().filter(|(of, ..)| **of == profile.scheduler_name) {
            writeln!(console.out, "    {name}: {}", described(held))?;
        }
    }
    Ok(Exit::Done)
}

/// Prints the file as it is in v1.
fn migrate(file: &Path, format: DataFormat, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let name = file.display().to_string();
    let migrated = longshore_profile::migrate(&name, &input::config_text(file)?)?;
    for change in &migrated.changes {
        console.warn(&format!("{name}: {change}"));
    }
    data::write(console.out, format, &Ordered(&migrated.configuration))?;
    Ok(Exit::Done)
}

fn show(
    file: Option<&Path>,
    loader: &Loader,
    format: DataFormat,
    console: &mut Console<'_>,
) -> anyhow::Result<Exit> {
    let Loaded { resolved, .. } = input::profiles(file, loader)?;
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

/// What a plugin in WebAssembly is, in a line.
fn described(held: &Held) -> String {
    let about = held.guest.about();
    let version = if about.version.is_empty() { String::new() } else { format!(" {}", about.version) };
    format!("{}{version}, sha256:{}, from {}", about.kind.as_str(), about.digest, held.settings.source)
}

fn used(profile: &Profile) -> usize {
    let ids = profile.plugins().iter().filter_map(|p| profile.id(p.name()));
    ids.filter(|id| profile.uses(*id)).count()
}
