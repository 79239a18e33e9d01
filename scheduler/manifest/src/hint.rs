//! What a text is meant for that is no Kubernetes object: templates, and files that lie beside manifests.

use serde_json::Value;

/// A line of a template that is not rendered, from 1, and what to do.
pub(crate) fn template(text: &[u8]) -> Option<(usize, &'static str)> {
    let text = String::from_utf8_lossy(text);
    let lines = || text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let braces = lines().find(|(_, line)| line.contains("{{") && !line.trim_start().starts_with('#'));
    if let Some((line, _)) = braces {
        return Some((
            line,
            "looks like a Helm template: render it first (helm template CHART | longshore simulate -f -)",
        ));
    }
    let percent = lines().find(|(_, line)| ["{%", "<%", "{#"].iter().any(|mark| line.contains(mark)));
    percent.map(|(line, _)| (line, "looks like a template that is not rendered: render it first"))
}

/// Whether a name or value is a template's.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// What a document of the file `source` without kind or apiVersion is, and what to do.
pub(crate) fn stray(source: &str, value: &Value) -> Option<&'static str> {
    let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
    let has = |field: &str| value.get(field).is_some();
    let chart = has("name") && has("version") && (has("appVersion") || value["apiVersion"] == "v2");
    if file == "Chart.yaml" || chart {
        return Some(
            "is the description of a Helm chart: render the chart (helm template CHART | longshore simulate -f -)",
        );
    }
    if file.starts_with("values") && !has("kind") {
        return Some(
            "looks like the values of a Helm chart: render the chart (helm template CHART | longshore simulate -f -)",
        );
    }
    (has("services") && !has("kind"))
        .then_some("looks like a Compose file; make Kubernetes objects of it first")
}

/// What to do about a field that a template is to fill in.
pub(crate) const RENDER: &str =
    "; it looks like a template: render it first (helm template CHART | longshore simulate -f -)";

/// Whether an object of the file `source` tells kustomize what to build; it may leave its kind out.
pub(crate) fn is_kustomization(source: &str, kind: &str, value: &Value) -> bool {
    let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
    kind == "Kustomization" || (kind.is_empty() && file.starts_with("kustomization.") && value.is_object())
}

/// What to do with a Kustomization.
pub(crate) const KUSTOMIZATION: &str =
    "is a Kustomization: build it first (kubectl kustomize DIR | longshore simulate -f -)";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_seen() {
        assert_eq!(template(b"a: 1\n# {{ no }}\nb: {{- x }}\n").map(|(line, _)| line), Some(3));
        assert_eq!(template(b"{% if x %}\na: 1").map(|(line, _)| line), Some(1));
        assert_eq!(template(b"a: {b: 1}"), None);
    }

    #[test]
    fn files_beside_manifests_are_known() {
        #[track_caller]
        fn check(source: &str, value: Value, part: Option<&str>) {
            let found = stray(source, &value);
            assert_eq!(found.is_some(), part.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(part.unwrap_or_default()), "{found:?}");
        }
        check("chart/values.yaml", json!({"image": {}}), Some("values of a Helm chart"));
        check("chart/Chart.yaml", json!({"apiVersion": "v2", "name": "x"}), Some("helm template"));
        check("docker-compose.yml", json!({"services": {}}), Some("Compose"));
        check("a.yaml", json!({"spec": 1}), None);
        assert!(is_kustomization("x/kustomization.yaml", "", &json!({})));
        assert!(is_kustomization("-", "Kustomization", &json!({})));
        assert!(!is_kustomization("-", "", &json!({})));
    }
}
