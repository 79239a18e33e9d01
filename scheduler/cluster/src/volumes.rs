//! What has to be written of volumes and claims before a pod is bound, and the wait until they are bound to each other.
//!
//! kube-scheduler's VolumeBinding does so in PreBind: it sets the `claimRef` of the volumes it chose and the
//! selected-node annotation of the claims to be provisioned; the volume controller and the provisioners do the rest and
//! say how it went by changing these objects. What was written stays when binding fails: the next attempt finds it.

mod check;
mod facts;
mod store;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use longshore_framework::pod::Pod;
use longshore_framework::port::StorageWrite;
use serde::Deserialize;

use self::check::{Chosen, Progress};
pub use self::store::StorageStore;
use self::write::Written;
use crate::call::{ApiError, Caller};
use crate::waits::{Key, Waiting};

/// How often things are looked at although no change was told, as kube-scheduler does. A volume that is told after the
/// claim that is bound to it, and was for another one before, is noticed so.
const POLL: Duration = Duration::from_secs(1);

/// What has to be written before a binding. From the moment it is made it notices what would end the wait; dropped, it
/// leaves nothing behind but what was written.
pub struct PreBind {
    store: Arc<StorageStore>,
    node: Str,
    writes: Vec<StorageWrite>,
    waiting: Waiting,
}

impl PreBind {
    /// `writes` for `pod` on the node of name `node`. Nothing is written yet.
    pub fn begin(store: &Arc<StorageStore>, pod: &Pod, node: &Str, writes: Vec<StorageWrite>) -> Self {
        let waiting = store.waits.begin(keys(pod, node, &writes));
        Self { store: Arc::clone(store), node: Arc::clone(node), writes, waiting }
    }

    /// Makes the writes, in order.
    ///
    /// # Errors
    /// The message that kube-scheduler's plugin gives: the first write that failed.
    pub async fn write(self, api: &Caller) -> Result<PreBindWritten, String> {
        let mut written = Vec::with_capacity(self.writes.len());
        for what in &self.writes {
            written.push(write::write(api, &self.store, what).await?);
        }
        Ok(PreBindWritten { prebind: self, written })
    }
}

/// Everything is written; claims may not be bound yet.
pub struct PreBindWritten {
    prebind: PreBind,
    written: Vec<Written>,
}

impl PreBindWritten {
    /// Waits at most `timeout` (`bindTimeoutSeconds`) until all claims are bound, as long as the pod is there: `is_there`
    /// is asked once in a while.
    ///
    /// The node is fetched when a volume has a node affinity to compare with its labels.
    ///
    /// # Errors
    /// `binding volumes: ` and why the claims will not be bound in time: the pod, its node, a claim or a volume is gone, the
    /// provisioner gave up, the volume is of no use on the node, or `timeout` is over. Or `preempted`.
    pub async fn until_bound(
        self,
        api: &Caller,
        timeout: Duration,
        is_there: impl Fn() -> bool,
    ) -> Result<(), String> {
        if self.written.is_empty() {
            return Ok(());
        }
        let outcome = tokio::time::timeout(timeout, self.watch(api, is_there)).await;
        outcome
            .unwrap_or_else(|_| Err("context deadline exceeded".to_string()))
            .map_err(|why| format!("binding volumes: {why}"))
    }

    async fn watch(&self, api: &Caller, is_there: impl Fn() -> bool) -> Result<(), String> {
        let PreBind { store, node, waiting, .. } = &self.prebind;
        let mut chosen = Chosen { name: node, labels: None };
        loop {
            if let Some(why) = waiting.over() {
                return Err(why.to_string());
            }
            // It may have gone before the wait began.
            if !is_there() {
                return Err("pod does not exist any more".to_string());
            }
            match check::check(store, &self.written, &chosen)? {
                Progress::Bound => return Ok(()),
                Progress::NeedsLabels => chosen.labels = Some(labels(api, node).await?),
                // That the pause is over is no error.
                Progress::Waiting => drop(tokio::time::timeout(POLL, waiting.changed()).await),
            }
        }
    }
}

fn keys(pod: &Pod, node: &str, writes: &[StorageWrite]) -> Vec<Key> {
    let claims = writes.iter().map(|what| match what {
        StorageWrite::BindVolume { namespace, claim, .. }
        | StorageWrite::Provision { namespace, claim, .. } => {
            Key::Claim((Arc::clone(namespace), Arc::clone(claim)))
        }
    });
    claims.chain([Key::Pod(Arc::clone(&pod.meta.uid)), Key::Node(node.into())]).collect()
}

async fn labels(api: &Caller, node: &str) -> Result<Labels, String> {
    let failed = |error: ApiError| format!("failed to get node \"{node}\": {}", error.message);
    let fetched: FetchedNode = api.get(&format!("/api/v1/nodes/{node}")).await.map_err(failed)?;
    Ok(fetched.metadata.labels.into_iter().map(|(k, v)| (Str::from(k), Str::from(v))).collect())
}

#[derive(Deserialize)]
struct FetchedNode {
    metadata: FetchedMetadata,
}

#[derive(Deserialize)]
struct FetchedMetadata {
    #[serde(default)]
    labels: BTreeMap<String, String>,
}
