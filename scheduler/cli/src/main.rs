//! The `longshore` command.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use longshore_cli::console::{self, Console};

/// Strings and objects of a watch come and go by the thousand on several threads: jemalloc gives their memory back, and
/// a static binary has no good allocator otherwise.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let exit = longshore_cli::run(
        std::env::args_os(),
        &mut Console {
            out: &mut out,
            err: &mut err,
            colour: io::stdout().is_terminal() && console::colour_wanted(|name| std::env::var_os(name)),
            progress: io::stderr().is_terminal(),
        },
    );
    longshore_cli::finish(exit, out.flush(), &mut err).into()
}
