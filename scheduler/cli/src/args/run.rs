//! The flags of `longshore run`: kube-scheduler's, where it has them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::PluginArgs;
use crate::logging::Format;
use crate::serve;

/// `longshore run`.
#[derive(Args, Debug)]
#[command(next_help_heading = "Scheduling")]
pub struct RunArgs {
    /// A KubeSchedulerConfiguration; it is read again when it changes. Without it one profile, default-scheduler
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Plugins in WebAssembly.
    #[command(flatten)]
    pub plugins: PluginArgs,
    /// Write the effective configuration to this file and exit
    #[arg(long, value_name = "FILE")]
    pub write_config_to: Option<PathBuf>,
    /// Requests per second to the API server, in place of clientConnection.qps; negative: no limit
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub kube_api_qps: Option<f64>,
    /// Requests beyond the rate, in place of clientConnection.burst
    #[arg(long, value_name = "N")]
    pub kube_api_burst: Option<u32>,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Leader election.
    #[command(flatten)]
    pub leader: LeaderArgs,
    /// The HTTPS server.
    #[command(flatten)]
    pub serving: ServingArgs,
    /// The log.
    #[command(flatten)]
    pub logging: LoggingArgs,
}

/// Which cluster.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArgs {
    /// The kubeconfig
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Address of the API server, in place of the kubeconfig's
    #[arg(long, value_name = "URL")]
    pub master: Option<String>,
}

impl From<&ClusterArgs> for longshore_cluster::connect::Target {
    fn from(args: &ClusterArgs) -> Self {
        Self {
            kubeconfig: args.kubeconfig.clone(),
            context: args.context.clone(),
            master: args.master.clone(),
        }
    }
}

/// Leader election; each flag goes before the configuration file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Leader election")]
pub struct LeaderArgs {
    /// Schedule only while holding the Lease [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub leader_elect: Option<bool>,
    /// How long others wait for news of the leader before they take over [default: 15s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub leader_elect_lease_duration: Option<Duration>,
    /// How long the leader tries to renew before it gives up [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub leader_elect_renew_deadline: Option<Duration>,
    /// Time between tries [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub leader_elect_retry_period: Option<Duration>,
    /// Kind of the lock; leases is the only one
    #[arg(long, value_name = "KIND", value_parser = ["leases"])]
    pub leader_elect_resource_lock: Option<String>,
    /// Name of the Lease
    #[arg(long, value_name = "NAME")]
    pub leader_elect_resource_name: Option<String>,
    /// Namespace of the Lease
    #[arg(long, value_name = "NAME")]
    pub leader_elect_resource_namespace: Option<String>,
}

/// The HTTPS server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "HTTPS server")]
pub struct ServingArgs {
    /// Address to listen on
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub bind_address: IpAddr,
    /// Port to listen on; 0: no server
    #[arg(long, value_name = "PORT", default_value_t = 10259)]
    pub secure_port: u16,
    /// Certificate, with its chain, in PEM; a self-signed one is made when none is given
    #[arg(long, value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// Directory with tls.crt and tls.key, as a TLS Secret has them, for when the two flags above are not given
    #[arg(long, value_name = "DIR")]
    pub cert_dir: Option<PathBuf>,
    /// Do not look up client CAs in the cluster
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub authentication_skip_lookup: bool,
    /// Paths that need no authorization; a trailing * stands for everything below
    #[arg(long, value_name = "PATHS", value_delimiter = ',', default_value = "/healthz,/readyz,/livez")]
    pub authorization_always_allow_paths: Vec<String>,
}

impl From<&ServingArgs> for serve::Options {
    fn from(args: &ServingArgs) -> Self {
        Self {
            bind_address: args.bind_address,
            secure_port: args.secure_port,
            certificate: serve::Certificate {
                cert_file: args.tls_cert_file.clone(),
                key_file: args.tls_private_key_file.clone(),
                directory: args.cert_dir.clone(),
            },
            authentication_skip_lookup: args.authentication_skip_lookup,
            always_allow_paths: args.authorization_always_allow_paths.clone(),
        }
    }
}

/// The log of a command that runs on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LoggingArgs {
    /// Format of the log
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub logging_format: Format,
    /// How much is logged: 0 what matters, 2 every decision, 4 debugging, up to 10
    #[arg(short = 'v', long = "v", value_name = "LEVEL", default_value_t = 0)]
    pub level: u8,
}

/// `15s`, `1m30s`, `500ms`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Result<jiff::SignedDuration, _> = text.parse();
    let time = parsed.map_err(|_| "write it like 15s, 1m30s or 500ms".to_string())?;
    Duration::try_from(time).map_err(|_| "must not be negative".to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn parsed(line: &str) -> RunArgs {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Run(args) = cli.command else { panic!("{line}") };
        *args
    }

    #[test]
    fn flags_are_written_as_for_kube_scheduler() {
        let args = parsed(
            "longshore run --leader-elect=false -v=2 --secure-port=0 --leader-elect-lease-duration=1m30s \
             --logging-format=json --authorization-always-allow-paths=/healthz,/metrics",
        );
        assert_eq!(args.leader.leader_elect, Some(false));
        assert_eq!(args.leader.leader_elect_lease_duration, Some(Duration::from_secs(90)));
        assert_eq!((args.logging.level, args.serving.secure_port), (2, 0));
        assert_eq!(args.serving.authorization_always_allow_paths, ["/healthz", "/metrics"]);
        assert_eq!(parsed("longshore run --leader-elect --v 4").leader.leader_elect, Some(true));
        assert_eq!(parsed("longshore run").leader.leader_elect, None);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "longshore run --leader-elect-retry-period=soon",
            "longshore run --secure-port=70000",
            "longshore run x",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
