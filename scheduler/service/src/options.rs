//! What a scheduler is started with beside its configuration file. Where both say something, this goes first.

use std::path::PathBuf;
use std::time::Duration;

use longshore_cluster::connect::Target;
use longshore_cluster::review::Ttl;
use longshore_framework::features::{Minor, Setting};
use longshore_recording::Limits;

use crate::serve;

/// How a scheduler runs. The names of fields are those of kube-scheduler's flags.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The KubeSchedulerConfiguration, `-` for standard input; it is read again when it changes. Without one a single profile,
    /// `default-scheduler`, runs with every default.
    pub config: Option<PathBuf>,
    /// Requests per second to the API server; negative: no limit. `None`: as configured.
    pub kube_api_qps: Option<f64>,
    /// Requests beyond the rate. `None`: as configured.
    pub kube_api_burst: Option<u32>,
    /// A pod that no event woke for this long is tried anyway.
    pub pod_max_in_unschedulable_pods_duration: Duration,
    /// The minor whose rules are followed. `None`: that of the API server.
    pub kubernetes_version: Option<Minor>,
    /// Feature gates that are set otherwise than the minor has them.
    pub feature_gates: Vec<Setting>,
    /// Which cluster. A kubeconfig of the configuration file counts where this names none.
    pub cluster: Target,
    /// Leader election.
    pub leader: LeaderOptions,
    /// What is recorded.
    pub recording: RecordingOptions,
    /// The HTTPS server.
    pub serving: serve::Options,
    /// Who is asked about those who ask the server.
    pub review: ReviewOptions,
}

/// What is recorded of the scheduler's work.
#[derive(Clone, Debug, Default)]
pub struct RecordingOptions {
    /// Where the recording is kept. `None`: nothing is recorded.
    pub folder: Option<PathBuf>,
    /// How much of it is kept.
    pub limits: Limits,
}

/// Leader election; what is `None` is as configured.
#[derive(Clone, Debug, Default)]
pub struct LeaderOptions {
    /// Whether pods are scheduled only while the Lease is held.
    pub leader_elect: Option<bool>,
    /// How long others wait for news of the leader before they take over.
    pub leader_elect_lease_duration: Option<Duration>,
    /// How long the leader tries to renew before it gives up.
    pub leader_elect_renew_deadline: Option<Duration>,
    /// Time between tries.
    pub leader_elect_retry_period: Option<Duration>,
    /// Name of the Lease.
    pub leader_elect_resource_name: Option<String>,
    /// Namespace of the Lease.
    pub leader_elect_resource_namespace: Option<String>,
}

/// Who says whose a token is, and who may read a page.
#[derive(Clone, Debug, Default)]
pub struct ReviewOptions {
    /// Kubeconfig for asking whose a token is. `None`: the connection that scheduling uses.
    pub authentication_kubeconfig: Option<PathBuf>,
    /// Kubeconfig for asking who may read what. `None`: the connection that scheduling uses.
    pub authorization_kubeconfig: Option<PathBuf>,
    /// How long answers are remembered.
    pub ttl: Ttl,
}
