//! Lost races: pods that a kubelet turned away because somebody else was first.
//!
//! Two schedulers that place pods on one node at the same moment cannot see each other's choice. The kubelet admits
//! pods in the order in which it learns of them, and the one that finds no room fails with a reason of its own.
//!
//! Resting a node after several lost races is not done here, nor anywhere: the next decision is made on what the watch
//! has shown since, which is what a rest would wait for.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use rustc_hash::{FxHashMap, FxHashSet};

/// Who the other scheduler was when nobody knows.
pub const UNKNOWN: &str = "unknown";

/// Bindings remembered per node.
const REMEMBERED: usize = 4;
/// Names of schedulers that are kept for sharing.
const NAMES: usize = 64;

/// What a kubelet's reason (`status.reason` of the failed pod) says of a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Another pod has what this one needs.
    Taken,
    /// There may be too little left, or the node may never have been able to: the kubelet knows more of the node (NUMA
    /// nodes, devices, attached volumes) than the API shows.
    MaybeTaken,
    /// The node had changed when the pod arrived: its labels or its taints.
    NodeChanged,
    /// Nothing: the pod cannot run there, or the node is in trouble.
    NoRace,
}

/// What `reason` says. The names are those of `k8s.io/kubernetes/pkg/kubelet`: its admission handlers and, for
/// NodeAffinity, NodeName, NodePorts and untolerated NoExecute taints, the scheduler's filters, which it asks again.
pub fn rejection(reason: &str) -> Rejection {
    match reason {
        "NodePorts" => Rejection::Taken,
        // OutOfcpu, OutOfmemory, OutOfephemeral-storage, OutOfpods, OutOfexample.com/gpu.
        _ if reason.strip_prefix("OutOf").is_some_and(|resource| !resource.is_empty()) => Rejection::Taken,
        "TopologyAffinityError" | "UnexpectedAdmissionError" | "VolumeAttachmentLimitExceeded" => {
            Rejection::MaybeTaken
        }
        "NodeAffinity" | "TaintToleration" => Rejection::NodeChanged,
        _ => Rejection::NoRace,
    }
}

/// Who else binds pods, and where they did so last.
#[derive(Debug, Default)]
pub struct Races {
    ours: FxHashSet<Str>,
    /// The other schedulers' names, to be shared.
    names: FxHashSet<Str>,
    nodes: FxHashMap<Str, Vec<Bound>>,
    /// The node of every pod in `nodes`, by UID.
    placed: FxHashMap<Str, Str>,
}

/// A pod that another scheduler bound.
#[derive(Debug)]
struct Bound {
    uid: Str,
    scheduler: Str,
    /// Seconds since 1970.
    at: i64,
}

impl Races {
    /// Races of the scheduler whose profiles have these names.
    pub fn new(ours: impl IntoIterator<Item = Str>) -> Self {
        Self { ours: ours.into_iter().collect(), ..Self::default() }
    }

    /// A pod is new or has changed. Only those that others bound are remembered, the last few per node. `bound_at` is the
    /// time of its PodScheduled condition as written; without one it counts as bound long ago.
    pub fn saw(&mut self, pod: &Pod, bound_at: &str) {
        let (scheduler, uid) = (&pod.spec.scheduler_name, &pod.meta.uid);
        let Some(node) = pod.meta.node_name.as_ref().filter(|_| !self.is_ours(pod)) else { return };
        let known = self.nodes.get(node).map_or(&[][..], Vec::as_slice);
        if self.placed.contains_key(uid) {
            return;
        }
        let at = bound_at.parse().map_or(0, jiff::Timestamp::as_second);
        if known.len() == REMEMBERED && known.first().is_some_and(|oldest| at < oldest.at) {
            return;
        }
        let scheduler = self.named(scheduler);
        let bound = Bound { uid: Arc::clone(uid), scheduler, at };
        self.placed.insert(Arc::clone(uid), Arc::clone(node));
        let list = self.nodes.entry(Arc::clone(node)).or_insert_with(|| Vec::with_capacity(REMEMBERED));
        if list.len() == REMEMBERED {
            self.placed.remove(&list.remove(0).uid);
        }
        let place = list.partition_point(|b| b.at <= at);
        list.insert(place, bound);
    }

    /// A pod is gone or has finished: it is in nobody's way any more. Pods of a node that is gone go too, one by one,
    /// and with the last of them all that is known of the node.
    pub fn left(&mut self, uid: &str) {
        let Some(node) = self.placed.remove(uid) else { return };
        let Some(list) = self.nodes.get_mut(&node) else { return };
        list.retain(|b| *b.uid != *uid);
        if list.is_empty() {
            self.nodes.remove(&node);
        }
    }

    /// To whom `pod`, which its kubelet turned away for `reason`, lost its place: the name of the scheduler that was the
    /// last to bind a pod on that node, [`UNKNOWN`] when none is known or when it was the node that changed. `None` when
    /// it was no race, or not our pod. A reason that tells little counts only where another scheduler is at work.
    pub fn lost(&self, pod: &Pod, reason: &str) -> Option<Str> {
        let node = pod.meta.node_name.as_ref().filter(|_| self.is_ours(pod))?;
        let last = self.nodes.get(node).and_then(|list| list.last()).map(|b| Arc::clone(&b.scheduler));
        match rejection(reason) {
            Rejection::Taken => Some(last.unwrap_or_else(|| UNKNOWN.into())),
            Rejection::MaybeTaken => last,
            Rejection::NodeChanged => Some(UNKNOWN.into()),
            Rejection::NoRace => None,
        }
    }

