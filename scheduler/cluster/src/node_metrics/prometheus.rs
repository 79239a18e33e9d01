//! Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{Prometheus, Query, Sample, Window};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::http_get::{HttpGet, Trust};

/// The time that Trimaran's queries sum up.
const ROLLUP: (&str, Duration) = ("15m", Duration::from_secs(15 * 60));

/// What Trimaran asks where no query is named: function and operator, then metric and kind. Values are shares of one.
const FUNCTIONS: [(&str, &str); 2] = [("avg_over_time", "AVG"), ("stddev_over_time", "STD")];
const METRICS: [(&str, &str); 2] =
    [("instance:node_cpu:ratio", "CPU"), ("instance:node_memory_utilisation:ratio", "Memory")];

/// One question, and what its values are.
struct Question<'a> {
    query: String,
    /// Name, kind, operator and rollup.
    words: [&'a str; 4],
    /// What values are multiplied with.
    factor: f64,
}

/// Asks Prometheus.
pub(super) struct Asker {
    spec: Prometheus,
    http: HttpGet,
}

impl Asker {
    /// Nothing is asked yet.
    pub(super) fn new(spec: &Prometheus) -> Result<Self, String> {
        let trust = match (spec.insecure_skip_verify, spec.ca_file.as_str()) {
            (true, _) => Trust::Anybody,
            (_, "") => Trust::System,
            (_, file) => Trust::File(file),
        };
        let http = HttpGet::new(spec.address.starts_with("https://"), trust)?;
        Ok(Self { spec: spec.clone(), http })
    }

    /// What it says now. A query that fails fails all.
    pub(super) async fn fetch(&self, now: Timestamp) -> Result<Sample, String> {
        let token = self.token().await?;
        let questions = questions(&self.spec.queries);
        let window = self.spec.queries.is_empty().then(|| {
            let span = i64::try_from(ROLLUP.1.as_millis()).unwrap_or(0);
            Window { start: Timestamp(now.0.saturating_sub(span)), end: now }
        });
        let mut sample = Sample::new(window);
        for question in &questions {
            let query = utf8_percent_encode(&question.query, NON_ALPHANUMERIC);
            let url = format!("{}/api/v1/query?query={query}", self.spec.address);
            let body = self.http.get(&url, &token).await;
            let said = body.and_then(|body| answer(&body));
            let series = said.map_err(|error| format!("{}: {error}", question.query))?;
            for Series { metric, value: (at, value) } in series {
                let Some(node) = metric.get(&self.spec.node_label) else { continue };
                // What is no number says nothing of the node.
                let Some(value) = value.parse::<f64>().ok().filter(|value| value.is_finite()) else {
                    continue;
                };
                #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this age")]
                let at = Timestamp((at * 1000.0) as i64).min(now);
                let added = sample.add(without_port(node), at, question.words, value * question.factor);
                added.map_err(|error| format!("{}: {error}", question.query))?;
            }
        }
        Ok(sample)
    }

    async fn token(&self) -> Result<String, String> {
        let file = &self.spec.token_file;
        if file.is_empty() {
            return Ok(self.spec.token.clone());
        }
        let read = tokio::fs::read_to_string(file).await;
        read.map(|text| text.trim().to_string())
            .map_err(|e| format!("tokenFile {file:?} cannot be read: {e}"))
    }
}

fn questions(queries: &[Query]) -> Vec<Question<'_>> {
    if !queries.is_empty() {
        return queries
            .iter()
            .map(|query| Question {
                query: query.query.clone(),
                words: [&query.name, "", "", ""],
                factor: 1.0,
            })
            .collect();
    }
    let pairs = FUNCTIONS.iter().flat_map(|function| METRICS.iter().map(move |metric| (function, metric)));
    pairs
        .map(|((function, operator), (metric, kind))| Question {
            query: format!("{function}({metric}[{}])", ROLLUP.0),
            words: [metric, kind, operator, ROLLUP.0],
            factor: 100.0,
        })
        .collect()
}

/// The name of the node in `node:9100`.
fn without_port(instance: &str) -> &str {
    match instance.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => instance,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    #[serde(default)]
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

fn answer(body: &[u8]) -> Result<Vec<Series>, String> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| format!("the answer cannot be read: {error}"))?;
    if answer.status != "success" {
        return Err(format!("it failed: {}", answer.error));
    }
    let data = answer.data.ok_or("the answer has no data")?;
    if data.result_type != "vector" {
        let fix = "write a query for one value per node at this time";
        return Err(format!("the answer is a {}, not an instant vector; {fix}", data.result_type));
    }
    serde_json::from_value(data.result).map_err(|error| format!("the answer cannot be read: {error}"))
}
