//! Where values come from, as the args of a plugin say it: with the fields that Trimaran's args have.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fields::{Fields, Problems};

/// How often a source is asked where nothing is said: as often as Trimaran asks.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// Where Prometheus is looked for where nothing is said.
const DEFAULT_PROMETHEUS: &str = "http://prometheus-k8s:9090";

/// The label that names the node where nothing is said.
const DEFAULT_NODE_LABEL: &str = "instance";

/// Queries of one source at the most.
const MOST_QUERIES: usize = 32;

/// Where values come from. Plugins whose args say the same share a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricsSource {
    /// Who is asked.
    pub provider: Provider,
    /// How often.
    pub interval: Duration,
}

/// Who is asked for values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Provider {
    /// A load watcher, at this address.
    Watcher(String),
    /// metrics.k8s.io, through the API server.
    MetricsServer,
    /// Prometheus.
    Prometheus(Prometheus),
}

/// How Prometheus is asked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prometheus {
    /// Its URL.
    pub address: String,
    /// A bearer token; empty for none. It is a secret, and stored nowhere.
    #[serde(skip)]
    pub token: String,
    /// The file with the bearer token, read anew each time; empty for none.
    pub token_file: String,
    /// Its certificate is not verified.
    pub insecure_skip_verify: bool,
    /// The file with the authorities to trust, PEM; empty for those of the system.
    pub ca_file: String,
    /// The label of a result that has the name of the node, with or without a port after it.
    pub node_label: String,
    /// What is asked; none for what Trimaran asks.
    pub queries: Vec<Query>,
}

/// One question to Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query {
    /// The name of the metric.
    pub name: String,
    /// In PromQL; an instant vector with a value for each node.
    pub query: String,
}

impl fmt::Debug for Prometheus {
    /// No message shows the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prometheus")
            .field("address", &self.address)
            .field("insecure_skip_verify", &self.insecure_skip_verify)
            .field("node_label", &self.node_label)
            .field("queries", &self.queries)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for MetricsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provider {
            Provider::Watcher(address) => write!(f, "the load watcher at {address}"),
            Provider::MetricsServer => f.write_str("metrics.k8s.io"),
            Provider::Prometheus(prometheus) => write!(f, "Prometheus at {}", prometheus.address),
        }
    }
}

impl Default for MetricsSource {
    /// What Trimaran's plugins read where nothing is said.
    fn default() -> Self {
        Self { provider: Provider::MetricsServer, interval: DEFAULT_INTERVAL }
    }
}

#[derive(Clone, Copy)]
enum Type {
    MetricsServer,
    Prometheus,
    SignalFx,
}

const TYPES: [(&str, Type); 3] = [
    ("KubernetesMetricsServer", Type::MetricsServer),
    ("Prometheus", Type::Prometheus),
    ("SignalFx", Type::SignalFx),
];

impl MetricsSource {
    /// Reads `watcherAddress` and `metricProvider`, which counts where there is no `watcherAddress`.
    pub fn read(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Self {
        let watcher = fields.string("watcherAddress", problems).filter(|address| !address.is_empty());
        let watcher = watcher.map(|address| url(address, &mut problems.field("watcherAddress")));
        let null = Value::Null;
        let written = fields.value("metricProvider").unwrap_or(&null);
        let provider = provider(written, watcher.is_some(), &mut problems.field("metricProvider"));
        let provider = watcher.map_or(provider, Provider::Watcher);
        Self { provider, ..Self::default() }
    }

    /// The same source without what must not be stored.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut source = self.clone();
        if let Provider::Prometheus(prometheus) = &mut source.provider {
            prometheus.token.clear();
        }
        source
    }

    /// What was read, with every default. The token is not shown.
    pub fn effective(&self) -> Value {
        match &self.provider {
            Provider::Watcher(address) => json!({"watcherAddress": address}),
            Provider::MetricsServer => json!({"metricProvider": {"type": "KubernetesMetricsServer"}}),
            Provider::Prometheus(prometheus) => json!({"metricProvider": prometheus.effective()}),
        }
    }
}

