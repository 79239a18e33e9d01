//! What would help a pod that fits nowhere: changes of the pod, of a node, or of how a node is labelled. Each one was tried
//! with the engine before it is told, and opens the nodes that it names.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `trial` | how to try changes |
//! | `pods` | constraints of the pod that can be left out |
//! | `amounts` | how far requests have to come down |
//! | `devices` | what can be done about claims for devices |
//! | `nodes` | what can be done to a node |
//! | `added` | the labels that `addedAffinity` of a profile wants |
//! | `together` | the fewest changes that help together, where no single one does |

mod added;
mod amounts;
mod devices;
mod nodes;
mod pods;
mod together;
mod trial;

use std::sync::Arc;

use longshore_engine::{Engine, Judgement};
use longshore_framework::pod::Pod;

use self::trial::{PodChange, Trial};
use crate::report::{ChangeOf, DeviceSearches, Relaxation};

/// The single changes that would open nodes to the pod, the most effective first; where there are none, the fewest that
/// do so together.
pub(crate) fn advice(
    engine: &mut Engine,
    pod: &Arc<Pod>,
    judged: &[Judgement],
    searches: Option<&DeviceSearches>,
) -> Vec<Relaxation> {
    let of_claims = devices::changes(engine, pod, searches);
    let mut of_pod = amounts::changes(engine.snapshot(), pod, judged);
    of_pod.extend(pods::changes(engine, pod, judged));
    let of_nodes = nodes::changes(engine, pod, judged);
    let nearest = together::nearest(engine, pod, judged);
    let mut trial = Trial::new(engine, pod);
    // Of equals, what somebody can do to a node first: the pod stays what it is. What has to pass by itself comes last.
    let (passing, doable): (Vec<_>, Vec<_>) = of_nodes.into_iter().partition(nodes::Group::has_to_pass);
    let mut found: Vec<Relaxation> = Vec::new();
    found.extend(doable.iter().filter_map(|group| nodes::helpful(&mut trial, group)));
    found.extend(of_claims.iter().filter_map(|change| devices::helpful(&mut trial, change)));
    found.extend(of_pod.iter().filter_map(|change| helpful(&mut trial, change)));
    found.extend(passing.iter().filter_map(|group| nodes::helpful(&mut trial, group)));
    if found.is_empty() {
        found.extend(nearest.iter().filter_map(|node| together::helpful(&mut trial, node, &of_pod)));
    }
    found.sort_by_key(|r| std::cmp::Reverse(r.nodes));
    found
}

fn helpful(trial: &mut Trial<'_>, change: &PodChange) -> Option<Relaxation> {
    let on = trial.opened(&[change], &[]);
    (!on.is_empty()).then(|| Relaxation::new(change.text.clone(), ChangeOf::Pod, on))
}
