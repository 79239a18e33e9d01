//! Texts as people have them: odd line ends, tabs, encodings, templates, and files that are no manifests.

use super::*;

#[track_caller]
fn names(text: impl AsRef<[u8]>) -> Vec<String> {
    let read = read(&[Source { name: "-".into(), text: text.as_ref().to_vec() }]);
    assert_eq!(read.problems, []);
    read.pods.iter().map(|p| p.meta.name.to_string()).collect()
}

#[test]
fn encodings_and_line_ends() {
    let text = pod("a", "") + &pod("b", "");
    assert_eq!(names(text.replace('\n', "\r\n")), ["a", "b"]);
    assert_eq!(names(format!("\u{feff}{text}")), ["a", "b"]);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(names(utf16), ["a", "b"]);
}

#[test]
fn markers_comments_directives_and_empty_documents() {
    let text = format!(
        "# head\n%YAML 1.1\n---  # one\n{}\n---\n\n---\n# nothing\n--- \n{}...\n",
        &pod("a", "")[4..],
        &pod("b", "")[4..]
    );
    assert_eq!(names(text), ["a", "b"]);
}

#[test]
fn lists_of_lists_and_json_lines() {
    let one = |name: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{"containers":[{{}}]}}}}"#
        )
    };
    let list = |items: &str| format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#);
    assert_eq!(names(one("a") + "\n" + &one("b") + "\n"), ["a", "b"]);
    assert_eq!(names(list(&format!("{},{}", list(&one("a")), one("b")))), ["a", "b"]);
    let typed = r#"{"apiVersion":"apps/v1","kind":"DeploymentList","items":[{"metadata":{"name":"w"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{}]}}}}]}"#;
    assert_eq!(names(typed).len(), 1);
}

#[test]
fn a_tab_in_a_long_list_has_its_line_and_item() {
    let item = |n: usize| {
        format!(
            "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p{n}\n  spec:\n    containers:\n    - name: c\n"
        )
    };
    let mut text = "apiVersion: v1\nkind: List\nitems:\n".to_string();
    (0..300).for_each(|n| text.push_str(&item(n)));
    let broken = text.replacen(
        "name: p250\n  spec:\n    containers:\n    - name",
        "name: p250\n  spec:\n    containers:\n\t- name",
        1,
    );
    let read = read_str(&broken);
    let problem = read.problems[0].to_string();
    assert!(
        problem.starts_with(
            "-: document 1, item 251, line 1760, column 1 (Pod p250): is not valid YAML: a tab "
        ),
        "{problem}"
    );
}

#[test]
fn a_wrong_type_in_a_list_has_its_line() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: {containers: [{}]}\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n  spec:\n    priority: high\n    containers: [{}]\n";
    let want = "-: document 1, item 2, line 13 (Pod default/b): spec.priority: invalid type: string \"high\", expected a whole number";
    check_problems(text, 1, &[want]);
    let value: Value = serde_json::from_str(
        &serde_json::to_string(&document::parse(split::split(text.as_bytes())[0]).remove(0).unwrap().value)
            .unwrap(),
    )
    .unwrap();
    let json = serde_json::to_string_pretty(&value).unwrap();
    let line = 1 + json.lines().position(|l| l.contains("\"high\"")).unwrap();
    check_problems(&json, 1, &[&want.replace("line 13", &format!("line {line}"))]);
}

#[test]
fn templates_and_files_that_are_no_manifests_are_told_what_to_do() {
    let told = |name: &str, text: &str| {
        let read = read(&[Source { name: name.to_string(), text: text.as_bytes().to_vec() }]);
        read.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let template =
        "{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\nmetadata: {name: helm}\n{{- end }}\n";
    assert!(told("t.yaml", template).starts_with(
        "t.yaml: document 1, line 1, column 1 (Pod helm): looks like a Helm template: render it first"
    ));
    let name = "kind: Pod\napiVersion: v1\nmetadata:\n  name: {{ .Release.Name }}\n";
    assert!(told("t.yaml", name).contains("line 4") && told("t.yaml", name).contains("Helm template"));
    let quoted =
        "kind: Pod\napiVersion: v1\nmetadata:\n  name: \"{{ .Release.Name }}\"\nspec: {containers: [{}]}\n";
    assert!(
        told("t.yaml", quoted).contains("line 4")
            && told("t.yaml", quoted)
                .contains("metadata.name: is \"{{ .Release.Name }}\"; it looks like a template")
    );
    assert!(told("values.yaml", "image: {tag: x}\n").contains("values of a Helm chart"));
    let number = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {priority: \"{{ .Values.p }}\"}\n";
    assert!(told("t.yaml", number).contains("spec.priority: invalid type: string \"{{ .Values.p }}\""));
    assert!(told("t.yaml", number).contains("render it first"));
    let kustomization = read_str("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n");
    assert!(kustomization.warnings[0].contains("kubectl kustomize"), "{:?}", kustomization.warnings);
}

#[test]
fn keys_that_stand_twice_are_named_and_the_last_counts() {
    let read = read_str(&pod("a", "  priority: 1\n  priority: 2\n"));
    assert_eq!((read.problems.as_slice(), read.pods[0].spec.priority), (&[][..], 2));
    assert_eq!(
        read.warnings,
        ["-: document 1, line 8: \"priority\" is written twice in one mapping; the last one counts"]
    );
}

#[test]
fn numbers_are_read_as_kubectl_reads_them() {
    let pod = one(&pod("a", "  priority: 1e+06\n  hostNetwork: yes\n  overhead: {cpu: , memory: ' 1Gi '}\n")
        .replace("{app: web}", "{sha: 5e999, hash: 753721e5}")
        .replace("{name: c}", "{name: c, ports: [{containerPort: 8e3, hostPort: 0x1F40}]}"));
    assert_eq!((pod.spec.priority, pod.spec.containers[0].host_ports[0].port), (1_000_000, 8000));
    assert_eq!(pod.meta.labels.get("hash").map(|v| &**v), Some("753721e5"));
    check_problems(
        &super::pod("a", "  nodeSelector: {on: yes}\n"),
        0,
        &[
            "-: document 1, line 7 (Pod default/a): spec.nodeSelector.true: invalid type: boolean `true`, expected a string; put it in quotes",
        ],
    );
}
