//! The API as JSON in, JSON out.

use std::time::Duration;

use futures::{AsyncBufReadExt, StreamExt, TryStreamExt, stream};
use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::objects;
use super::runtime::{block_on, handle};
use super::wait::{SHORT, until};

/// An answer: the object, or the error with the server's status in it.
pub type Answer = Result<Value, kube::Error>;

/// A client with one user's rights.
#[derive(Clone)]
pub struct Api {
    client: Client,
}

/// The HTTP status in `error`; 0 when there was no answer at all.
pub fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}

impl Api {
    /// The client that `kubeconfig` describes.
    pub fn new(kubeconfig: Value) -> Self {
        let kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig).unwrap();
        let client = block_on(async {
            let options = KubeConfigOptions::default();
            let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
            config.connect_timeout = Some(Duration::from_secs(5));
            Client::try_from(config).unwrap()
        });
        Self { client }
    }

    /// A client of a server with a self-signed certificate on a port of this machine.
    pub fn insecure(port: u16, token: &str) -> Self {
        let server = format!("https://127.0.0.1:{port}");
        Self::new(json!({
            "clusters": [{ "name": "x", "cluster": { "server": server, "insecure-skip-tls-verify": true } }],
            "users": [{ "name": "x", "user": { "token": token } }],
            "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x" } }],
            "current-context": "x",
        }))
    }

    /// The client itself, for what is not here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// One request; the body is sent as JSON of `media` when there is one.
    pub async fn send(&self, method: Method, path: &str, media: &str, body: Option<&Value>) -> Answer {
        let bytes = body.map(|body| serde_json::to_vec(body).unwrap()).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header(http::header::CONTENT_TYPE, media);
        self.client.request(request.body(bytes).unwrap()).await
    }

    /// GET of anything that is text.
    pub fn text(&self, path: &str) -> Result<String, kube::Error> {
        let request = Request::get(path).body(Vec::new()).unwrap();
        block_on(self.client.request_text(request))
    }

    /// GET of an object or a list.
    pub fn get(&self, path: &str) -> Answer {
        block_on(self.send(Method::GET, path, "application/json", None))
    }

    /// The items of the list at `path`.
    #[track_caller]
    pub fn list(&self, path: &str) -> Vec<Value> {
        match self.get(path).unwrap()["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        }
    }

    /// POST to a path.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        block_on(self.send(Method::POST, path, "application/json", Some(body)))
    }

    /// Replaces the object at `path`.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        block_on(self.send(Method::PUT, path, "application/json", Some(body)))
    }

    /// JSON merge patch.
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        block_on(self.send(Method::PATCH, path, "application/merge-patch+json", Some(body)))
    }

    /// DELETE at once, of one object or of a whole collection.
    pub fn delete(&self, path: &str) -> Answer {
        let now = json!({ "gracePeriodSeconds": 0, "propagationPolicy": "Background" });
        block_on(self.send(Method::DELETE, path, "application/json", Some(&now)))
    }

    /// Creates `object` where its kind and namespace say. Panics with the server's words when that fails.
    #[track_caller]
    pub fn create(&self, object: &Value) -> Value {
        let path = objects::collection(object);
        // Admission hears of a class a moment after it was created.
        let is_early = |error: &kube::Error| error.to_string().contains("no PriorityClass with name");
        let created = until("admission to know the PriorityClass", SHORT, String::new, || {
            Some(self.post(&path, object)).filter(|answer| !answer.as_ref().is_err_and(is_early))
        });
        created.unwrap_or_else(|error| panic!("{error}\nwhen creating {object:#}"))
    }

    /// Creates them all, 16 at a time.
    #[track_caller]
    pub fn create_all(&self, objects: impl IntoIterator<Item = Value>) {
        let one = async |object: Value| {
            let path = objects::collection(&object);
            self.send(Method::POST, &path, "application/json", Some(&object)).await.map(drop)
        };
        let all = stream::iter(objects).map(one).buffer_unordered(16).try_collect::<()>();
        block_on(all).unwrap();
    }

    /// Calls `see` for every object of the collection at `path` that is added or changed after `version`, on a task of its
    /// own, until that says to stop. Goes on where the server ended the watch.
    pub fn follow(
        &self,
        path: &str,
        version: &str,
        mut see: impl FnMut(Value) -> bool + Send + 'static,
    ) -> tokio::task::JoinHandle<()> {
        let (api, path, mut version) = (self.clone(), path.to_owned(), version.to_owned());
        handle().spawn(async move {
            loop {
                let join = if path.contains('?') { '&' } else { '?' };
                let uri = format!("{path}{join}watch=true&resourceVersion={version}&timeoutSeconds=600");
                let request = Request::get(uri).body(Vec::new()).unwrap();
                let mut lines = api.client.request_stream(request).await.unwrap().lines();
                while let Some(Ok(line)) = lines.next().await {
                    let mut event: Value = serde_json::from_str(&line).unwrap_or_default();
                    if event["type"] != "ADDED" && event["type"] != "MODIFIED" {
                        continue;
                    }
                    let object = event["object"].take();
                    version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
                    if !see(object) {
                        return;
                    }
                }
            }
        })
    }
}
