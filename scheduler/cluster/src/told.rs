//! What the watches and the performers tell the scheduling thread, and whoever else listens.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_manifest::{Identity, SeenPod};

use crate::extender::Wants;
use crate::kinds::WatchedKind;

/// The way to the scheduling thread.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// What the scheduling thread is told.
#[derive(Debug)]
pub enum Told {
    /// Something happened.
    Input(Input),
    /// A kind is known completely for the first time, or will not be known: [`WatchState`] says which.
    Synced(&'static WatchedKind),
    /// A kubelet turned a pod away after it was bound.
    Rejected {
        /// The pod.
        pod: Arc<Pod>,
        /// `status.reason`, such as `OutOfcpu`.
        reason: Str,
    },
    /// There is no use in going on.
    Fatal(String),
}

/// Somebody else who wants to see what is watched: on the watching task, so it has to be quick.
pub trait Bystander: Send + Sync {
    /// Of which objects all that changes is news to somebody, though the model may not read it.
    fn reads_whole(&self) -> Wants {
        Wants::default()
    }
    /// A pod is new or has changed.
    fn pod(&self, _identity: &Identity, _seen: &SeenPod, _json: &str) {}
    /// An object of another kind is new or has changed.
    fn object(&self, _kind: &'static WatchedKind, _identity: &Identity, _json: &str) {}
    /// An object is gone.
    fn gone(&self, _kind: &'static WatchedKind, _identity: &Identity) {}
    /// An object cannot be read.
    fn unreadable(&self, _kind: &'static WatchedKind, _identity: &Identity, _error: &str) {}
}

/// Nobody.
#[derive(Debug)]
pub struct NoBystander;

impl Bystander for NoBystander {}
