//! Which running scheduler is asked.

use std::path::PathBuf;

use clap::Args;

/// The variable that stands in for `--server`.
pub const VARIABLE: &str = "LONGSHORE_SERVER";

/// The heading of these flags, named by each: one of the whole group would also stand over what comes after the group.
const HEADING: &str = "Running scheduler";

/// A running scheduler.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// Address of a running scheduler, such as https://localhost:10259 [env: LONGSHORE_SERVER]
    #[arg(help_heading = HEADING, long, value_name = "URL")]
    pub server: Option<String>,
    /// The authority that signed the scheduler's certificate, in PEM; those of the system when not given
    #[arg(help_heading = HEADING, long, value_name = "FILE", conflicts_with = "insecure_skip_tls_verify")]
    pub server_ca: Option<PathBuf>,
    /// Do not check who the scheduler is, and show it the token all the same
    #[arg(help_heading = HEADING, long)]
    pub insecure_skip_tls_verify: bool,
}
