//! What a value set renders, word by word: `tests/chart/golden/<set>.yaml` for every `charts/longshore/ci/<set>-values.yaml`;
//! and `charts/install.yaml`, for people without helm.

use super::helm::{Helm, chart, path, values};
use super::{expect, value_sets};

#[test]
fn every_value_set_renders_what_its_golden_file_says() {
    let Some(helm) = Helm::find() else { return };
    for set in value_sets() {
        let rendered = helm.template_set("release", "longshore-system", &set);
        expect(&format!("tests/chart/golden/{set}.yaml"), &rendered);
    }
}

#[test]
fn every_value_set_passes_helm_lint() {
    let Some(helm) = Helm::find() else { return };
    for set in value_sets() {
        let (chart, values) = (chart(), values(&set));
        let linted = helm.run(&["lint", "--strict", "--quiet", path(&chart), "--values", path(&values)]);
        assert!(linted.is_ok(), "{set}: {linted:?}");
    }
}

const INSTALL_HEADER: &str = "\
# Longshore as a second scheduler, for people without Helm: the chart charts/longshore with its default values.
#
#   kubectl apply -f install.yaml
#
# Written by `make install-yaml`; change the chart, not this file.
apiVersion: v1
kind: Namespace
metadata:
  name: longshore-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
";

#[test]
fn install_yaml_is_current() {
    let Some(helm) = Helm::find() else { return };
    let rendered = helm.template("longshore", "longshore-system", &["--set", "tests.enabled=false"]).unwrap();
    // Nothing here is helm's.
    let of_helm = |line: &&str| !line.contains("helm.sh/chart:") && !line.contains("managed-by: Helm");
    let lines = rendered.lines().filter(of_helm).filter(|line| !line.starts_with("# Source:"));
    let body: String = lines.flat_map(|line| [line, "\n"]).collect();
    expect("charts/install.yaml", &format!("{INSTALL_HEADER}{body}"));
}
