//! `pluginConfig[].args` of a plugin compiled to WebAssembly.

mod units;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use longshore_framework::fields::{Fields, Problems, nearest};
use longshore_framework::node_metrics::MetricsSource;
use longshore_framework::verification::{self, Verification};
use serde_json::{Value, json};

/// Memory of one instance where nothing is said: 64 MiB.
pub const DEFAULT_MEMORY: usize = 64 << 20;
/// Time of one call where nothing is said.
pub const DEFAULT_TIME: Duration = Duration::from_millis(50);
/// Memory of one instance of a module that was built for kube-scheduler-wasm-extension, which knows no limit: 512 MiB.
const EXTENSION_MEMORY: usize = 512 << 20;
/// Time of one call of such a module: in one call it may decode a list of all nodes.
const EXTENSION_TIME: Duration = Duration::from_secs(2);
/// The most memory that may be asked for: what WebAssembly can address.
const MOST_MEMORY: usize = 4 << 30;
/// The longest a call may take at all: the scheduler does nothing else meanwhile.
const LONGEST_TIME: Duration = Duration::from_secs(10);

/// How often a source of metrics may be asked.
const INTERVALS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);

/// What becomes of a pod when the plugin fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailurePolicy {
    /// The attempt fails and the pod is tried again later.
    #[default]
    Fail,
    /// As if the plugin were not there: every node fits, all scores are 0.
    Ignore,
}

/// What an operator grants a plugin beside log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Kubernetes events about pods.
    Events,
    /// Other pods.
    Pods,
    /// Whole objects.
    Raw,
    /// PostFilter may evict.
    Evict,
    /// The time.
    Clock,
    /// Random numbers from a fixed seed.
    Random,
    /// Objects of the kinds that the plugin declares.
    Objects,
    /// What is measured on nodes, from the source that the args name.
    Metrics,
    /// What the scheduler knows and does: pods that are promised a node, dry runs of evictions, pods tried again.
    Engine,
}

impl Capability {
    /// All of them, with the words that profiles use.
    pub const ALL: [(&'static str, Self); 9] = [
        ("events", Self::Events),
        ("pods", Self::Pods),
        ("raw", Self::Raw),
        ("evict", Self::Evict),
        ("clock", Self::Clock),
        ("random", Self::Random),
        ("objects", Self::Objects),
        ("metrics", Self::Metrics),
        ("engine", Self::Engine),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, c)| *c == self).map_or("", |(word, _)| word)
    }
}

/// What is granted.
pub type Capabilities = BTreeSet<Capability>;

/// How the args are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `source`, `config` and the rest.
    Longshore,
    /// `guestURL`, `guestConfig`, `logSeverity` and `Args`, as kube-scheduler-wasm-extension has them.
    Extension {
        /// The config, handed to the guest as it is.
        guest_config: String,
        /// 0 info, 1 warning, 2 error, 3 fatal: the least that is logged.
        log_severity: i32,
        /// WASI arguments.
        args: Vec<String>,
    },
}

/// Args, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where the module is, as written.
    pub source: String,
    /// Its SHA-256 in lower case hex, when the profile names it.
    pub sha256: Option<String>,
    /// Whose signature the module needs; `None` where the args do not say so.
    pub verification: Option<Verification>,
    /// What becomes of pods when the plugin fails.
    pub failure_policy: FailurePolicy,
    /// Bytes of memory that one instance may have.
    pub memory: usize,
    /// How long one call may take.
    pub time: Duration,
    /// What is granted.
    pub capabilities: Capabilities,
    /// Where values come from that are measured on nodes; `None` where the args do not say so.
    pub metrics: Option<MetricsSource>,
    /// Handed to the plugin.
    pub config: Value,
    /// Which syntax.
    pub syntax: Syntax,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: String::new(),
            sha256: None,
            verification: None,
            failure_policy: FailurePolicy::default(),
            memory: DEFAULT_MEMORY,
            time: DEFAULT_TIME,
            capabilities: Capabilities::new(),
            metrics: None,
            config: Value::Null,
            syntax: Syntax::Longshore,
        }
    }
}

impl Settings {
    /// Whether these are the args of a plugin compiled to WebAssembly, in either syntax.
    pub fn concern(args: &Value) -> bool {
        args.get("source").is_some() || args.get("guestURL").is_some()
    }

    /// Whether they were meant to be: the field that says where the module is is misspelt.
    pub fn meant(args: &Value) -> bool {
        Self::concern(args) || misspelt(args).is_some()
    }

    /// Reads args; what is wrong goes into `problems`, and defaults stand in its place.
    pub fn read(args: &Value, problems: &mut Problems<'_>) -> Self {
        let mut fields = Fields::of(args, problems);
        // A field that is misspelt is told as such, and not as one that is missing.
        let misspelt = if Self::concern(args) { None } else { misspelt(args) };
        let required = misspelt.is_none();
        let settings = if args.get("guestURL").is_some() || misspelt == Some("guestURL") {
            Self::extension(&mut fields, required, problems)
        } else {
            Self::own(&mut fields, required, problems)
        };
        let settings = settings.common(&mut fields, problems);
        fields.finish(problems);
        settings
    }

