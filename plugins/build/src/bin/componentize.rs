//! `componentize MODULE COMPONENT`: makes a plugin of a core module, for `make guests`.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to be told when even this fails.
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut args = std::env::args().skip(1);
    let (Some(from), Some(to), None) = (args.next(), args.next(), args.next()) else {
        return Err("usage: componentize MODULE COMPONENT".into());
    };
    let core = std::fs::read(&from).map_err(|e| format!("{from}: {e}"))?;
    let component = longshore_plugin_build::componentize(&core).map_err(|e| format!("{from}: {e}"))?;
    std::fs::write(&to, component).map_err(|e| format!("{to}: {e}"))
}
