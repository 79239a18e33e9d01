//! `kubernetes_build_info` and `kubernetes_feature_enabled`, with kube-scheduler's names and labels. They tell of what decisions
//! are like: the release of kube-scheduler that they follow, and the gates of that release that its scheduling reads.

use longshore_framework::features::{Features, Gate};
use prometheus::{IntGaugeVec, Opts, Registry};

use super::add;

const BUILD_LABELS: [&str; 9] = [
    "major",
    "minor",
    "git_version",
    "git_commit",
    "git_tree_state",
    "build_date",
    "go_version",
    "compiler",
    "platform",
];

/// Both families.
#[derive(Debug)]
pub(super) struct KubernetesMetrics {
    build: IntGaugeVec,
    gates: IntGaugeVec,
}

impl KubernetesMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let help = "The release of Kubernetes whose scheduling this is; always 1. What was built and of which commit says longshore_build_info.";
        let build = IntGaugeVec::new(Opts::new("kubernetes_build_info", help), &BUILD_LABELS)?;
        let help = "Whether decisions are those of a kube-scheduler with the feature gate on, by its stage there; empty for GA.";
        let gates = IntGaugeVec::new(Opts::new("kubernetes_feature_enabled", help), &["name", "stage"])?;
        Ok(Self { build: add(registry, build)?, gates: add(registry, gates)? })
    }

    /// Tells of these rules, and of no others any more.
    pub(super) fn follow(&self, features: Features) {
        let minor = features.minor();
        let platform = format!("{}/{}", std::env::consts::OS, go_arch(std::env::consts::ARCH));
        let labels = ["1", &minor.number().to_string(), minor.release(), "", "", "", "", "rustc", &platform];
        self.build.reset();
        self.build.with_label_values(&labels).set(1);
        self.gates.reset();
        for gate in Gate::ALL {
            if let (Some(spec), Some(on)) = (gate.spec(minor), features.decide_as_with(*gate)) {
                self.gates.with_label_values(&[gate.name(), spec.stage.label()]).set(i64::from(on));
            }
        }
    }
}

/// As Go names processors, and with it Kubernetes.
fn go_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
