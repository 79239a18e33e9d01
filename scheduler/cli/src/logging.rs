//! Logs to standard error, for people who look for the reason of something.

use std::io;

use tracing_subscriber::filter::LevelFilter;

/// Starts logging at the level of so many `-v`; none keeps silent. A second start in one process has no effect.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time();
    // Tests run several commands in one process.
    let _ = subscriber.try_init();
}
