//! The table of values in the chart's README is made from the comments of `values.yaml`; and versions agree.

use std::fmt::Write;

use serde_json::Value;

use super::{expect, read};

const START: &str = "<!-- values -->\n";
const END: &str = "<!-- /values -->\n";

/// A value with a comment.
struct Documented {
    path: String,
    text: String,
}

/// The values with a `# --` comment, in the order of the file.
fn documented(file: &str) -> Vec<Documented> {
    let mut found = Vec::new();
    let mut sections: Vec<(usize, &str)> = Vec::new();
    let mut comment: Option<String> = None;
    for line in file.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(start) = text.strip_prefix("# -- ") {
            comment = Some(start.to_string());
        } else if let (Some(more), Some(so_far)) = (text.strip_prefix("# "), &mut comment) {
            let _ = write!(so_far, " {more}");
        } else if let Some((key, _)) = text.split_once(':').filter(|(key, _)| is_key(key)) {
            sections.retain(|(i, _)| *i < indent);
            sections.push((indent, key));
            let path = sections.iter().map(|(_, k)| *k).collect::<Vec<_>>().join(".");
            found.extend(comment.take().map(|text| Documented { path, text }));
        } else {
            comment = None;
        }
    }
    found
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric())
}

fn table(file: &str) -> String {
    let values: Value = serde_saphyr::from_str(file).expect("values.yaml is YAML");
    let mut table = "| Value | Default | |\n| --- | --- | --- |\n".to_string();
    for Documented { path, text } in documented(file) {
        let default = values.pointer(&format!("/{}", path.replace('.', "/")));
        let default = default.unwrap_or_else(|| panic!("{path} is not in values.yaml"));
        let _ = writeln!(table, "| `{path}` | `{default}` | {} |", text.replace('|', "\\|"));
    }
    table
}

#[test]
fn the_table_of_values_is_current() {
    let readme = read("charts/longshore/README.md");
    let (before, rest) = readme.split_once(START).expect("the table has a start");
    let (_, after) = rest.split_once(END).expect("the table has an end");
    let table = table(&read("charts/longshore/values.yaml"));
    expect("charts/longshore/README.md", &format!("{before}{START}{table}{END}{after}"));
}

/// Paths of what is neither an object nor documented.
fn undocumented(at: &str, value: &Value, documented: &[Documented], found: &mut Vec<String>) {
    if documented.iter().any(|d| d.path == at) {
        return;
    }
    match value.as_object().filter(|o| !o.is_empty()) {
        None => found.push(at.to_string()),
        Some(fields) => fields.iter().for_each(|(key, value)| {
            let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            undocumented(&path, value, documented, found);
        }),
    }
}

#[test]
fn every_value_is_documented() {
    let file = read("charts/longshore/values.yaml");
    let values: Value = serde_saphyr::from_str(&file).expect("values.yaml is YAML");
    let mut found = Vec::new();
    undocumented("", &values, &documented(&file), &mut found);
    assert!(found.is_empty(), "without a comment: {found:?}");
}

#[test]
fn the_chart_installs_this_version() {
    let chart: Value = serde_saphyr::from_str(&read("charts/longshore/Chart.yaml")).expect("it is YAML");
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    let images = chart["annotations"]["artifacthub.io/images"].as_str().expect("it is text");
    assert!(images.contains(concat!("longshore:", env!("CARGO_PKG_VERSION"), "\n")), "{images}");
}

#[test]
fn the_image_is_built_with_the_toolchain_of_the_repository() {
    let quoted = |text: &str, before: &str| {
        let rest = text.split_once(before).map(|(_, rest)| rest.to_string());
        rest.and_then(|r| r.split(['"', '\n']).next().map(str::to_string)).expect("it names a version")
    };
    let toolchain = quoted(&read("rust-toolchain.toml"), "channel = \"");
    let dockerfile = read("Dockerfile");
    assert_eq!(quoted(&dockerfile, "ARG RUST_VERSION="), toolchain);
    assert_eq!(quoted(&dockerfile, "ARG VERSION="), env!("CARGO_PKG_VERSION"));
}
