//! What pods on nodes may do. A pod is read whole once, and again only until it runs.

use std::collections::BTreeMap;

use catalogue_common::RawPod;
use longshore_plugin::{Error, PodInfo};

use crate::profiles::{Key, keys};

/// So many pods are remembered at the most; when there are more, all are read anew.
const MOST: usize = 200_000;

/// Pods that run, by UID: the profiles that each has.
#[derive(Default)]
pub(crate) struct There(BTreeMap<String, Vec<Key>>);

impl There {
    /// The profiles of a pod; `None` when it does not count yet.
    pub(crate) fn profiles(&mut self, pod: &PodInfo) -> Result<Option<&[Key]>, Error> {
        if !self.0.contains_key(&pod.uid) {
            let raw = RawPod::find(&pod.uid)?.filter(counts);
            let Some(raw) = raw else { return Ok(None) };
            if self.0.len() >= MOST {
                self.0.clear();
            }
            self.0.insert(pod.uid.clone(), keys(&raw));
        }
        Ok(self.0.get(&pod.uid).map(Vec::as_slice))
    }
}

/// It runs, or kubelet has begun with it.
fn counts(pod: &RawPod) -> bool {
    let begun = pod.status.host_ip.as_deref().is_some_and(|address| !address.is_empty());
    match pod.status.phase.as_deref() {
        Some("Running") => true,
        Some("Pending") | None => begun,
        _ => false,
    }
}
