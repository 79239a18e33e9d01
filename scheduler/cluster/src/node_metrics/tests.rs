use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use longshore_framework::Timestamp;
use longshore_framework::node_metrics::{MetricsSource, Prometheus, Provider, Query, Sample};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Fetcher;
use crate::call::Caller;
use crate::fake_api::{Answer, FakeApi};

/// The time of every fetch.
const NOW: Timestamp = Timestamp(1_000_000);

/// A server on loopback that answers with a function of path and query; and what it was asked.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                    let path = request.uri().to_string();
                    let token =
                        request.headers().get("authorization").map(|t| t.to_str().unwrap().to_string());
                    let (code, body) = answer(&path);
                    noted.lock().unwrap().push(token.map_or(path.clone(), |token| format!("{path} {token}")));
                    let answer = Response::builder().status(code).body(Full::new(Bytes::from(body))).unwrap();
                    async move { Ok::<_, Infallible>(answer) }
                });
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, asked }
    }
}

async fn fetch(provider: Provider, api: Option<&FakeApi>) -> Result<Sample, String> {
    let source = MetricsSource { provider, ..MetricsSource::default() };
    let nobody = FakeApi::new(|_| Answer::failure(500, "InternalError", "not asked"));
    let api = Caller::new(api.unwrap_or(&nobody).client());
    Fetcher::new(&source, &api)?.fetch(NOW).await
}

/// Every value, by node.
fn values(sample: &Sample) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (node, measured) in &sample.nodes {
        let metrics = measured.metrics.iter().map(|m| {
            let words =
                [&*m.name, &*m.kind, &*m.operator, &*m.rollup].map(|w| if w.is_empty() { "-" } else { w });
            format!("{}={}", words.join(" "), m.value)
        });
        let usage = measured.usage.map(|usage| format!("usage {} {}", usage.milli_cpu, usage.memory));
        let all: Vec<String> = metrics.chain(usage).collect();
        lines.push(format!("{node}@{}: {}", measured.at.0, all.join(", ")));
    }
    lines.sort();
    lines
}

fn watcher(server: &Server) -> Provider {
    Provider::Watcher(server.address.clone())
}

#[tokio::test]
async fn a_load_watcher_is_asked() {
    let said = json!({
        "timestamp": 900, "window": {"duration": "15m", "start": 0, "end": 900}, "source": "Prometheus",
        "data": {"NodeMetricsMap": {"n0": {
            "metrics": [{"name": "", "type": "CPU", "operator": "AVG", "rollup": "", "value": 30.6}], "tags": {},
            "metadata": {"dataCenter": ""}}}},
    });
    let server = Server::start(move |_| (200, said.to_string())).await;
    let sample = fetch(watcher(&server), None).await.unwrap();
    assert_eq!(values(&sample), ["n0@900000: - CPU AVG -=30.6"]);
    assert_eq!(sample.window.unwrap().end, Timestamp(900_000));
    assert_eq!(*server.asked.lock().unwrap(), ["/watcher"]);
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    let server = Server::start(|_| (500, String::new())).await;
    assert_eq!(fetch(watcher(&server), None).await.unwrap_err(), "500 Internal Server Error");
    let server = Server::start(|_| (200, "[]".to_string())).await;
    assert!(fetch(watcher(&server), None).await.unwrap_err().contains("must be the JSON of a load watcher"));
    let server = Server::start(|_| (200, " ".repeat((32 << 20) + 1))).await;
    assert_eq!(fetch(watcher(&server), None).await.unwrap_err(), "the answer is larger than 33554432 bytes");
    let nobody = Provider::Watcher("http://127.0.0.1:1".to_string());
    assert!(fetch(nobody, None).await.unwrap_err().contains("refused"));
}

fn prometheus(server: &Server) -> Prometheus {
    Prometheus {
        address: server.address.clone(),
        token: String::new(),
        token_file: String::new(),
        insecure_skip_verify: false,
        ca_file: String::new(),
        node_label: "instance".to_string(),
        queries: Vec::new(),
    }
}

