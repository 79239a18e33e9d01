//! A golden case: a cluster, a pod, and what is to be said of it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use longshore_framework::fields::{Fields, Problems};
use longshore_manifest::Source;
use longshore_wasm::{Capabilities, Capability, Settings};
use serde_json::{Value, json};

use super::expect::Expected;
use crate::args::measured::MetricsArgs;
use crate::rehearsal::{Scene, given};

/// A case, its cluster read.
pub(super) struct Case {
    /// The file it is in.
    pub(super) file: String,
    /// What it is called.
    pub(super) name: String,
    /// The cluster.
    pub(super) scene: Scene,
    /// What is measured on nodes.
    pub(super) measured: MetricsArgs,
    /// Pods that are decided before, each put on its node.
    pub(super) before: Vec<String>,
    /// The pod.
    pub(super) pod: String,
    /// The time, in milliseconds since the Unix epoch.
    pub(super) clock: u64,
    /// What is expected.
    pub(super) expect: Expected,
    config: Value,
    grant: Capabilities,
    limits: Value,
}

impl Case {
    /// Reads one document of a file; `None` when there is nothing in it.
    ///
    /// # Errors
    /// What is wrong with it, all at once.
    pub(super) fn read(text: &str, file: &Path, document: usize) -> anyhow::Result<Option<Self>> {
        let shown = format!("{}, document {document}", file.display());
        let value: Value = serde_saphyr::from_str(text).map_err(|e| anyhow!("{shown}: {e}"))?;
        if value.is_null() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let case = Self::of(&value, file, document, &mut Problems::new(&mut found));
        if !found.is_empty() {
            let words: Vec<String> = found.iter().map(|problem| format!("{shown}: {problem}")).collect();
            bail!("{}", words.join("\n"));
        }
        case.map(Some)
    }

    fn of(value: &Value, file: &Path, document: usize, problems: &mut Problems<'_>) -> anyhow::Result<Self> {
        let mut fields = Fields::of(value, problems);
        let name = fields.string("name", problems).map(str::to_string);
        let pod = fields.string("pod", problems).unwrap_or_default().to_string();
        if pod.is_empty() {
            problems.field("pod").report("is required: which pod is asked about");
        }
        let strings = |list: Vec<&str>| list.into_iter().map(str::to_string).collect::<Vec<String>>();
        let cluster = strings(fields.strings("cluster", problems));
        let objects = fields.list("objects", problems).to_vec();
        let metrics = fields.string("metrics", problems).map(str::to_string);
        let age = fields.int("metricsAgeSeconds", 0..=i64::from(u32::MAX), problems);
        let before = strings(fields.strings("before", problems));
        let config = fields.value("config").cloned().unwrap_or_default();
        let grant = grants(&fields.strings("grant", problems), problems);
        let clock = fields.int("clock", 0..=i64::MAX, problems).unwrap_or(0);
        let limits = fields.value("limits").cloned().unwrap_or_else(|| json!({}));
        let expect = fields.value("expect").cloned().unwrap_or(Value::Null);
        let expect = Expected::read(&expect, &mut problems.field("expect"));
        fields.finish(problems);
        let scene = match problems.count() {
            0 => scene(&cluster, objects, file)?,
            _ => scene(&[], Vec::new(), file)?,
        };
        Ok(Self {
            name: name.unwrap_or_else(|| format!("case {document}")),
            file: file.display().to_string(),
            clock: u64::try_from(clock).unwrap_or(0),
            measured: MetricsArgs {
                metrics: metrics.map(|path| file.parent().unwrap_or(Path::new(".")).join(path)),
                metrics_age: age.and_then(|age| u64::try_from(age).ok()).map(Duration::from_secs),
            },
            scene,
            before,
            pod,
            expect,
            config,
            grant,
            limits,
        })
    }

    /// What the plugin is given.
    ///
    /// # Errors
    /// Limits that make no sense.
    pub(super) fn settings(&self, module: &[u8]) -> anyhow::Result<Settings> {
        let settings = given::of(module, self.config.clone(), self.grant.clone(), &self.limits);
        settings.with_context(|| format!("{}: {}", self.file, self.name))
    }
}

fn grants(words: &[&str], problems: &mut Problems<'_>) -> Capabilities {
    let mut granted = Capabilities::new();
    for (at, word) in words.iter().enumerate() {
        match Capability::ALL.into_iter().find(|(known, _)| known == word) {
            Some((_, capability)) => {
                granted.insert(capability);
            }
            None => {
                let known: Vec<&str> = Capability::ALL.iter().map(|(known, _)| *known).collect();
                problems.field("grant").index(at).report(format!("must be one of {}", known.join(", ")));
            }
        }
    }
    granted
}

/// Files, relative to the case's own folder, and objects that are written into the case.
fn scene(cluster: &[String], objects: Vec<Value>, file: &Path) -> anyhow::Result<Scene> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let paths: Vec<String> = cluster.iter().map(|path| folder.join(path).display().to_string()).collect();
    let mut sources = longshore_manifest::collect(&paths).with_context(|| file.display().to_string())?;
    if !objects.is_empty() {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let name = format!("{}: objects", file.display());
        sources.push(Source { name, text: list.to_string().into_bytes() });
    }
    let read = longshore_manifest::read(&sources);
    if !read.problems.is_empty() {
        let words: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        bail!("{}", words.join("\n"));
    }
    Ok(Scene::of(&sources, &read))
}
