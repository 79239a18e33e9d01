//! The `longshore` command, as a library: everything but `main`. It reads what it is given, calls the libraries and prints what they
//! found out. The only crate that knows all the others.
//!
//! | module | what it does |
//! | --- | --- |
//! | `args` | the command line, and nothing else |
//! | `cmd` | one file per command: from arguments to an exit code |
//! | `input` | files to a cluster and profiles, and what is wrong with them |
//! | `sources` | files, URLs and what kustomize builds, as text |
//! | `selection`, `selector` | which pods of an answer are shown |
//! | `jsonpath` | kubectl's templates |
//! | `choice` | which profile decides which pods |
//! | `check` | whether a cluster is fit, and whether the scheduler in it works |
//! | `ask` | questions to a running scheduler |
//! | `recorded` | engines for recordings that are run again |
//! | `rehearsal` | one plugin alone, asked stage by stage |
//! | `render` | documents to text |

pub mod args;
pub mod console;
pub mod exit;

mod ask;
mod check;
mod choice;
mod cmd;
mod input;
mod jsonpath;
mod measured;
mod recorded;
mod rehearsal;
mod render;
mod selection;
mod selector;
mod sources;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Parser;
use longshore_service::logging;

use args::{Cli, Command, with_dashes};
use console::{Console, is_broken_pipe};
use exit::{Exit, UsageError};

/// Runs a command line, the program's name first. Results and messages go to `console`.
pub fn run(arguments: impl IntoIterator<Item = OsString>, console: &mut Console<'_>) -> Exit {
    let cli = match Cli::try_parse_from(with_dashes(arguments)) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, console),
    };
    logging::start(verbosity(&cli.command));
    let done = match cli.command {
        Command::Simulate(args) => cmd::simulate::run(&args, console),
        Command::Explain(args) => cmd::explain::run(&args, console),
        Command::Dump(args) => cmd::dump::run(&args, console),
        Command::Check(args) => cmd::check::run(&args, console),
        Command::Run(args) => cmd::run::run(&args, console),
        Command::Record(args) => cmd::record::run(&args, console),
        Command::Replay(args) => cmd::replay::run(&args, console),
        Command::Profile(args) => cmd::profile::run(&args, console),
        Command::Plugin(args) => cmd::plugin::run(&args, console),
        Command::Version(args) => cmd::version::run(&args, console),
        Command::Completion(args) => cmd::completion::run(&args, console),
    };
    done.unwrap_or_else(|error| fail(&error, console))
}

/// How much a command that ends is to log; `run` starts its own log.
fn verbosity(command: &Command) -> u8 {
    match command {
        Command::Simulate(args) => args.verbosity.verbose,
        Command::Explain(args) => args.verbosity.verbose,
        Command::Dump(args) => args.verbosity.verbose,
        Command::Check(args) => args.verbosity.verbose,
        Command::Profile(args) => args.verbosity.verbose,
        Command::Plugin(args) => args.verbosity.verbose,
        Command::Replay(args) => args.verbosity.verbose,
        Command::Record(_) | Command::Run(_) | Command::Version(_) | Command::Completion(_) => 0,
    }
}

/// The exit code once everything is flushed.
pub fn finish(exit: Exit, flushed: io::Result<()>, err: &mut dyn Write) -> Exit {
    match flushed {
        Ok(()) => exit,
        Err(error) if is_broken_pipe(&error) => exit,
        Err(error) => {
            // Nobody is left to be told.
            let _ = writeln!(err, "error: cannot write the results: {error}");
            Exit::Failure
        }
    }
}

/// Help and version are errors to clap, though not to the user.
fn refuse(error: &clap::Error, console: &mut Console<'_>) -> Exit {
    let text = error.render();
    if !error.use_stderr() {
        let written = match console.colour {
            true => write!(console.out, "{}", text.ansi()),
            false => write!(console.out, "{text}"),
        };
        return finish(Exit::Done, written, console.err);
    }
    // Nobody is left to be told.
    let _ = write!(console.err, "{text}");
    Exit::Usage
}

fn fail(error: &anyhow::Error, console: &mut Console<'_>) -> Exit {
    if error.chain().any(|e| e.downcast_ref::<io::Error>().is_some_and(is_broken_pipe)) {
        return Exit::Done;
    }
    console.error(&format!("{error:#}"));
    if error.is::<UsageError>() { Exit::Usage } else { Exit::Failure }
}
