//! `longshore check`: groups of checks, told as they are made.

mod document;
mod report;
mod session;

use crate::args::check::CheckArgs;
use crate::console::Console;

/// Makes all checks and tells them; whether none failed.
///
/// # Errors
/// When the results cannot be written.
pub(crate) async fn check(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<bool> {
    let style = console.style();
    let mut reporter = report::Reporter::new(console.out, console.err, style, args.output);
    session::check(args, &mut reporter).await;
    reporter.finish()
}
