//! `longshore completion`: a script that teaches a shell the command line.

use clap::CommandFactory;

use crate::args::{Cli, CompletionArgs};
use crate::console::Console;
use crate::exit::Exit;

/// Prints the script.
pub(crate) fn run(args: &CompletionArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    // The generator does not return the errors of its writer: write into memory, then out.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "longshore", &mut script);
    console.out.write_all(&script)?;
    Ok(Exit::Done)
}
