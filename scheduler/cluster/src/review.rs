//! Who may ask what of our own HTTP server: questions to the API server, with short memories.
//!
//! A bearer token is shown to TokenReview, a user and a path to SubjectAccessReview, as every component of the control
//! plane does. Answers are remembered for a short while.

mod memory;
mod trust;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams};
use thiserror::Error;

use memory::Memory;
pub use trust::{ClusterTrust, RequestHeader};

use crate::limiter::Limiter;

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct User {
    /// Name.
    pub name: String,
    /// UID, when there is one.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Whatever else the API server knows.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// Somebody who shows no credentials.
    pub fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_string(),
            groups: vec!["system:unauthenticated".to_string()],
            ..Self::default()
        }
    }
}

/// The API server could not be asked.
#[derive(Debug, Error)]
#[error("{what} failed: {source}")]
pub struct ReviewError {
    what: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl ReviewError {
    /// An error of a question, such as `the TokenReview`.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what, source: source.into() }
    }
}

/// Answers who somebody is and what he may ask.
pub trait Reviewer: Send + Sync + 'static {
    /// Whose token it is; `None` when it is nobody's.
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<User>, ReviewError>>;

    /// Whether the user may use `verb` (a method in lower case) on a path.
    fn authorize<'a>(
        &'a self,
        user: &'a User,
        verb: &'a str,
        path: &'a str,
    ) -> BoxFuture<'a, Result<bool, ReviewError>>;

    /// Whose client certificates the cluster trusts.
    fn cluster_trust(&self) -> BoxFuture<'_, Result<ClusterTrust, ReviewError>>;
}

/// How long answers are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// Whose token it is: `--authentication-token-webhook-cache-ttl`.
    pub token: Duration,
    /// A yes: `--authorization-webhook-cache-authorized-ttl`.
    pub allowed: Duration,
    /// A no: `--authorization-webhook-cache-unauthorized-ttl`.
    pub denied: Duration,
}

impl Default for Ttl {
    /// kube-scheduler's.
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self { token: ten, allowed: ten, denied: ten }
    }
}

/// How many answers of each kind are remembered.
const REMEMBERED: usize = 1024;

/// A token longer than this is nobody's.
const LONGEST_TOKEN: usize = 32 << 10;

/// A path longer than this is nobody's business; ours are short.
const LONGEST_PATH: usize = 2 << 10;

/// Questions per second, and at once: what the components of the control plane allow themselves.
const RATE: (f64, u32) = (200.0, 400);

/// A question waits no longer for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Asks a real API server.
pub struct ApiReviewer {
    authentication: kube::Client,
    authorization: kube::Client,
    began: Instant,
    limiter: Limiter,
    users: Mutex<Memory<Digest, Option<User>>>,
    allowed: Mutex<Memory<Digest, ()>>,
    denied: Mutex<Memory<Digest, ()>>,
}

impl ApiReviewer {
    /// With nothing remembered yet. Who somebody is and what he may do are asked over a connection each: the accounts for
    /// that may be two.
    pub fn new(authentication: kube::Client, authorization: kube::Client, ttl: Ttl) -> Self {
        Self {
            authentication,
            authorization,
            began: Instant::now(),
            limiter: Limiter::new(RATE.0, RATE.1),
            users: Mutex::new(Memory::new(ttl.token, REMEMBERED)),
            allowed: Mutex::new(Memory::new(ttl.allowed, REMEMBERED)),
            denied: Mutex::new(Memory::new(ttl.denied, REMEMBERED)),
        }
    }

    /// Waits until a question may be asked.
    async fn turn(&self, what: &'static str) -> Result<(), ReviewError> {
        let waited = tokio::time::timeout(LONGEST_WAIT, self.limiter.acquire()).await;
        waited.map(drop).map_err(|_| ReviewError::new(what, "too many questions at once"))
    }

