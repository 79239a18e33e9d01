//! Which profile decides which pods.

use clap::Args;

/// A profile of the configuration, and whose pods it decides.
#[derive(Args, Clone, Debug, Default)]
pub struct ChoiceArgs {
    /// The only profile that decides, by its schedulerName; every profile of the configuration when not given
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Decide pods of any schedulerName: those that no profile has are decided by the profile of --profile, or by the first
    #[arg(long)]
    pub all_pods: bool,
}
