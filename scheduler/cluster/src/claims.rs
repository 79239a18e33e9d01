//! What is written of claims for devices: before a pod is bound, and when something is taken back.
//!
//! kube-scheduler's DynamicResources does so in PreBind, Unreserve and PostFilter. Nothing is kept here of what was begun: each
//! step finds what an earlier one left in the cluster, so that a scheduler that comes to an end between two of them loses no
//! device and gives none twice.

mod change;
mod facts;
mod json;
mod proto;
mod ready;
mod release;
mod store;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use longshore_framework::objects::{NamespacedName, Object};
use longshore_framework::pod::Pod;
use longshore_framework::port::{AwaitDevices, ClaimWrite, Input};
use longshore_framework::resource_claim::ResourceClaim;
use longshore_manifest::resource_claim;
use serde_json::Value;

use self::facts::ClaimFacts;
pub use self::release::release;
pub use self::store::{ClaimCounts, ClaimStore, Count};
use self::write::Written;
use crate::call::{ApiError, Caller, decode, path};
use crate::waits::{Key, Waiting};

/// What claims are written with.
#[derive(Clone, Copy)]
pub struct Claims<'a> {
    /// The API server.
    pub api: &'a Caller,
    /// What is known of claims.
    pub store: &'a ClaimStore,
    /// Who wants to know each version of a claim that the API server answers with.
    pub tell: &'a (dyn Fn(Input) + Send + Sync),
}

impl Claims<'_> {
    /// The API server has answered with a claim.
    fn answered(&self, answer: &[u8]) -> Result<Answered, ApiError> {
        let mut value: Value = decode(answer)?;
        let unreadable =
            |error: &dyn std::fmt::Display| ApiError::unsent(format!("unreadable answer: {error}"));
        let (namespace, name, facts) = ClaimFacts::read(answer).map_err(|error| unreadable(&error))?;
        value["apiVersion"] = self.store.api_version().into();
        let claim = resource_claim(&value).map_err(|error| unreadable(&error))?;
        let (key, claim) = ((namespace, name), Arc::new(claim));
        self.store.answered(&key, &facts);
        (self.tell)(Input::Object(Object::ResourceClaim(Arc::clone(&claim))));
        Ok(Answered { key, facts, claim })
    }

    /// The claim as the API server has it now.
    async fn read(&self, key: &NamespacedName) -> Result<Answered, ApiError> {
        let path = path::device_claim(self.store.api_version(), &key.0, &key.1);
        let value: Value = self.api.get(&path).await?;
        self.answered(value.to_string().as_bytes())
    }
}

/// A claim that the API server has answered with.
struct Answered {
    key: NamespacedName,
    facts: ClaimFacts,
    claim: Arc<ResourceClaim>,
}

/// What has to be written of claims before a binding, and waited for. From the moment it is made it notices what would end
/// the wait; dropped, it leaves nothing behind but what was written.
pub struct PreBind {
    store: Arc<ClaimStore>,
    writes: Vec<ClaimWrite>,
    wait: Option<AwaitDevices>,
    waiting: Waiting,
}

impl PreBind {
    /// For `pod`. Nothing is written yet.
    pub fn begin(
        store: &Arc<ClaimStore>,
        pod: &Pod,
        writes: Vec<ClaimWrite>,
        wait: Option<AwaitDevices>,
    ) -> Self {
        let named = writes.iter().map(|what| (Arc::clone(&what.namespace), Arc::clone(&what.name)));
        let waited = wait.iter().flat_map(|wait| &wait.claims).cloned();
        let claims = named.chain(waited).map(Key::DeviceClaim);
        let keys = claims.chain([Key::Pod(Arc::clone(&pod.meta.uid))]).collect();
        Self { store: Arc::clone(store), waiting: store.waits.begin(keys), writes, wait }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.wait.is_none()
    }

    /// Makes the writes, in order, and makes sure that nobody else was given the same devices.
    ///
    /// # Errors
    /// The message that kube-scheduler's plugin gives: the first write that failed. Or that another claim had a device before.
    pub async fn write(
        self,
        api: &Caller,
        pod: &Pod,
        tell: &(dyn Fn(Input) + Send + Sync),
    ) -> Result<Ready, String> {
        let claims = Claims { api, store: &self.store, tell };
        let mut written = Vec::with_capacity(self.writes.len());
        for what in &self.writes {
            written.push(write::write(&claims, pod, what).await?);
        }
        for one in written.iter().filter(|one| one.allocated) {
            self.settle(&claims, pod, one).await?;
        }
        let keys = written.into_iter().map(|one| one.key).collect();
        Ok(Ready { prebind: self, written: keys })
    }

    /// Two schedulers may choose one device at a time. The watch shows all of them the claims in one order: whose claim was
    /// written first keeps the device, the other takes its own back.
    async fn settle(&self, claims: &Claims<'_>, pod: &Pod, written: &Written) -> Result<(), String> {
        let Written { key, facts, .. } = written;
        // A claim that was made just now is waited for by a name that nobody knew.
        let waiting = claims.store.waits.begin(vec![Key::DeviceClaim(key.clone())]);
        let shown = async {
            while !claims.store.has_shown(key, &facts.uid, facts.version) {
                waiting.changed().await;
            }
        };
        if tokio::time::timeout(claims.store.shown_within, shown).await.is_err() {
            return Err(format!("claim {}/{} was written, and the watch does not show it", key.0, key.1));
        }
        let Some(((driver, pool, device), other)) = claims.store.rival(key) else { return Ok(()) };
        release::take_back(claims, key, &facts.uid, &pod.meta.uid).await;
        Err(format!(
            "claim {}/{}: device {driver}/{pool}/{device} was given to claim {}/{} by another scheduler in the meantime",
            key.0, key.1, other.0, other.1
        ))
    }
}

/// Everything is written; devices may not be ready yet.
pub struct Ready {
    prebind: PreBind,
    written: Vec<NamespacedName>,
}

impl Ready {
    /// Whether somebody waits for devices.
    pub fn has_to_wait(&self) -> bool {
        self.prebind.wait.is_some()
    }

    /// Waits until the devices of all claims are ready, as long as the pod is there: `is_there` is asked once in a while.
    ///
    /// # Errors
    /// kube-scheduler's words: a device failed, or the time is over. Or the pod is gone, or `preempted`.
    pub async fn until_ready(self, is_there: impl Fn() -> bool) -> Result<(), String> {
        let Self { prebind: PreBind { store, wait, waiting, .. }, written } = self;
        let Some(AwaitDevices { claims, timeout }) = wait else { return Ok(()) };
        let keys: Vec<NamespacedName> = written.into_iter().chain(claims).collect();
        // A claim that was made just now has a name since.
        let own = store.waits.begin(keys.iter().cloned().map(Key::DeviceClaim).collect());
        let ready = ready::until(&store, &keys, timeout, [&waiting, &own], is_there);
        let outcome = tokio::time::timeout(timeout, ready).await;
        outcome.unwrap_or_else(|_| Err("device binding timeout: context deadline exceeded".to_string()))
    }
}