    async fn ask_token(&self, token: &str) -> Result<Option<User>, ReviewError> {
        self.turn("the TokenReview").await?;
        let spec = TokenReviewSpec { token: Some(token.to_string()), ..TokenReviewSpec::default() };
        let review = TokenReview { spec, ..TokenReview::default() };
        let api = Api::<TokenReview>::all(self.authentication.clone());
        let answer = api.create(&PostParams::default(), &review).await;
        let status = answer.map_err(|e| ReviewError::new("the TokenReview", e))?.status.unwrap_or_default();
        if status.authenticated != Some(true) {
            return Ok(None);
        }
        Ok(status.user.map(|user| User {
            name: user.username.unwrap_or_default(),
            uid: user.uid,
            groups: user.groups.unwrap_or_default(),
            extra: user.extra.unwrap_or_default(),
        }))
    }

    async fn ask_access(&self, user: &User, verb: &str, path: &str) -> Result<bool, ReviewError> {
        self.turn("the SubjectAccessReview").await?;
        let attributes = NonResourceAttributes { path: Some(path.to_string()), verb: Some(verb.to_string()) };
        let spec = SubjectAccessReviewSpec {
            user: Some(user.name.clone()),
            uid: user.uid.clone(),
            groups: Some(user.groups.clone()),
            extra: (!user.extra.is_empty()).then(|| user.extra.clone()),
            non_resource_attributes: Some(attributes),
            ..SubjectAccessReviewSpec::default()
        };
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let api = Api::<SubjectAccessReview>::all(self.authorization.clone());
        let answer = api.create(&PostParams::default(), &review).await;
        let status =
            answer.map_err(|e| ReviewError::new("the SubjectAccessReview", e))?.status.unwrap_or_default();
        Ok(status.allowed && status.denied != Some(true))
    }
}

impl Reviewer for ApiReviewer {
    fn authenticate<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Option<User>, ReviewError>> {
        Box::pin(async move {
            if token.len() > LONGEST_TOKEN {
                return Ok(None);
            }
            let key = digest([token]);
            let known = key.and_then(|key| memory::get(&self.users, &key, self.began.elapsed()));
            if let Some(known) = known {
                return Ok(known);
            }
            let user = self.ask_token(token).await?;
            if let Some(key) = key {
                memory::put(&self.users, key, user.clone(), self.began.elapsed());
            }
            Ok(user)
        })
    }

    fn authorize<'a>(
        &'a self,
        user: &'a User,
        verb: &'a str,
        path: &'a str,
    ) -> BoxFuture<'a, Result<bool, ReviewError>> {
        Box::pin(async move {
            if path.len() > LONGEST_PATH {
                return Ok(false);
            }
            let key = digest([format!("{user:?}").as_str(), verb, path]);
            let is_in =
                |memory| key.is_some_and(|key| memory::get(memory, &key, self.began.elapsed()).is_some());
            if is_in(&self.allowed) {
                return Ok(true);
            }
            if is_in(&self.denied) {
                return Ok(false);
            }
            let allowed = self.ask_access(user, verb, path).await?;
            let memory = if allowed { &self.allowed } else { &self.denied };
            if let Some(key) = key {
                memory::put(memory, key, (), self.began.elapsed());
            }
            Ok(allowed)
        })
    }

    /// What `kube-system/extension-apiserver-authentication` says.
    fn cluster_trust(&self) -> BoxFuture<'_, Result<ClusterTrust, ReviewError>> {
        Box::pin(async move {
            let what = "reading ConfigMap kube-system/extension-apiserver-authentication";
            let api = Api::<ConfigMap>::namespaced(self.authentication.clone(), "kube-system");
            let map = api.get("extension-apiserver-authentication").await;
            let map = map.map_err(|e| ReviewError::new(what, crate::connect::in_words(&e)))?;
            Ok(ClusterTrust::of(map.data.unwrap_or_default()))
        })
    }
}

/// What answers are remembered by: SHA-256, so that no token stays in memory and every key is short.
type Digest = [u8; 32];

/// The digest of some texts, told apart by their lengths. Without one, which a TLS library without SHA-256 would give,
/// nothing is remembered.
fn digest<const N: usize>(texts: [&str; N]) -> Option<Digest> {
    let suite = rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13()?;
    let mut context = suite.common.hash_provider.start();
    for text in texts {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    }
    context.finish().as_ref().try_into().ok()
}

#[cfg(test)]
mod tests;
