//! `longshore plugin`: from an idea to a published plugin.

mod bench;
mod build;
mod check;
mod inspect;
mod new;
mod run;
mod sdk;
mod ship;
mod sign;
mod test;
mod update_sdk;

use longshore_wasm::{About, Guest};

use crate::args::plugin::{OutputArgs, PluginArgs, PluginCommand};
use crate::args::{DataFormat, PlainFormat};
use crate::console::Console;
use crate::exit::Exit;
use crate::render::data;

/// Runs one of the commands.
pub(crate) fn run(args: &PluginArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        PluginCommand::New(args) => new::run(args, console),
        PluginCommand::UpdateSdk(args) => update_sdk::run(args, console),
        PluginCommand::Build(args) => build::run(args, console),
        PluginCommand::Inspect(args) => inspect::run(args, console),
        PluginCommand::Run(args) => run::run(args, console),
        PluginCommand::Test(args) => test::run(args, console),
        PluginCommand::Bench(args) => bench::run(args, console),
        PluginCommand::Check(args) => check::run(args, console),
        PluginCommand::Push(args) => ship::push(args, console),
        PluginCommand::Pull(args) => ship::pull(args, console),
        PluginCommand::Keygen(args) => sign::keygen(args, console),
        PluginCommand::Sign(args) => sign::sign(args, console),
        PluginCommand::Verify(args) => sign::verify(args, console),
    }
}

/// Prints a document as it is asked for.
fn print<D: serde::Serialize>(
    console: &mut Console<'_>,
    output: OutputArgs,
    document: &D,
    table: impl FnOnce(&mut Console<'_>, &D) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    match output.output {
        PlainFormat::Json => data::write(console.out, DataFormat::Json, document),
        PlainFormat::Yaml => data::write(console.out, DataFormat::Yaml, document),
        PlainFormat::Table => Ok(table(console, document)?),
    }
}

/// The name in its manifest, or what it was called by, and its digest.
fn identity(guest: &Guest, called: &str) -> (String, String) {
    let About { name, digest, .. } = guest.about();
    (if name.is_empty() { called.to_string() } else { name }, digest)
}

/// Done or not.
fn exit(good: bool) -> Exit {
    if good { Exit::Done } else { Exit::Failure }
}
