//! `longshore check`: may it be installed, and does it work?

use anyhow::Context;

use crate::args::check::CheckArgs;
use crate::check;
use crate::console::Console;
use crate::exit::Exit;

/// Makes the checks.
pub(crate) fn run(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the network")?;
    let good = runtime.block_on(check::check(args, console))?;
    Ok(if good { Exit::Done } else { Exit::Failure })
}
