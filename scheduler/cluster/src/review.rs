//! Who may ask what of our own HTTP server: questions to the API server, with short memories.
//!
//! A bearer token is shown to TokenReview, a user and a path to SubjectAccessReview, as every component of the control
//! plane does. Answers are remembered for as long as kube-scheduler remembers them by default.

mod memory;

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

    /// The certificates that sign client certificates, in PEM; `None` when there are none or they may not be read.
    fn client_ca(&self) -> BoxFuture<'_, Option<String>>;
}

/// How long answers are remembered: kube-scheduler's default, the same for yes and no.
const TTL: Duration = Duration::from_secs(10);

/// How many answers of each kind are remembered.
const REMEMBERED: usize = 1024;

/// A token longer than this is nobody's.
const LONGEST_TOKEN: usize = 32 << 10;

/// Asks a real API server.
pub struct ApiReviewer {
    client: kube::Client,
    began: Instant,
    users: Mutex<Memory<String, Option<User>>>,
    allowed: Mutex<Memory<(User, String, String), bool>>,
}

impl ApiReviewer {
    /// With nothing remembered yet.
    pub fn new(client: kube::Client) -> Self {
        Self {
            client,
            began: Instant::now(),
            users: Mutex::new(Memory::new(TTL, REMEMBERED)),
            allowed: Mutex::new(Memory::new(TTL, REMEMBERED)),
        }
    }

    async fn ask_token(&self, token: &str) -> Result<Option<User>, ReviewError> {
        let spec = TokenReviewSpec { token: Some(token.to_string()), ..TokenReviewSpec::default() };
        let review = TokenReview { spec, ..TokenReview::default() };
        let api = Api::<TokenReview>::all(self.client.clone());
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
        let api = Api::<SubjectAccessReview>::all(self.client.clone());
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
            if let Some(known) = memory::get(&self.users, token, self.began.elapsed()) {
                return Ok(known);
            }
            let user = self.ask_token(token).await?;
            memory::put(&self.users, token.to_string(), user.clone(), self.began.elapsed());
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
            let key = (user.clone(), verb.to_string(), path.to_string());
            if let Some(known) = memory::get(&self.allowed, &key, self.began.elapsed()) {
                return Ok(known);
            }
            let allowed = self.ask_access(user, verb, path).await?;
            memory::put(&self.allowed, key, allowed, self.began.elapsed());
            Ok(allowed)
        })
    }

    /// The `client-ca-file` of `kube-system/extension-apiserver-authentication`.
    fn client_ca(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async move {
            let api = Api::<ConfigMap>::namespaced(self.client.clone(), "kube-system");
            match api.get("extension-apiserver-authentication").await {
                Ok(map) => map.data?.remove("client-ca-file"),
                Err(error) => {
                    tracing::info!(%error, "client certificates are not accepted: their authority cannot be read");
                    None
                }
            }
        })
    }
}

#[cfg(test)]
mod tests;
