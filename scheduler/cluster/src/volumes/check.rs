//! Whether everything that was written has led to bound claims, or never will.

use longshore_framework::labels::Labels;

use super::facts::{ClaimFacts, VolumeFacts, is_at_least};
use super::store::StorageStore;
use super::write::{CLAIMS, VOLUMES, Written, not_found};

/// How far binding has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All claims are bound.
    Bound,
    /// Not yet.
    Waiting,
    /// That depends on the labels of the node, which were not given.
    NeedsLabels,
}

/// The node of the pod.
pub(super) struct Chosen<'a> {
    pub(super) name: &'a str,
    /// `None` until they are needed.
    pub(super) labels: Option<Labels>,
}

/// Looks at one write after the other, in order, up to the first that is not done.
///
/// # Errors
/// Binding failed and has to be decided anew.
pub(super) fn check(
    store: &StorageStore,
    written: &[Written],
    node: &Chosen<'_>,
) -> Result<Progress, String> {
    for one in written {
        let progress = match &one.volume {
            Some(_) => check_volume(store, one, node)?,
            None => check_claim(store, one, node)?,
        };
        if progress != Progress::Bound {
            return Ok(progress);
        }
    }
    Ok(Progress::Bound)
}

/// A volume whose `claimRef` was written.
fn check_volume(store: &StorageStore, written: &Written, node: &Chosen<'_>) -> Result<Progress, String> {
    let failed = |why: String| format!("failed to check binding: {why}");
    let Some(name) = &written.volume else { return Ok(Progress::Bound) };
    let volume = store.volume(name).ok_or_else(|| failed(not_found(VOLUMES, name)))?;
    let claim = known_claim(store, written).map_err(failed)?;
    if !is_at_least(&volume.resource_version, &written.version) {
        return Ok(Progress::Waiting);
    }
    if !is_usable(name, &volume, node)? {
        return Ok(Progress::NeedsLabels);
    }
    if !volume.is_bound_to(&written.claim, &written.uid) {
        return Err(format!("ClaimRef got reset for pv \"{name}\""));
    }
    progress(&claim, &written.claim.1)
}

/// A claim whose selected node was written.
fn check_claim(store: &StorageStore, written: &Written, node: &Chosen<'_>) -> Result<Progress, String> {
    let name = &written.claim.1;
    let claim =
        known_claim(store, written).map_err(|why| format!("failed to check provisioning pvc: {why}"))?;
    if !is_at_least(&claim.resource_version, &written.version) {
        return Ok(Progress::Waiting);
    }
    if !claim.annotated {
        return Err(format!("selectedNode annotation reset for PVC \"{name}\""));
    }
    // A provisioner that cannot provide a volume on the node takes the annotation away.
    if claim.selected_node.as_deref() != Some(node.name) {
        return Err(format!("provisioning failed for PVC \"{name}\""));
    }
    if let Some(volume_name) = &claim.volume {
        match store.volume(volume_name) {
            // Volumes and claims are watched separately: the claim may be ahead.
            None if !claim.lost => return Ok(Progress::Waiting),
            Some(volume) if !is_usable(volume_name, &volume, node)? => return Ok(Progress::NeedsLabels),
            _ => {}
        }
    }
    progress(&claim, name)
}

/// The claim, if it is still the one that was written for.
fn known_claim(store: &StorageStore, written: &Written) -> Result<ClaimFacts, String> {
    let (namespace, name) = &written.claim;
    let claim = store.claim(&written.claim).filter(|claim| claim.uid == written.uid);
    claim.ok_or_else(|| not_found(CLAIMS, &format!("{namespace}/{name}")))
}

fn progress(claim: &ClaimFacts, name: &str) -> Result<Progress, String> {
    match &claim.volume {
        Some(volume) if claim.lost => Err(format!(
            "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
        )),
        _ if claim.is_bound() => Ok(Progress::Bound),
        _ => Ok(Progress::Waiting),
    }
}

/// Whether the node can use the volume. `false`: only its labels can tell.
///
/// # Errors
/// It cannot.
fn is_usable(name: &str, volume: &VolumeFacts, node: &Chosen<'_>) -> Result<bool, String> {
    let Some(labels) = &node.labels else { return Ok(volume.affinity.is_none()) };
    if volume.allows(labels) {
        return Ok(true);
    }
    let node = node.name;
    Err(format!("pv \"{name}\" node affinity doesn't match node \"{node}\": no matching NodeSelectorTerms"))
}
