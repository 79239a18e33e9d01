//! The flags of `longshore run`: kube-scheduler's, where it has them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use longshore_framework::features::Minor;
use longshore_service::logging::Format;
use longshore_service::options::{LeaderOptions, RunOptions};

use super::PluginArgs;
use super::accepted::Accepted;
use super::gates::GateArgs;
use super::keep::RecordArgs;
use super::serving::ServingArgs;
use super::values::{duration, go_bool};

/// `longshore run`.
#[derive(Args, Debug)]
#[command(next_help_heading = "Scheduling")]
pub struct RunArgs {
    /// A KubeSchedulerConfiguration; it is read again when it changes. Without it kube-scheduler's place is taken: one
    /// profile, default-scheduler, and the Lease kube-system/kube-scheduler
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
    /// A pod that no event woke for this long is tried anyway
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub pod_max_in_unschedulable_pods_duration: Duration,
    /// Decide as this minor of Kubernetes does, whatever the API server is: 1.36, 1.37 or 1.38 (experimental) [default: that of
    /// the API server]
    #[arg(long, value_name = "MINOR", value_parser = Minor::parse)]
    pub kubernetes_version: Option<Minor>,
    /// Feature gates.
    #[command(flatten)]
    pub gates: GateArgs,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Leader election.
    #[command(flatten)]
    pub leader: LeaderArgs,
    /// What is recorded.
    #[command(flatten)]
    pub recording: RecordArgs,
    /// The HTTPS server.
    #[command(flatten)]
    pub serving: ServingArgs,
    /// The log.
    #[command(flatten)]
    pub logging: LoggingArgs,
    /// What changes nothing here.
    #[command(flatten)]
    pub accepted: Accepted,
}

impl RunArgs {
    /// What the log has to say of flags that do less here than in kube-scheduler.
    pub(crate) fn remarks(&self) -> Vec<String> {
        self.accepted.lines().collect()
    }

    /// What the scheduler is started with.
    pub(crate) fn options(&self) -> RunOptions {
        RunOptions {
            config: self.config.clone(),
            kube_api_qps: self.kube_api_qps,
            kube_api_burst: self.kube_api_burst,
            pod_max_in_unschedulable_pods_duration: self.pod_max_in_unschedulable_pods_duration,
            kubernetes_version: self.kubernetes_version,
            feature_gates: self.gates.feature_gates.clone(),
            cluster: (&self.cluster).into(),
            leader: (&self.leader).into(),
            recording: (&self.recording).into(),
            serving: (&self.serving).into(),
            review: (&self.serving).into(),
        }
    }
}

/// The heading of these flags, named by each: one of the whole group would also stand over what comes after the group.
const HEADING: &str = "Cluster";

/// Which cluster.
#[derive(Args, Clone, Debug, Default)]
pub struct ClusterArgs {
    /// The kubeconfig
    #[arg(help_heading = HEADING, long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context
    #[arg(help_heading = HEADING, long, value_name = "NAME")]
    pub context: Option<String>,
    /// Address of the API server, in place of the kubeconfig's
    #[arg(help_heading = HEADING, long, value_name = "URL")]
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
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, value_parser = go_bool)]
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

impl From<&LeaderArgs> for LeaderOptions {
    fn from(args: &LeaderArgs) -> Self {
        Self {
            leader_elect: args.leader_elect,
            leader_elect_lease_duration: args.leader_elect_lease_duration,
            leader_elect_renew_deadline: args.leader_elect_renew_deadline,
            leader_elect_retry_period: args.leader_elect_retry_period,
            leader_elect_resource_name: args.leader_elect_resource_name.clone(),
            leader_elect_resource_namespace: args.leader_elect_resource_namespace.clone(),
        }
    }
}

/// Values of `--logging-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoggingFormat {
    /// klog's
    Text,
    /// One JSON object per line
    Json,
}

impl From<LoggingFormat> for Format {
    fn from(format: LoggingFormat) -> Self {
        match format {
            LoggingFormat::Text => Self::Text,
            LoggingFormat::Json => Self::Json,
        }
    }
}