impl Prometheus {
    fn effective(&self) -> Value {
        let mut out = json!({
            "type": "Prometheus", "address": self.address, "insecureSkipVerify": self.insecure_skip_verify,
            "nodeLabel": self.node_label,
        });
        if !self.token.is_empty() {
            out["token"] = "(not shown)".into();
        }
        for (name, text) in [("tokenFile", &self.token_file), ("caFile", &self.ca_file)] {
            if !text.is_empty() {
                out[name] = text.as_str().into();
            }
        }
        if !self.queries.is_empty() {
            let one = |query: &Query| json!({"name": query.name, "query": query.query});
            out["queries"] = self.queries.iter().map(one).collect();
        }
        out
    }
}

fn provider(value: &Value, watched: bool, problems: &mut Problems<'_>) -> Provider {
    let mut fields = Fields::of(value, problems);
    let kind = fields.word("type", &TYPES, problems);
    let address = fields.string("address", problems).filter(|address| !address.is_empty());
    let address = address.map(|address| url(address, &mut problems.field("address")));
    let mut text =
        |name, problems: &mut Problems<'_>| fields.string(name, problems).unwrap_or_default().to_string();
    let token = text("token", problems);
    let (token_file, ca_file) = (text("tokenFile", problems), text("caFile", problems));
    let node_label = text("nodeLabel", problems);
    let skip = fields.bool("insecureSkipVerify", problems);
    let queries = queries(fields.list("queries", problems), &mut problems.field("queries"));
    fields.finish(problems);
    if !token.is_empty() && !token_file.is_empty() {
        problems.field("tokenFile").report("must be left out where there is a token");
    }
    match kind {
        Some(Type::SignalFx) if !watched => {
            let fix = "run a load watcher that asks it, and say where in watcherAddress";
            problems.field("type").report(format!("SignalFx is not supported; {fix}"));
            Provider::MetricsServer
        }
        Some(Type::Prometheus) => Provider::Prometheus(Prometheus {
            address: address.unwrap_or_else(|| DEFAULT_PROMETHEUS.to_string()),
            // As Trimaran has it: with a token nobody is verified, unless something else is said.
            insecure_skip_verify: skip
                .unwrap_or(ca_file.is_empty() && !(token.is_empty() && token_file.is_empty())),
            token,
            token_file,
            ca_file,
            node_label: if node_label.is_empty() { DEFAULT_NODE_LABEL.to_string() } else { node_label },
            queries,
        }),
        _ => {
            if !queries.is_empty() {
                problems.field("queries").report("need the type Prometheus");
            }
            Provider::MetricsServer
        }
    }
}

fn queries(list: &[Value], problems: &mut Problems<'_>) -> Vec<Query> {
    if list.len() > MOST_QUERIES {
        problems.report(format!("{} are given, {MOST_QUERIES} are allowed", list.len()));
    }
    let mut queries: Vec<Query> = Vec::new();
    for (at, value) in list.iter().enumerate().take(MOST_QUERIES) {
        let problems = &mut problems.index(at);
        let mut fields = Fields::of(value, problems);
        let mut text = |name| fields.string(name, problems).unwrap_or_default().to_string();
        let query = Query { name: text("name"), query: text("query") };
        fields.finish(problems);
        for (field, text) in [("name", &query.name), ("query", &query.query)] {
            if text.is_empty() {
                problems.field(field).report("is required");
            }
        }
        if queries.iter().any(|other| other.name == query.name) {
            problems.field("name").report(format!("{:?} is the name of another query", query.name));
        }
        queries.push(query);
    }
    queries
}

fn url(text: &str, problems: &mut Problems<'_>) -> String {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    // It stands in messages and labels, so it says no secret.
    let good = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains('@'))
        && text.chars().all(|letter| letter.is_ascii_graphic());
    if !good {
        problems
            .report("must be a URL that begins with http:// or https://, such as http://load-watcher:2020");
    }
    text.trim_end_matches('/').to_string()
}
