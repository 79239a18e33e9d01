//! Evicts the pods whose loss matters least, counted by the cpu that they hold.
//!
//! DefaultPreemption compares candidates by priorities and then by numbers of pods. This plugin takes the node where the
//! least cpu of running pods is lost. It asks the scheduler what evictions would do: with every pod of lower
//! priority gone, would the pod fit? Then it keeps as many of them as it can, those that budgets protect first.
//!
//! The operator grants `engine`, `evict` and `pods`.

use longshore_plugin::prelude::*;

/// So many nodes are tried at the most.
const MOST_NODES: usize = 100;

/// The plugin.
pub struct MakeRoom;

impl Plugin for MakeRoom {
    type Config = ();
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("MakeRoom")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Evicts the pods whose loss matters least, counted by their cpu")
    }

    fn new((): ()) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// What evicting from a node would cost.
struct Plan {
    node: String,
    victims: Vec<String>,
    cpu: i64,
}

/// The fewest pods of the node that have to go; `None` when nothing helps there.
fn plan(pod: &Pod, node: &str) -> Result<Option<Plan>, Error> {
    let pods = host::pods::on_node(node);
    let lower: Vec<&PodInfo> = pods.iter().filter(|other| other.priority < pod.priority).collect();
    let mut victims: Vec<String> = lower.iter().map(|other| other.uid.clone()).collect();
    if victims.is_empty() || host::engine::would_fit(node, &victims)? != Verdict::Fit {
        return Ok(None);
    }
    for kept in host::engine::keep_first(node, &victims.clone())? {
        let without: Vec<String> = victims.iter().filter(|uid| **uid != kept).cloned().collect();
        if host::engine::would_fit(node, &without)? == Verdict::Fit {
            victims = without;
        }
    }
    let lost = lower.iter().filter(|other| victims.contains(&other.uid));
    let cpu = lost.map(|other| other.request("cpu")).sum();
    Ok(Some(Plan { node: node.to_owned(), victims, cpu }))
}

impl PostFilter for MakeRoom {
    fn post_filter(
        &mut self,
        pod: &Pod,
        _shared: &(),
        rejected: &[(String, RejectCode)],
    ) -> Result<PostFilterOutcome, Error> {
        let helps = |(_, code): &&(String, RejectCode)| *code == RejectCode::Unschedulable;
        let mut best: Option<Plan> = None;
        for (node, _) in rejected.iter().filter(helps).take(MOST_NODES) {
            // Somebody is leaving already, or somebody else is to come.
            if !host::engine::terminating(node).is_empty() || !host::engine::nominated(node).is_empty() {
                continue;
            }
            let plan = plan(pod, node)?;
            best = match (best, plan) {
                (Some(best), Some(plan)) if plan.cpu < best.cpu => Some(plan),
                (None, plan) => plan,
                (best, _) => best,
            };
        }
        Ok(match best {
            Some(Plan { node, victims, .. }) => PostFilterOutcome::Nominate { node, victims },
            None => PostFilterOutcome::Reject(Reject::unschedulable("no eviction makes room")),
        })
    }
}

export_plugin!(MakeRoom: PostFilter);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_keep_first, set_pods, set_would_fit};

    fn running(name: &str, node: &str, cpu: i64) -> PodInfo {
        let mut info = Pod::new("shop", name).with_request("cpu", cpu).info;
        info.node = Some(node.to_owned());
        info
    }

    /// The pod fits where so much cpu is free.
    fn world(pods: &[PodInfo], free: i64) {
        set_pods(pods.to_vec());
        let pods = pods.to_vec();
        set_keep_first(|_, pods| Some(pods.to_vec()));
        set_would_fit(move |node, without| {
            let goes = |pod: &&PodInfo| pod.node.as_deref() == Some(node) && without.contains(&pod.uid);
            let room: i64 = pods.iter().filter(goes).map(|pod| pod.request("cpu")).sum();
            Some(fit_if(room >= free, "Insufficient cpu"))
        });
    }

    fn asked() -> PostFilterOutcome {
        let cluster = Cluster::new().node(Made::new("a")).node(Made::new("b"));
        let mut pod = Pod::new("shop", "large");
        pod.info.priority = 10;
        Run::new(MakeRoom, &cluster).post_filter(&pod, RejectCode::Unschedulable).unwrap()
    }

    #[test]
    fn the_node_where_least_is_lost_is_taken_and_nobody_goes_in_vain() {
        world(&[running("x", "a", 900), running("y", "b", 300), running("z", "b", 500)], 500);
        let want = PostFilterOutcome::Nominate { node: "b".into(), victims: vec!["shop/z".into()] };
        assert_eq!(asked(), want);
    }

    #[test]
    fn nothing_is_done_where_nothing_helps() {
        world(&[running("x", "a", 900)], 1000);
        let want = PostFilterOutcome::Reject(Reject::unschedulable("no eviction makes room"));
        assert_eq!(asked(), want);
    }
}