    fn own(fields: &mut Fields<'_>, required: bool, problems: &mut Problems<'_>) -> Self {
        let source = fields.string("source", problems).unwrap_or_default().to_string();
        if source.is_empty() && required {
            problems.field("source").report("is required: where the module is, such as file://plugin.wasm");
        }
        let capabilities = capabilities(fields, problems);
        let metrics = fields.value("metrics").map(|value| metrics(value, &mut problems.field("metrics")));
        let config = fields.value("config").cloned().unwrap_or_default();
        Self { source, capabilities, metrics, config, ..Self::default() }
    }

    fn extension(fields: &mut Fields<'_>, required: bool, problems: &mut Problems<'_>) -> Self {
        let source = fields.string("guestURL", problems).unwrap_or_default().to_string();
        if source.is_empty() && required {
            problems.field("guestURL").report("is required: where the module is, such as file://plugin.wasm");
        }
        let guest_config = fields.string("guestConfig", problems).unwrap_or_default().to_string();
        let severity = fields.int("logSeverity", 0..=3, problems).unwrap_or(0);
        let args = fields.strings("Args", problems).into_iter().map(str::to_string).collect();
        let log_severity = i32::try_from(severity).unwrap_or(0);
        let syntax = Syntax::Extension { guest_config, log_severity, args };
        Self { source, syntax, memory: EXTENSION_MEMORY, time: EXTENSION_TIME, ..Self::default() }
    }

    fn common(mut self, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Self {
        self.sha256 = fields.string("sha256", problems).and_then(|text| digest(text, problems));
        self.verification = Verification::read(fields, problems);
        let policies = [("Fail", FailurePolicy::Fail), ("Ignore", FailurePolicy::Ignore)];
        self.failure_policy = fields.word("failurePolicy", &policies, problems).unwrap_or_default();
        let null = Value::Null;
        let limits = fields.value("limits").unwrap_or(&null);
        let problems = &mut problems.field("limits");
        let mut limits = Fields::of(limits, problems);
        if let Some(text) = limits.value("memory") {
            self.memory =
                units::bytes(text, MOST_MEMORY, &mut problems.field("memory")).unwrap_or(self.memory);
        }
        if let Some(text) = limits.string("time", problems) {
            self.time = units::time(text, LONGEST_TIME, &mut problems.field("time")).unwrap_or(self.time);
        }
        limits.finish(problems);
        self
    }

    /// The args with every default, in the syntax they were written in.
    pub fn effective(&self) -> Value {
        let mut out = match &self.syntax {
            Syntax::Longshore => {
                let granted: Vec<&str> = self.capabilities.iter().map(|c| c.as_str()).collect();
                json!({"source": self.source, "capabilities": granted, "config": self.config})
            }
            Syntax::Extension { guest_config, log_severity, args } => json!({
                "guestURL": self.source, "guestConfig": guest_config, "logSeverity": log_severity, "Args": args,
            }),
        };
        if let Some(metrics) = &self.metrics {
            out["metrics"] = metrics.effective();
            out["metrics"]["interval"] = units::time_text(metrics.interval).into();
        }
        let policy = if self.failure_policy == FailurePolicy::Fail { "Fail" } else { "Ignore" };
        out["failurePolicy"] = policy.into();
        out["limits"] =
            json!({"memory": units::bytes_text(self.memory), "time": units::time_text(self.time)});
        if let Some(verification) = &self.verification {
            out[verification::FIELD] = verification.show();
        }
        if let Some(digest) = &self.sha256 {
            out["sha256"] = digest.as_str().into();
        }
        out
    }
}

/// Which of the two fields that name a module a field of `args` was meant to be.
fn misspelt(args: &Value) -> Option<&'static str> {
    let names = args.as_object()?.keys().map(String::as_str);
    let near = |name: &str| nearest(name, ["source", "guestURL"].into_iter());
    names.filter_map(near).next()
}

fn capabilities(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Capabilities {
    let mut granted = Capabilities::new();
    for (at, word) in fields.strings("capabilities", problems).into_iter().enumerate() {
        match Capability::ALL.into_iter().find(|(known, _)| *known == word) {
            Some((_, capability)) => {
                granted.insert(capability);
            }
            None => {
                let known: Vec<&str> = Capability::ALL.iter().map(|(known, _)| *known).collect();
                let message = format!("must be one of {}, not {word:?}", known.join(", "));
                problems.field("capabilities").index(at).report(message);
            }
        }
    }
    granted
}

/// `metrics`: as Trimaran's plugins say where values come from, and how often to ask there.
fn metrics(value: &Value, problems: &mut Problems<'_>) -> MetricsSource {
    let mut fields = Fields::of(value, problems);
    let mut source = MetricsSource::read(&mut fields, problems);
    if let Some(text) = fields.string("interval", problems) {
        let interval = units::span(text, INTERVALS, &mut problems.field("interval"));
        source.interval = interval.unwrap_or(source.interval);
    }
    fields.finish(problems);
    source
}

fn digest(text: &str, problems: &mut Problems<'_>) -> Option<String> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    let right = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    if !right {
        problems.field("sha256").report("must be 64 hexadecimal digits, as sha256sum prints them");
    }
    right.then(|| hex.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
