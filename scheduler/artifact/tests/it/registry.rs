//! A small registry in memory that speaks OCI's distribution protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use longshore_artifact::Digest;

/// How the registry wants to be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    Open,
    /// Name and password with every request.
    Basic,
    /// A token of the token server, which gives one for pulling to anybody, for pushing to `me:secret` only.
    Token,
}

/// What is in it.
pub(crate) struct Contents {
    pub(crate) lock: Lock,
    pub(crate) blobs: BTreeMap<String, Bytes>,
    /// By tag and by digest.
    pub(crate) manifests: BTreeMap<String, Bytes>,
    /// Whether it says what refers to a manifest.
    pub(crate) knows_referrers: bool,
    /// Method and path of every request, in order.
    pub(crate) log: Vec<String>,
    port: u16,
}

/// A running registry.
#[derive(Clone)]
pub(crate) struct FakeRegistry {
    pub(crate) contents: Arc<Mutex<Contents>>,
    pub(crate) port: u16,
}

const SECRET: &str = "Basic bWU6c2VjcmV0";

impl FakeRegistry {
    /// Starts an empty one on a free port of this machine.
    pub(crate) async fn start(lock: Lock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (blobs, manifests) = (BTreeMap::new(), BTreeMap::new());
        let contents = Contents { lock, blobs, manifests, knows_referrers: false, log: Vec::new(), port };
        let contents = Arc::new(Mutex::new(contents));
        let router = Router::new().fallback(serve).with_state(Arc::clone(&contents));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { contents, port }
    }

    /// A reference to `plugins/zonepack` here.
    pub(crate) fn image(&self, tail: &str) -> String {
        format!("oci://127.0.0.1:{}/plugins/zonepack{tail}", self.port)
    }

    /// Puts a manifest under the tag `1` and its own digest.
    pub(crate) fn put_manifest(&self, manifest: &serde_json::Value) -> Digest {
        let text = Bytes::from(manifest.to_string());
        let digest = Digest::of(&text);
        let mut contents = self.contents.lock().unwrap();
        contents.manifests.insert("1".into(), text.clone());
        contents.manifests.insert(digest.to_string(), text);
        digest
    }

    /// Puts `blob`, and a manifest with it as its one layer of `kind`.
    pub(crate) fn put(&self, blob: &[u8], kind: &str) -> Digest {
        let digest = Digest::of(blob).to_string();
        self.contents.lock().unwrap().blobs.insert(digest.clone(), Bytes::copy_from_slice(blob));
        self.put_manifest(&serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.wasm.config.v0+json", "digest": digest, "size": 2},
            "layers": [{"mediaType": kind, "digest": digest, "size": blob.len()}],
        }))
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.contents.lock().unwrap().log.len()
    }
}

async fn serve(State(contents): State<Arc<Mutex<Contents>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let mut contents = contents.lock().unwrap();
    let path = parts.uri.path().to_owned();
    contents.log.push(format!("{} {path}", parts.method));
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if path == "/token" {
        return token(&parts.headers, &query, &body);
    }
    if !contents.lets_in(&parts.method, &parts.headers) {
        return contents.challenge();
    }
    contents.answer(&parts.method, &path, &query, body)
}

/// Pushing is for those who know the secret, or have the saved token `refresh-me`.
fn token(headers: &HeaderMap, query: &str, body: &[u8]) -> Response {
    let asked = format!("{query}&{}", String::from_utf8_lossy(body));
    let known = headers.get(header::AUTHORIZATION).is_some_and(|value| value == SECRET)
        || asked.contains("refresh_token=refresh-me");
    let pushes = asked.contains("pull%2Cpush");
    if pushes && !known {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    axum::Json(serde_json::json!({"token": if pushes { "may-push" } else { "may-pull" }})).into_response()
}

impl Contents {
    fn lets_in(&self, method: &Method, headers: &HeaderMap) -> bool {
        let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match (self.lock, said) {
            (Lock::Open, _) | (Lock::Basic, Some(SECRET)) | (Lock::Token, Some("Bearer may-push")) => true,
            (Lock::Token, Some("Bearer may-pull")) => method == Method::GET || method == Method::HEAD,
            _ => false,
        }
    }

    fn challenge(&self) -> Response {
        let how = match self.lock {
            Lock::Basic => "Basic realm=\"here\"".to_owned(),
            _ => format!("Bearer realm=\"http://127.0.0.1:{}/token\",service=\"here\"", self.port),
        };
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, how)]).into_response()
    }

    fn answer(&mut self, method: &Method, path: &str, query: &str, body: Bytes) -> Response {
        let Some(rest) = path.strip_prefix("/v2/") else { return StatusCode::NOT_FOUND.into_response() };
        if rest.is_empty() {
            return StatusCode::OK.into_response();
        }
        let Some((kind, name)) = rest.strip_prefix("plugins/zonepack/").and_then(|rest| rest.split_once('/'))
        else {
            return StatusCode::NOT_FOUND.into_response();
        };
        match (method.as_str(), kind, name) {
            ("GET", "blobs", name) => self
                .blobs
                .get(name)
                .cloned()
                .map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response),
            ("GET", "manifests", name) => self
                .manifests
                .get(name)
                .cloned()
                .map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response),
            ("GET", "referrers", subject) if self.knows_referrers => self.referrers(subject).into_response(),
            ("POST", "blobs", "uploads/") => {
                self.blobs.insert("upload".into(), Bytes::new());
                (StatusCode::ACCEPTED, [(header::LOCATION, path.to_owned() + "1")]).into_response()
            }
            ("PATCH", "blobs", "uploads/1") => {
                let before = self.blobs.remove("upload").unwrap_or_default();
                let all = Bytes::from([before, body].concat());
                let range = format!("0-{}", all.len() - 1);
                self.blobs.insert("upload".into(), all);
                (StatusCode::ACCEPTED, [(header::LOCATION, path.to_owned()), (header::RANGE, range)])
                    .into_response()
            }
            ("PUT", "blobs", "uploads/1") => self.close_upload(path, query),
            ("PUT", "manifests", tag) => {
                let digest = Digest::of(&body).to_string();
                self.manifests.insert(tag.to_owned(), body.clone());
                self.manifests.insert(digest, body);
                (StatusCode::CREATED, [(header::LOCATION, path.to_owned())]).into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// The index of what refers to `subject`.
    fn referrers(&self, subject: &str) -> String {
        let by_digest = self.manifests.iter().filter(|(name, _)| name.starts_with("sha256:"));
        let read = by_digest.map(|(name, text)| {
            (name, text.len(), serde_json::from_slice::<serde_json::Value>(text).unwrap_or_default())
        });
        let found = read.filter(|(_, _, manifest)| manifest["subject"]["digest"] == subject).map(|(name, size, manifest)| {
            let kind = &manifest["artifactType"];
            serde_json::json!({"mediaType": manifest["mediaType"], "digest": name, "size": size, "artifactType": kind})
        });
        serde_json::json!({"schemaVersion": 2, "manifests": found.collect::<Vec<_>>()}).to_string()
    }

    fn close_upload(&mut self, path: &str, query: &str) -> Response {
        let blob = self.blobs.remove("upload").unwrap_or_default();
        let digest = Digest::of(&blob).to_string();
        if query != format!("digest={}", digest.replace(':', "%3A")) {
            return StatusCode::BAD_REQUEST.into_response();
        }
        self.blobs.insert(digest, blob);
        (StatusCode::CREATED, [(header::LOCATION, path.to_owned())]).into_response()
    }
}