    /// Whether no binding is remembered.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.placed.is_empty()
    }

    fn is_ours(&self, pod: &Pod) -> bool {
        self.ours.contains(&pod.spec.scheduler_name)
    }

    /// The one copy of a name, so that no pod's own is kept. Pods without one were placed by hand or by a DaemonSet
    /// controller of old.
    fn named(&mut self, name: &Str) -> Str {
        let name: &str = if name.is_empty() { UNKNOWN } else { name };
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        if self.names.len() == NAMES {
            self.names.clear();
        }
        let name = Str::from(name);
        self.names.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(uid: &str, scheduler: &str, node: &str) -> Pod {
        let mut pod = Pod::default();
        pod.meta.uid = uid.into();
        Arc::make_mut(&mut pod.spec).scheduler_name = scheduler.into();
        pod.meta.node_name = Some(node.into()).filter(|_| !node.is_empty());
        pod
    }

    fn second(at: u32) -> String {
        format!("2026-01-02T15:04:{at:02}Z")
    }

    /// Pods as UID, scheduler, node and second of their binding.
    fn races(seen: &[(&str, &str, &str, u32)]) -> Races {
        let mut races = Races::new(["longshore".into()]);
        for (uid, scheduler, node, at) in seen {
            races.saw(&pod(uid, scheduler, node), &second(*at));
        }
        races
    }

    #[track_caller]
    fn check(races: &Races, reason: &str, want: Option<&str>) {
        let lost = races.lost(&pod("mine", "longshore", "n1"), reason);
        assert_eq!(lost.as_deref(), want, "{reason}");
    }

    #[test]
    fn what_another_pod_took_was_lost_to_the_scheduler_that_bound_last() {
        let beside = races(&[("a", "default-scheduler", "n1", 1), ("b", "other", "n2", 2)]);
        let reasons =
            ["OutOfcpu", "OutOfmemory", "OutOfpods", "OutOfephemeral-storage", "OutOfexample.com/gpu"];
        for reason in reasons.into_iter().chain(["NodePorts", "TopologyAffinityError"]) {
            check(&beside, reason, Some("default-scheduler"));
        }
        let alone = races(&[]);
        check(&alone, "OutOfcpu", Some("unknown"));
        check(&alone, "UnexpectedAdmissionError", None);
        check(&alone, "VolumeAttachmentLimitExceeded", None);
    }

    #[test]
    fn a_node_that_changed_is_nobodys_doing() {
        check(&races(&[("a", "default-scheduler", "n1", 1)]), "NodeAffinity", Some("unknown"));
    }

    #[test]
    fn other_reasons_are_no_race() {
        let races = races(&[("a", "default-scheduler", "n1", 1)]);
        for reason in ["", "OutOf", "Evicted", "NodeShutdown", "AppArmor", "SysctlForbidden", "Preempting"] {
            check(&races, reason, None);
        }
    }

    #[test]
    fn the_pods_of_others_cannot_lose_to_us() {
        let races = races(&[("a", "default-scheduler", "n1", 1)]);
        assert_eq!(races.lost(&pod("b", "default-scheduler", "n1"), "OutOfcpu"), None);
        assert_eq!(races.lost(&pod("mine", "longshore", ""), "OutOfcpu"), None);
    }

    #[test]
    fn order_is_that_of_binding_not_of_hearing() {
        let mut races =
            races(&[("a", "late", "n1", 9), ("b", "early", "n1", 2), ("c", "longshore", "n1", 12)]);
        check(&races, "OutOfcpu", Some("late"));
        races.saw(&pod("b", "early", "n1"), &second(2));
        races.saw(&pod("d", "none", "n1"), "");
        races.saw(&pod("e", "pending", ""), &second(20));
        check(&races, "OutOfcpu", Some("late"));
        races.saw(&pod("f", "same", "n1"), &second(9));
        check(&races, "OutOfcpu", Some("same"));
    }

    #[test]
    fn what_left_is_in_nobodys_way() {
        let mut races = races(&[("a", "first", "n1", 1), ("b", "second", "n1", 2)]);
        races.left("b");
        races.left("elsewhere");
        check(&races, "OutOfcpu", Some("first"));
        races.left("a");
        check(&races, "OutOfcpu", Some("unknown"));
        assert!(races.nodes.is_empty() && races.placed.is_empty());
    }

    #[test]
    fn only_the_last_few_are_remembered() {
        let uids: Vec<String> = (10..40).map(|n| format!("u{n}")).collect();
        let mut races = races(&[]);
        for (uid, at) in uids.iter().zip(10..) {
            races.saw(&pod(uid, "s", "n1"), &second(at));
        }
        races.saw(&pod("old", "s", "n1"), &second(1));
        let known: Vec<&str> = races.nodes["n1"].iter().map(|b| &*b.uid).collect();
        assert_eq!(known, ["u36", "u37", "u38", "u39"]);
        assert_eq!(races.placed.len(), REMEMBERED);
        assert_eq!(races.names.len(), 1);
    }
}
