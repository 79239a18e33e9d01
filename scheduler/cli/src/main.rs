//! The `longshore` command.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use longshore_cli::console::{self, Console};

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
