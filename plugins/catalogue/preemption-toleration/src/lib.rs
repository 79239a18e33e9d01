//! PreemptionToleration: default preemption, but pods whose PriorityClass says so are spared, by annotations:
//! `preemption-toleration.scheduling.x-k8s.io/minimum-preemptable-priority` and `.../toleration-seconds`.
//!
//! The operator grants `clock`, `engine`, `evict`, `objects`, `pods` and `raw`.

mod args;
mod policy;

use catalogue_common::RawPod;
use catalogue_common::preemption::{Back, Candidate, Vain, Victim, choose, no_victims, resolvable};
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Settings;
use policy::{BUDGETS, CLASSES, KINDS};

/// The plugin.
pub struct PreemptionToleration {
    settings: Settings,
}

impl Plugin for PreemptionToleration {
    type Config = Value;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("PreemptionToleration")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Preemption that spares pods whose PriorityClass says so")
            .objects(KINDS)
            .raw_pod()
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        Ok(Self { settings: Settings::read(&config)? })
    }
}

/// The pods of the node that may have to go.
fn potential(pod: &Pod, node: &str) -> Result<Vec<Victim>, Error> {
    let mut found = Vec::new();
    for other in host::pods::on_node(node).iter().filter(|other| other.priority < pod.priority) {
        let raw = RawPod::find(&other.uid)?;
        let class = raw.as_ref().and_then(|raw| CLASSES.get("", raw.spec.priority_class_name.as_deref()?));
        let spared = match (&raw, class) {
            (Some(raw), Some(class)) => class.spares(raw, pod.priority, host::clock::now()),
            _ => false,
        };
        if !spared {
            found.push(Victim::new(other, raw.as_ref()));
        }
    }
    Ok(found)
}

/// Who has to go from the node for the pod to fit; else why that is of no use.
fn candidate(pod: &Pod, node: &str) -> Result<Result<Candidate, String>, Error> {
    let potential = potential(pod, node)?;
    if potential.is_empty() {
        return Ok(Err(no_victims(node, &pod.name)));
    }
    let all: Vec<String> = potential.iter().map(|victim| victim.info.uid.clone()).collect();
    if let Verdict::Reject(reject) = host::engine::would_fit(node, &all)? {
        return Ok(Err(reject.reason.into_owned()));
    }
    let back = |_: &Victim, without: &[String]| {
        Ok(if host::engine::would_fit(node, without)?.fits() { Back::Stays } else { Back::Goes })
    };
    let spared = Candidate::spare(node, potential, &BUDGETS.all(), back)?;
    Ok(spared.ok_or_else(|| no_victims(node, &pod.name)))
}

/// Why a pod may evict nobody at all.
fn ineligible(pod: &Pod) -> Result<Option<&'static str>, Error> {
    let raw = RawPod::of(pod)?;
    if raw.spec.preemption_policy.as_deref() == Some("Never") {
        return Ok(Some("not eligible due to preemptionPolicy=Never."));
    }
    let Some(node) = raw.status.nominated_node_name.filter(|node| !node.is_empty()) else { return Ok(None) };
    let ending = host::engine::terminating(&node);
    let mut there = host::pods::on_node(&node).into_iter();
    let waits = there.any(|other| other.priority < pod.priority && ending.contains(&other.uid));
    Ok(waits.then_some("not eligible due to a terminating pod on the nominated node."))
}

impl PostFilter for PreemptionToleration {
    fn post_filter(
        &mut self,
        pod: &Pod,
        (): &(),
        rejected: &[(String, RejectCode)],
    ) -> Result<PostFilterOutcome, Error> {
        if let Some(why) = ineligible(pod)? {
            let message = format!("preemption: {why}");
            return Ok(PostFilterOutcome::Reject(Reject::unschedulable(message)));
        }
        let nodes: Vec<&str> = resolvable(rejected).collect();
        let enough = self.settings.enough(nodes.len());
        let (mut found, mut vain) = (Vec::new(), Vain::default());
        for node in nodes {
            match candidate(pod, node)? {
                Ok(candidate) => found.push(candidate),
                Err(why) => vain.add(why),
            }
            let clean = found.iter().any(|candidate: &Candidate| candidate.violations == 0);
            if clean && found.len() >= enough {
                break;
            }
        }
        Ok(match choose(found) {
            Some(best) => PostFilterOutcome::Nominate { victims: best.uids(), node: best.node },
            None => PostFilterOutcome::Reject(Reject::unschedulable(vain.message(rejected.len()))),
        })
    }
}

export_plugin!(PreemptionToleration: PostFilter, Objects);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_pods, set_raw_pods, set_would_fit};
    use serde_json::json;

    const MINIMUM: &str = "preemption-toleration.scheduling.x-k8s.io/minimum-preemptable-priority";
    const SECONDS: &str = "preemption-toleration.scheduling.x-k8s.io/toleration-seconds";

    /// A cluster of two nodes with a pod each; that on `a` is of a class that spares it from priorities below 100.
    fn asked(priority: i32, policy: &str) -> PostFilterOutcome {
        let on = |name: &str, node: &str, priority: i32| {
            let mut info = PodInfo::new("shop", name);
            (info.priority, info.node) = (priority, Some(node.to_owned()));
            info
        };
        set_pods(vec![on("tolerant", "a", 1), on("other", "b", 5)]);
        let there = |class: &str| json!({"spec": {"nodeName": "x", "priorityClassName": class}}).to_string();
        set_raw_pods(vec![("shop/tolerant".into(), there("tolerant")), ("shop/other".into(), there("gone"))]);
        set_would_fit(|_, without| Some(fit_if(!without.is_empty(), "Insufficient cpu")));
        let annotations = json!({MINIMUM: "100", SECONDS: "-1"});
        let class = json!({"metadata": {"name": "tolerant", "annotations": annotations}, "value": 1});
        let cluster = Cluster::new().node(Made::new("a")).node(Made::new("b")).object(CLASSES, class);
        let mut pod = Pod::new("shop", "large");
        pod.info.priority = priority;
        pod.raw = Some(json!({"spec": {"preemptionPolicy": policy}}).to_string().into_bytes());
        Run::<PreemptionToleration>::configured("null", &cluster)
            .unwrap()
            .post_filter(&pod, RejectCode::Unschedulable)
            .unwrap()
    }

    fn rejected(message: &'static str) -> PostFilterOutcome {
        PostFilterOutcome::Reject(Reject::unschedulable(message))
    }

    #[test]
    fn a_pod_is_spared_from_priorities_below_its_classs_minimum() {
        let nominate = |node: &str, victim: &str| PostFilterOutcome::Nominate {
            node: node.into(),
            victims: vec![victim.into()],
        };
        assert_eq!(asked(10, "PreemptLowerPriority"), nominate("b", "shop/other"));
        assert_eq!(asked(100, "PreemptLowerPriority"), nominate("a", "shop/tolerant"));
    }

    #[test]
    fn it_is_said_why_nobody_is_evicted() {
        assert_eq!(asked(100, "Never"), rejected("preemption: not eligible due to preemptionPolicy=Never."));
        let none = "preemption: 0/2 nodes are available: 1 No victims found on node a for preemptor pod large, \
                    1 No victims found on node b for preemptor pod large.";
        assert_eq!(asked(2, ""), rejected(none));
    }
}
