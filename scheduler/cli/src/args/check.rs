//! The flags of `longshore check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::run::ClusterArgs;
use super::server::ServerArgs;
use super::values::duration;
use super::{PluginArgs, Verbosity};

pub(super) const HELP: &str = "\
Before installing (--pre) nothing is written but access reviews. Afterwards a probe pod is created, followed to its node and \
deleted again. What may not be looked at is skipped. The exit code is 1 when a check failed.

Examples:
  # May it be installed here, by this account, with this configuration?
  longshore check --pre --config profile.yaml

  # Has the chart given the scheduler's account what it needs?
  longshore check --pre --as-service-account longshore-system:longshore

  # Does it work?
  longshore check -n longshore-system";

/// `longshore check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The log.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// Check before installing: is the cluster fit for it?
    #[arg(long, conflicts_with_all = ["image", "wait", "server"])]
    pub pre: bool,
    /// Namespace of the scheduler's Lease and of the probe pod; that of the service account or of the kubeconfig when not given
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The schedulerName that pods ask for; the first of --config, or longshore
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub scheduler_name: Option<String>,
    /// A KubeSchedulerConfiguration to check
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Plugins in WebAssembly.
    #[command(flatten)]
    pub plugins: PluginArgs,
    /// The scheduler's Lease; that of --config, or the one called as the scheduler
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = pair('/'))]
    pub lease: Option<(String, String)>,
    /// Whose permissions are checked; your own with --pre, nobody's otherwise
    #[arg(long, value_name = "NAMESPACE:NAME", value_parser = service_account)]
    pub as_service_account: Option<(String, String)>,
    /// How long the scheduler may take to lead, to be ready, and to bind the probe pod
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1m")]
    pub wait: Duration,
    /// Image of the probe pod
    #[arg(long, value_name = "IMAGE", default_value = "registry.k8s.io/pause:3.10")]
    pub image: String,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = CheckFormat::Table)]
    pub output: CheckFormat,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Which scheduler.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Output formats of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Every check
    Table,
    /// One JSON document
    Json,
    /// Only what needs a look
    Short,
}

/// `NS:NAME`, or as kubectl writes it, `system:serviceaccount:NS:NAME`.
fn service_account(text: &str) -> Result<(String, String), String> {
    pair(':')(text.strip_prefix("system:serviceaccount:").unwrap_or(text))
}

/// Two names with `between` between them.
fn pair(between: char) -> impl Fn(&str) -> Result<(String, String), String> + Clone {
    move |text| {
        let parts =
            text.split_once(between).ok_or_else(|| format!("write it like NAMESPACE{between}NAME"))?;
        Ok((name(parts.0)?, name(parts.1)?))
    }
}

/// A name that can be a part of a path.
fn name(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    match !text.is_empty() && text.chars().all(good) {
        true => Ok(text.to_string()),
        false => Err(format!("{text:?} is not a name: letters, digits, - and . are allowed")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[track_caller]
    fn parsed(line: &str) -> CheckArgs {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Check(args) = cli.command else { panic!("{line}") };
        *args
    }

    #[test]
    fn places_and_accounts_are_pairs_of_names() {
        let args = parsed("longshore check --lease ls/longshore --as-service-account ls:sched --wait 5s");
        assert_eq!(args.lease, Some(("ls".to_string(), "longshore".to_string())));
        assert_eq!(args.as_service_account, Some(("ls".to_string(), "sched".to_string())));
        assert_eq!(args.wait, Duration::from_secs(5));
        let long = parsed("longshore check --as-service-account system:serviceaccount:ls:sched");
        assert_eq!(long.as_service_account, args.as_service_account);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "longshore check --lease longshore",
            "longshore check --lease a/b/c",
            "longshore check --as-service-account ls/sched",
            "longshore check --scheduler-name a,b",
            "longshore check --pre --wait 5s",
            "longshore check --server-ca x --insecure-skip-tls-verify",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
