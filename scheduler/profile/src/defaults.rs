//! The value of every field that a file leaves out.

use std::time::Duration;

use crate::model::{ClientConnection, Configuration, LeaderElection, ProfileSpec};

/// The scheduler name of pods that name none, and of a single profile that names none.
pub(crate) const SCHEDULER_NAME: &str = "default-scheduler";

impl Default for Configuration {
    fn default() -> Self {
        Self {
            source_name: "the built-in default profile".to_string(),
            parallelism: 16,
            leader_election: LeaderElection::default(),
            client_connection: ClientConnection::default(),
            enable_profiling: true,
            enable_contention_profiling: true,
            percentage_of_nodes_to_score: None,
            pod_initial_backoff_seconds: 1,
            pod_max_backoff_seconds: 10,
            delay_cache_until_active: false,
            profiles: vec![ProfileSpec {
                scheduler_name: SCHEDULER_NAME.to_string(),
                ..ProfileSpec::default()
            }],
            extenders: Vec::new(),
            catalogue: None,
            verification: None,
        }
    }
}

impl Default for LeaderElection {
    fn default() -> Self {
        Self {
            leader_elect: true,
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            resource_lock: "leases".to_string(),
            resource_name: "kube-scheduler".to_string(),
            resource_namespace: "kube-system".to_string(),
        }
    }
}

impl Default for ClientConnection {
    fn default() -> Self {
        Self {
            kubeconfig: String::new(),
            accept_content_types: String::new(),
            content_type: "application/vnd.kubernetes.protobuf".to_string(),
            qps: 50.0,
            burst: 100,
        }
    }
}
