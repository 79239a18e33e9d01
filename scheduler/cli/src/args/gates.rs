//! `--feature-gates` and `--kubernetes-version`: whose rules decisions follow.

use clap::Args;
use longshore_framework::features::{self, Minor, Resolved, Setting};
use longshore_loader::rules;

use super::values::go_bool;

/// The component whose gates these are, which need not be named.
const COMPONENT: &str = "kube";

/// Feature gates.
#[derive(Args, Clone, Debug, Default)]
pub struct GateArgs {
    /// Feature gates of Kubernetes, NAME=BOOL, also AllAlpha and AllBeta; what cannot be done here is refused by name
    #[arg(long, value_name = "GATES", value_delimiter = ',', value_parser = setting)]
    pub feature_gates: Vec<Setting>,
}

impl GateArgs {
    /// The rules of `minor` with the gates as they are set.
    ///
    /// # Errors
    /// Every setting that is refused.
    pub(crate) fn resolve(&self, minor: Minor) -> anyhow::Result<Resolved> {
        rules::resolve(minor, &self.feature_gates)
    }
}

/// Whose rules decisions follow where no scheduler runs.
#[derive(Args, Clone, Debug, Default)]
pub struct RuleArgs {
    /// Decide as this minor of Kubernetes does: 1.36, 1.37 or 1.38 (experimental) [default: that of the cluster with
    /// --from-cluster, else 1.37]
    #[arg(long, value_name = "MINOR", value_parser = Minor::parse)]
    pub kubernetes_version: Option<Minor>,
    /// Feature gates.
    #[command(flatten)]
    pub gates: GateArgs,
}

/// `NAME=true`, or `kube:NAME=true`, of a gate that some minor has.
///
/// # Errors
/// What kube-scheduler says of it.
fn setting(text: &str) -> Result<Setting, String> {
    let (component, pair) = text.split_once(':').unwrap_or((COMPONENT, text));
    if component.trim() != COMPONENT {
        return Err(format!("component not registered: {}", component.trim()));
    }
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.trim();
    if !pair.contains('=') {
        return Err(format!("missing bool value for {name}"));
    }
    let value = go_bool(value.trim())
        .map_err(|error| format!("invalid value of {name}={}, err: {error}", value.trim()))?;
    if !features::is_known_anywhere(name) {
        return Err(format!("unrecognized feature gate: {name}"));
    }
    Ok(Setting::new(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(minor: Minor, texts: &[&str], want: &str) {
        let settings: Result<Vec<Setting>, String> = texts.iter().map(|text| setting(text)).collect();
        let said = match settings {
            Err(error) => error,
            Ok(feature_gates) => match (GateArgs { feature_gates }).resolve(minor) {
                Ok(resolved) => format!("{:?}", resolved.features.changed().collect::<Vec<_>>()),
                Err(error) => error.to_string(),
            },
        };
        assert!(said.contains(want), "{said}");
    }

    #[test]
    fn gates_are_read_as_kubernetes_reads_them() {
        check(Minor::V1_37, &["SchedulerPopFromBackoffQ=true"], "[]");
        check(Minor::V1_36, &["kube:VolumeLimitScaling=1"], "[(VolumeLimitScaling, true)]");
        check(Minor::V1_37, &["StorageCapacityScoring=F"], "[(StorageCapacityScoring, false)]");
        check(Minor::V1_37, &["NoSuchGate=true"], "unrecognized feature gate: NoSuchGate");
        check(Minor::V1_37, &["GenericWorkload"], "missing bool value for GenericWorkload");
        let yes =
            "invalid value of GenericWorkload=yes, err: strconv.ParseBool: parsing \"yes\": invalid syntax";
        check(Minor::V1_37, &["GenericWorkload=yes"], yes);
        check(Minor::V1_37, &["wardle:X=true"], "component not registered: wardle");
    }

    #[test]
    fn what_is_refused_is_said_at_once_and_for_which_minor() {
        check(
            Minor::V1_37,
            &["PodGroupPreemptionPolicy=true", "GenericWorkload=true", "SidecarContainers=true"],
            "--feature-gates, for Kubernetes 1.37: cannot set feature gate PodGroupPreemptionPolicy to true: each group is decided by itself",
        );
        check(
            Minor::V1_37,
            &["PodGroupPreemptionPolicy=true", "GenericWorkload=true", "SidecarContainers=true"],
            "; unrecognized feature gate: SidecarContainers",
        );
    }
}
