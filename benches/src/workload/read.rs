//! Reading workload files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{CreatePods, Operation, Size, Workload};

/// Where the workload files are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads")
}

/// Every workload file of a folder with its name without `.yaml`, in the order of the names.
///
/// # Errors
/// The first file that cannot be read; it names the file and the field.
pub fn read_all(folder: &Path) -> anyhow::Result<Vec<(String, Workload)>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    let one = |path: &PathBuf| {
        let workload = read(&fs::read_to_string(path)?).with_context(|| path.display().to_string())?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, workload))
    };
    paths.iter().map(one).collect()
}

/// Reads the text of a workload file.
///
/// # Errors
/// Names the field.
pub fn read(text: &str) -> anyhow::Result<Workload> {
    let mut value = parse(text)?;
    complete(&mut value)?;
    let workload: Workload = typed(value)?;
    ensure!(!workload.sizes.is_empty(), "sizes: there is none");
    for size in &workload.sizes {
        workload.check(size).with_context(|| format!("size {}", size.name))?;
    }
    Ok(workload)
}

fn parse(text: &str) -> anyhow::Result<Value> {
    serde_saphyr::from_str(text).map_err(|e| anyhow::anyhow!("{e}"))
}

/// Takes what is lacking from the file that `like` names.
fn complete(value: &mut Value) -> anyhow::Result<()> {
    let Some(like) = value["like"].as_str() else { return Ok(()) };
    let path = folder().join(format!("{like}.yaml"));
    let other = fs::read_to_string(&path).with_context(|| format!("like: {}", path.display()))?;
    let other = parse(&other)?;
    for field in ["templates", "operations", "parameters"] {
        if value[field].is_null() && !other[field].is_null() {
            value[field] = other[field].clone();
        }
    }
    Ok(())
}

fn typed<T: DeserializeOwned>(value: Value) -> anyhow::Result<T> {
    serde_path_to_error::deserialize(value).map_err(|e| anyhow::anyhow!("{}: {}", e.path(), e.inner()))
}

impl Workload {
    /// The operations of a size, with numbers for the parameters.
    ///
    /// # Errors
    /// Names the field that is not as it should be.
    pub fn operations(&self, size: &Size) -> anyhow::Result<Vec<Operation>> {
        let mut parameters = self.parameters.clone();
        parameters.extend(size.parameters.clone());
        let mut operations = Value::from(self.operations.clone());
        fill_in(&mut operations, &parameters);
        typed(operations).context("operations")
    }

    /// How many pods of a size are measured.
    ///
    /// # Errors
    /// Names the field that is not as it should be.
    pub fn measured_pods(&self, size: &Size) -> anyhow::Result<usize> {
        Ok(self.operations(size)?.iter().filter_map(measured).map(CreatePods::total).sum())
    }

    fn check(&self, size: &Size) -> anyhow::Result<()> {
        let operations = self.operations(size)?;
        for template in operations.iter().flat_map(templates) {
            ensure!(self.templates.contains_key(template), "there is no template {template}");
        }
        ensure!(operations.iter().any(|operation| measured(operation).is_some()), "no operation is measured");
        let beside = operations.iter().filter_map(measured).any(|pods| pods.beside);
        ensure!(!beside, "pods that calm runs leave out cannot be measured");
        Ok(())
    }
}

fn measured(operation: &Operation) -> Option<&CreatePods> {
    match operation {
        Operation::CreatePods(pods) if pods.measured => Some(pods),
        _ => None,
    }
}

fn templates(operation: &Operation) -> Vec<&String> {
    match operation {
        Operation::CreateNodes(nodes) => [&nodes.template].into_iter().chain(&nodes.with).collect(),
        Operation::CreatePods(pods) => {
            pods.parts.iter().flat_map(|part| [&part.template].into_iter().chain(&part.with)).collect()
        }
        Operation::CreateObjects(objects) => objects.templates.iter().collect(),
        Operation::Churn(churn) => churn.templates.iter().collect(),
        Operation::Update(update) => vec![&update.template],
        Operation::Repeat(repeat) => repeat.operations.iter().flat_map(templates).collect(),
        Operation::CreateNamespaces(_)
        | Operation::Measure(_)
        | Operation::DeletePods(_)
        | Operation::DeleteNodes(_)
        | Operation::Barrier(_) => Vec::new(),
    }
}

/// Puts numbers in place of texts that are `$parameter`.
fn fill_in(value: &mut Value, parameters: &BTreeMap<String, u64>) {
    match value {
        Value::String(text) => {
            if let Some(number) = text.strip_prefix('$').and_then(|name| parameters.get(name)) {
                *value = Value::from(*number);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, parameters)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill_in(field, parameters)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
name: W
bench: B1
about: a
templates: {node: {}, pod: {}}
operations:
- createNodes: {count: $nodes, template: node}
- churn: {templates: [pod], mode: create, every: 200ms}
- createPods: {count: 3, template: pod, measured: true}
sizes: [{name: s, parameters: {nodes: 2}}]
";

    #[track_caller]
    fn check(from: &str, to: &str, problem: Option<&str>) {
        assert!(GOOD.contains(from), "{from} stands in the text");
        match (read(&GOOD.replace(from, to)), problem) {
            (Ok(_), None) => {}
            (Err(error), Some(want)) => assert!(format!("{error:#}").contains(want), "{error:#}"),
            (got, want) => panic!("{got:?}, not {want:?}"),
        }
    }

    #[test]
    fn a_good_file_reads() {
        check("about: a", "about: b", None);
        let workload = read(GOOD).unwrap();
        let operations = workload.operations(&workload.sizes[0]).unwrap();
        assert!(matches!(&operations[0], Operation::CreateNodes(nodes) if nodes.count == 2));
    }

    #[test]
    fn a_wrong_field_is_named() {
        check("about: a", "abuot: a", Some("abuot"));
        check("mode: create", "mode: sometimes", Some("[1].churn.mode"));
        check("every: 200ms", "every: often", Some("is not a time"));
        check("measured: true", "measured: true, prio: 1", Some("prio"));
        check("count: $nodes", "count: $node", Some("[0].createNodes.count"));
        check("template: pod, measured", "measured", Some("one of template and mix"));
        check("template: pod, measured", "mix: [{template: pod, parts: 3}], measured", Some("parts"));
        check("measured: true", "measured: true, groups: {order: random}", Some("one of count and size"));
        check("measured: true", "measured: true, run: [5m, often]", Some("is not a time"));
    }

    #[test]
    fn a_file_may_be_like_another() {
        let text = "{name: W, bench: B0, about: a, like: b1-basic, sizes: [{name: s, parameters: {nodes: 3, initPods: 0, measuredPods: 4}}]}";
        let workload = read(text).unwrap();
        assert_eq!(workload.measured_pods(&workload.sizes[0]).unwrap(), 4);
        assert!(read(&text.replace("b1-basic", "b1-complex")).is_err());
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        check("template: node", "template: nod", Some("no template nod"));
        check(", measured: true", "", Some("no operation is measured"));
    }
}
