//! `longshore run`: schedules the pods of a cluster.

use anyhow::Context;

use crate::args::run::RunArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input;
use crate::live::{self, End};
use crate::logging;

/// Threads for everything but decisions.
const WORKERS: usize = 2;

/// Runs until told to stop.
pub(crate) fn run(args: &RunArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let resolved = input::profiles(args.config.as_deref())?;
    let level = logging::serve(args.logging.logging_format, args.logging.level);
    for warning in &resolved.warnings {
        console.warn(&warning.to_string());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    match runtime.block_on(live::start(args, resolved, level))? {
        End::Stopped => Ok(Exit::Done),
        End::Fatal(why) => {
            console.error(&why);
            Ok(Exit::Failure)
        }
    }
}
