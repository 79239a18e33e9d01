//! Who has to go: a namespace within its min takes back what others borrowed; one above it makes room among its own pods.

use catalogue_common::RawPod;
use catalogue_common::preemption::{Back, Candidate, Victim, most_important_first, no_victims};
use longshore_plugin::{Error, Pod, host};

use crate::quota::{BUDGETS, Quotas};
use crate::usage::Wanted;

/// Who has to go from the node for the pod to fit; else why that is of no use.
pub(crate) fn candidate(
    pod: &Pod,
    node: &str,
    mut quotas: Quotas,
    wanted: &Wanted,
) -> Result<Result<Candidate, String>, Error> {
    let potential = potential(pod, node, &mut quotas, wanted)?;
    if potential.is_empty() {
        return Ok(Err(no_victims(node, &pod.name)));
    }
    let all: Vec<String> = potential.iter().map(|victim| victim.info.uid.clone()).collect();
    if let longshore_plugin::Verdict::Reject(reject) = host::engine::would_fit(node, &all)? {
        return Ok(Err(reject.reason.into_owned()));
    }
    let over = |quotas: &Quotas, in_namespace, in_all| {
        let quota = quotas.of(&pod.namespace);
        quota.is_some_and(|quota| quota.over_max_with(in_namespace) || quotas.over_all_min_with(in_all))
    };
    if over(&quotas, &wanted.own, &wanted.own) {
        return Ok(Err("global quota max exceeded".to_owned()));
    }
    let spared = Candidate::spare(node, potential, &BUDGETS.all(), |victim, without| {
        quotas.add(&victim.info);
        let fits = host::engine::would_fit(node, without)?.fits();
        if !fits {
            quotas.remove(&victim.info);
        }
        let over = over(&quotas, &wanted.in_namespace, &wanted.in_all);
        if fits && over {
            quotas.remove(&victim.info);
        }
        Ok(match (fits, over) {
            (true, false) => Back::Stays,
            (true, true) => Back::GoesForOther,
            (false, false) => Back::Goes,
            // Pods that are promised a node need more than this one's leaving gives.
            (false, true) => Back::Useless,
        })
    })?;
    Ok(spared.ok_or_else(|| "global quota max exceeded".to_owned()))
}

/// The pods of the node that may have to go, which no longer count in the quotas.
fn potential(pod: &Pod, node: &str, quotas: &mut Quotas, wanted: &Wanted) -> Result<Vec<Victim>, Error> {
    let mut there = Vec::new();
    for other in host::pods::on_node(node) {
        there.push(Victim::new(&other, RawPod::find(&other.uid)?.as_ref()));
    }
    most_important_first(&mut there);
    // The least important one first: who is taken from a namespace lessens what it uses above its min.
    there.reverse();
    let above = quotas.of(&pod.namespace).map(|quota| quota.over_min_with(&wanted.in_namespace));
    let mut potential = Vec::new();
    for victim in there {
        let (other, lower) = (&victim.info, victim.info.priority < pod.priority);
        let same = other.namespace == pod.namespace;
        let goes = match (above, quotas.of(&other.namespace)) {
            (Some(true), Some(_)) => same && lower,
            (Some(false), Some(quota)) => !same && quota.over_min(),
            (None, None) => lower,
            _ => false,
        };
        if goes {
            quotas.remove(other);
            potential.push(victim);
        }
    }
    Ok(potential)
}
