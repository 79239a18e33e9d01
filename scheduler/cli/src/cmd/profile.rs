//! `longshore profile`: what a configuration file means, and what is wrong with it.

use std::path::Path;

use longshore_framework::profile::Profile;
use longshore_loader::{Held, Loaded, Loader, file as configuration};
use longshore_profile::Resolved;

use crate::args::gates::RuleArgs;
use crate::args::{DataFormat, PluginArgs, ProfileArgs, ProfileCommand};
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use crate::render::data;
use crate::render::ordered::Ordered;

/// What is said where modules of the catalogue are not at hand.
const ABSENT: &str = "  The modules of these plugins are not in this program: names, extension points and args were checked by what is declared of \
    them. To schedule with them, use a released program or image, which carries them, or name a catalogue: catalogue: file://DIR in \
    the file, or --catalogue file://DIR (make catalogue builds one).";

/// Runs one of the three commands.
pub(crate) fn run(args: &ProfileArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        ProfileCommand::Validate { file, ignore_unknown_plugins, plugins, rules } => {
            let loader = loader(plugins, *ignore_unknown_plugins, rules, console)?;
            validate(file, &loader, console)
        }
        ProfileCommand::Migrate { file, output } => migrate(file, *output, console),
        ProfileCommand::Show { file, plugins, rules, output } => {
            show(file.as_deref(), &loader(plugins, false, rules, console)?, *output, console)
        }
    }
}

fn loader(
    plugins: &PluginArgs,
    ignore_unknown: bool,
    rules: &RuleArgs,
    console: &mut Console<'_>,
) -> anyhow::Result<Loader> {
    let (loader, _) = input::loader_that(plugins, ignore_unknown);
    // Nothing is decided here: a file is valid wherever the modules of the catalogue are.
    loader.judge_by_declaration();
    loader.follow(input::rules(rules, None, console)?);
    Ok(loader)
}

fn validate(file: &Path, loader: &Loader, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let Loaded { resolved, guests, absent, .. } = configuration::profiles(Some(file), loader)?;
    warn(file, &resolved, console);
    writeln!(console.out, "{}: valid", file.display())?;
    for profile in &resolved.profiles {
        writeln!(console.out, "  {}: {} plugins", profile.scheduler_name, used(profile))?;
        for (_, name, held) in guests.iter().filter(|(of, ..)| **of == profile.scheduler_name) {
            writeln!(console.out, "    {name}: {}", described(held))?;
        }
        for (_, name) in absent.iter().filter(|(of, _)| *of == profile.scheduler_name) {
            writeln!(console.out, "    {name}: of the catalogue, by its declaration")?;
        }
    }
    if !absent.is_empty() {
        writeln!(console.out, "{ABSENT}")?;
    }
    Ok(Exit::Done)
}

/// Prints the file as it is in v1.
fn migrate(file: &Path, format: DataFormat, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let name = file.display().to_string();
    let migrated = longshore_profile::migrate(&name, &configuration::config_text(file)?)?;
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
    let Loaded { resolved, .. } = configuration::profiles(file, loader)?;
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