/// The log of a command that runs on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs")]
pub struct LoggingArgs {
    /// Format of the log
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = LoggingFormat::Text)]
    pub logging_format: LoggingFormat,
    /// How much is logged: 0 what matters, 2 every decision, 4 debugging, up to 10
    #[arg(short = 'v', long = "v", value_name = "LEVEL", default_value_t = 0)]
    pub level: u8,
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
        assert_eq!(args.serving.authorization.authorization_always_allow_paths, ["/healthz", "/metrics"]);
        assert_eq!(parsed("longshore run --leader-elect --v 4").leader.leader_elect, Some(true));
        assert_eq!(parsed("longshore run").leader.leader_elect, None);
    }

    #[test]
    fn flags_reach_the_scheduler() {
        let options = parsed(
            "longshore run --config=c.yaml --kube-api-qps=7 --kubernetes-version=1.36 --feature-gates=VolumeLimitScaling=true \
             --context=here --leader-elect=false --leader-elect-resource-name=y --leader-elect-resource-namespace=z \
             --leader-elect-retry-period=3s --secure-port=8443 --authentication-kubeconfig=who --authorization-kubeconfig=may \
             --authorization-webhook-cache-unauthorized-ttl=4s",
        )
        .options();
        assert_eq!(options.config, Some("c.yaml".into()));
        assert_eq!((options.kube_api_qps, options.kubernetes_version), (Some(7.0), Some(Minor::V1_36)));
        assert_eq!(options.feature_gates.len(), 1);
        assert_eq!(options.cluster.context.as_deref(), Some("here"));
        let leader = options.leader;
        assert_eq!(leader.leader_elect, Some(false));
        assert_eq!(leader.leader_elect_resource_name.as_deref(), Some("y"));
        assert_eq!(leader.leader_elect_resource_namespace.as_deref(), Some("z"));
        assert_eq!(leader.leader_elect_retry_period, Some(Duration::from_secs(3)));
        assert_eq!(options.serving.secure_port, 8443);
        assert_eq!(options.review.authentication_kubeconfig, Some("who".into()));
        assert_eq!(options.review.authorization_kubeconfig, Some("may".into()));
        assert_eq!(options.review.ttl.denied, Duration::from_secs(4));
    }

    /// What kubeadm 1.36 and 1.37 write into kube-scheduler's manifest, but for the command's name.
    const KUBEADM: &str = "--bind-address=127.0.0.1 --leader-elect=true --kubeconfig=/etc/kubernetes/scheduler.conf \
         --authentication-kubeconfig=/etc/kubernetes/scheduler.conf --authorization-kubeconfig=/etc/kubernetes/scheduler.conf";

    #[test]
    fn command_lines_of_kube_scheduler_start() {
        let args = parsed(&format!("longshore run {KUBEADM}"));
        let file = Some(PathBuf::from("/etc/kubernetes/scheduler.conf"));
        assert_eq!(args.serving.authentication.authentication_kubeconfig, file);
        assert_eq!(args.serving.authorization.authorization_kubeconfig, file);
        assert_eq!(args.remarks(), Vec::<String>::new());
        let more = "--profiling=false --contention-profiling --feature-gates=AllAlpha=false,GenericWorkload=true --feature-gates=WatchList=true \
             --tls-min-version=VersionTLS12 --tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 --secure-port=1 --secure-port=2 \
             --http2-max-streams-per-connection=42 --kube-api-content-type application/json --vmodule=a=1,b=2 --leader-elect=1";
        let args = parsed(&format!("longshore run {KUBEADM} {more}"));
        assert_eq!((args.serving.secure_port, args.leader.leader_elect), (2, Some(true)));
        let remarks = args.remarks();
        assert_eq!(remarks.len(), 5, "{remarks:#?}");
        assert_eq!(args.gates.feature_gates.len(), 3);
        for flag in ["profiling", "contention-profiling", "vmodule"] {
            assert!(
                remarks.iter().any(|line| line.starts_with(&format!("--{flag}"))),
                "{flag}: {remarks:#?}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "longshore run --leader-elect-retry-period=soon",
            "longshore run --secure-port=70000",
            "longshore run x",
            "longshore run --profiling=maybe",
            "longshore run --feature-gates=NoSuchGate=true",
            "longshore run --no-such-flag",
            "longshore run --leader-elect-resource-lock=endpoints",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