fn vector(series: &[(&str, &str)]) -> String {
    let one = |(node, value): &(&str, &str)| json!({"metric": {"instance": node}, "value": [999.5, value]});
    let result: Vec<Value> = series.iter().map(one).collect();
    json!({"status": "success", "data": {"resultType": "vector", "result": result}}).to_string()
}

#[tokio::test]
async fn prometheus_is_asked_what_trimaran_asks() {
    let server = Server::start(|path| {
        let value = if path.contains("avg") { "0.25" } else { "0.5" };
        (200, vector(&[("n0:9100", value), ("n1", "NaN")]))
    })
    .await;
    let spec = Prometheus { token: "secret".to_string(), ..prometheus(&server) };
    let sample = fetch(Provider::Prometheus(spec), None).await.unwrap();
    let (cpu, memory) = ("instance:node_cpu:ratio", "instance:node_memory_utilisation:ratio");
    let want = format!(
        "n0@999500: {cpu} CPU AVG 15m=25, {memory} Memory AVG 15m=25, {cpu} CPU STD 15m=50, {memory} Memory STD 15m=50"
    );
    assert_eq!(values(&sample), [want]);
    let first =
        "/api/v1/query?query=avg%5Fover%5Ftime%28instance%3Anode%5Fcpu%3Aratio%5B15m%5D%29 Bearer secret";
    let asked = server.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0].as_str()), (4, first));
}

#[tokio::test]
async fn prometheus_is_asked_what_the_profile_names() {
    let query = |name: &str| Query { name: name.to_string(), query: "max by (instance) (x)".to_string() };
    let folder = std::env::temp_dir().join(format!("longshore-token-{}", std::process::id()));
    std::fs::write(&folder, "of a file\n").unwrap();
    let server = Server::start(|_| (200, vector(&[("n0", "7.5"), ("n0", "8.5")]))).await;
    let token_file = folder.display().to_string();
    let spec = Prometheus { queries: vec![query("gpu")], token_file, ..prometheus(&server) };
    let sample = fetch(Provider::Prometheus(spec), None).await.unwrap();
    assert_eq!(values(&sample), ["n0@999500: gpu - - -=7.5, gpu - - -=8.5"]);
    assert!(server.asked.lock().unwrap()[0].ends_with(" Bearer of a file"));
    std::fs::remove_file(folder).unwrap();
    let check = |body: Value| {
        let body = body.to_string();
        async move {
            let server = Server::start(move |_| (200, body.clone())).await;
            let spec = Prometheus { queries: vec![query("gpu")], ..prometheus(&server) };
            fetch(Provider::Prometheus(spec), None).await.unwrap_err()
        }
    };
    let failed = check(json!({"status": "error", "error": "parse error"})).await;
    assert_eq!(failed, "max by (instance) (x): it failed: parse error");
    let matrix = check(json!({"status": "success", "data": {"resultType": "matrix", "result": []}})).await;
    assert!(matrix.contains("the answer is a matrix, not an instant vector"), "{matrix}");
}

#[tokio::test]
async fn the_metrics_server_is_asked_through_the_api_server() {
    let api = FakeApi::new(|call| {
        assert_eq!(call.line, "GET /apis/metrics.k8s.io/v1beta1/nodes");
        Answer::json(json!({"kind": "NodeMetricsList", "items": [
            {"metadata": {"name": "n0"}, "timestamp": "1970-01-01T00:16:30Z", "window": "10s",
             "usage": {"cpu": "250500000n", "memory": "1Mi"}},
            {"metadata": {"name": "n1"}, "timestamp": "2100-01-01T00:00:00Z", "usage": {"cpu": "1", "memory": "0"}},
        ]}))
    });
    let sample = fetch(Provider::MetricsServer, Some(&api)).await.unwrap();
    assert_eq!(values(&sample), ["n0@990000: usage 251 1048576", "n1@1000000: usage 1000 0"]);
    let check = |code, part: &'static str| async move {
        let api = FakeApi::new(move |_| Answer::failure(code, "Reason", "it says no"));
        let error = fetch(Provider::MetricsServer, Some(&api)).await.unwrap_err();
        assert!(error.contains("it says no") && error.contains(part), "{error}");
    };
    check(403, "rbac.nodeMetrics").await;
    check(404, "is the metrics server installed?").await;
    check(503, "is the metrics server running?").await;
}
