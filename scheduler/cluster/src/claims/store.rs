//! The claims for devices of the cluster, as far as writing them needs, and who waits for which.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dashmap::DashMap;
use longshore_framework::Str;
use longshore_framework::objects::NamespacedName;
use longshore_manifest::Identity;
use rustc_hash::FxBuildHasher;

use super::facts::{ClaimFacts, DeviceKey};
use crate::kinds::WatchedKind;
use crate::told::Bystander;
use crate::waits::{Key, Waits};

type Map<K, V> = DashMap<K, V, FxBuildHasher>;

/// The `apiVersion` of claims where no claim has said another.
const NEWEST: &str = "resource.k8s.io/v1";

/// What is known of claims. The watch fills it, as a [`Bystander`]; the answers to what is written make it newer. It holds as
/// many claims as there are, and of each device that a claim has for itself alone who that is.
#[derive(Debug)]
pub struct ClaimStore {
    /// The `apiVersion` that is watched, and so the one that is written.
    api_version: OnceLock<&'static str>,
    claims: Map<NamespacedName, Entry>,
    holders: Map<DeviceKey, Vec<Holder>>,
    pub(super) waits: Waits,
    /// What was written.
    pub counts: ClaimCounts,
    /// How long the watch may take to show what was written. It takes milliseconds; longer when the API server closes it.
    pub(super) shown_within: Duration,
}

/// How much was written of claims since the start.
#[derive(Debug, Default)]
pub struct ClaimCounts {
    /// Claims that were made for extended resources.
    pub made: Count,
    /// Claims that were given to a pod, with what they get where they had nothing.
    pub given: Count,
    /// What was taken back: a pod's use, what a claim had, or a claim.
    pub taken_back: Count,
}

/// How often something was done, and how often it failed.
#[derive(Debug, Default)]
pub struct Count {
    done: AtomicU64,
    failed: AtomicU64,
}

impl Count {
    /// Once more.
    pub(super) fn add<T, E>(&self, result: &Result<T, E>) {
        let count = if result.is_ok() { &self.done } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was done.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// How often it failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

impl Default for ClaimStore {
    fn default() -> Self {
        Self::with(Duration::from_secs(60))
    }
}

#[derive(Debug)]
struct Entry {
    /// As the watch or an answer has it, whichever is newer.
    facts: ClaimFacts,
    /// The version that the watch has shown.
    watched: u64,
    /// The devices that the claim has for itself alone, as the watch has shown: there the order is the same for everybody.
    held: Arc<[DeviceKey]>,
}

/// A claim that has a device.
#[derive(Clone, Debug)]
struct Holder {
    claim: NamespacedName,
    /// The version in which the watch showed first that it has.
    since: u64,
}

impl ClaimStore {
    /// Knows nothing yet. The watch may take so long to show what was written.
    pub(super) fn with(shown_within: Duration) -> Self {
        let (claims, holders, waits) = (Map::default(), Map::default(), Waits::default());
        let counts = ClaimCounts::default();
        Self { api_version: OnceLock::new(), claims, holders, waits, counts, shown_within }
    }

    /// The `apiVersion` that claims are written in.
    pub(super) fn api_version(&self) -> &'static str {
        self.api_version.get().copied().unwrap_or(NEWEST)
    }

    /// A claim is new or has changed. One that cannot be read counts as it was.
    pub(super) fn saw(&self, json: &str) {
        let Ok((namespace, name, facts)) = ClaimFacts::read(json.as_bytes()) else { return };
        let (key, watched, held) = ((namespace, name), facts.version, Arc::clone(&facts.devices));
        let had = self.claims.get(&key).map_or_else(Arc::default, |entry| Arc::clone(&entry.held));
        self.hold(&key, &had, &held, watched);
        let new = || Entry { facts: facts.clone(), watched, held: Arc::clone(&held) };
        let mut entry = self.claims.entry(key.clone()).or_insert_with(new);
        (entry.watched, entry.held) = (watched, held);
        // An answer may have said more already.
        if entry.facts.uid != facts.uid || entry.facts.version <= facts.version {
            entry.facts = facts;
        }
        drop(entry);
        self.waits.wake(&Key::DeviceClaim(key));
    }

    /// The API server has answered with a claim. One that is not known yet, or no more, is left to the watch.
    pub(super) fn answered(&self, key: &NamespacedName, facts: &ClaimFacts) {
        if let Some(mut entry) = self.claims.get_mut(key)
            && entry.facts.uid == facts.uid
            && entry.facts.version < facts.version
        {
            entry.facts = facts.clone();
        }
    }

    /// The claim as it is known.
    pub(super) fn claim(&self, key: &NamespacedName) -> Option<ClaimFacts> {
        self.claims.get(key).map(|entry| entry.facts.clone())
    }

    /// Whether the watch has shown the claim of this UID in this version, or in a newer one.
    pub(super) fn has_shown(&self, key: &NamespacedName, uid: &Str, version: u64) -> bool {
        self.claims.get(key).is_some_and(|entry| entry.facts.uid == *uid && entry.watched >= version)
    }

    /// Another claim that has one of the claim's devices, and had it before.
    pub(super) fn rival(&self, key: &NamespacedName) -> Option<(DeviceKey, NamespacedName)> {
        let devices = self.claims.get(key).map(|entry| Arc::clone(&entry.held))?;
        devices.iter().find_map(|device| {
            let holders = self.holders.get(device)?;
            let own = holders.iter().find(|holder| holder.claim == *key)?.since;
            let before = holders.iter().find(|holder| holder.claim != *key && holder.since < own)?;
            Some((device.clone(), before.claim.clone()))
        })
    }

    /// The room of a pod that waits is wanted for another: it waits no longer.
    pub fn preempted(&self, uid: &Str) {
        self.waits.end(&Key::Pod(Arc::clone(uid)), "preempted");
    }

    /// Whether no claim is known, and nobody waits for one.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.holders.is_empty() && self.waits.is_empty()
    }

    fn left(&self, identity: &Identity) {
        let key = (Arc::clone(&identity.namespace), Arc::clone(&identity.name));
        let left = self.claims.remove_if(&key, |_, entry| entry.facts.uid == identity.uid);
        if let Some((_, entry)) = left {
            self.hold(&key, &entry.held, &[], 0);
        }
        self.waits.wake(&Key::DeviceClaim(key));
    }

    /// The claim had these devices, and has those now.
    fn hold(&self, key: &NamespacedName, had: &[DeviceKey], has: &[DeviceKey], since: u64) {
        for device in had.iter().filter(|device| !has.contains(device)) {
            self.holders.remove_if_mut(device, |_, holders| {
                holders.retain(|holder| holder.claim != *key);
                holders.is_empty()
            });
        }
        for device in has.iter().filter(|device| !had.contains(device)) {
            self.holders.entry(device.clone()).or_default().push(Holder { claim: key.clone(), since });
        }
    }
}

impl Bystander for ClaimStore {
    fn object(&self, kind: &'static WatchedKind, _: &Identity, json: &str) {
        if kind.kind == "ResourceClaim" {
            // It is the same for all of them.
            let _ = self.api_version.set(kind.api_version);
            self.saw(json);
        }
    }

    fn gone(&self, kind: &'static WatchedKind, identity: &Identity) {
        match kind.kind {
            "ResourceClaim" => self.left(identity),
            "Pod" => {
                let why = format!("pod \"{}\" not found", identity.name);
                self.waits.end(&Key::Pod(Arc::clone(&identity.uid)), &why);
            }
            _ => {}
        }
    }
}
