//! Pods of a group start together or not at all.
//!
//! A pod belongs to the group that its label `scheduling.longshore.dev/group` names, in its namespace. Permit lets it wait
//! until as many pods of the group have a node as the label `scheduling.longshore.dev/min-members` says; then all go on.
//! When one of them gives up (its time is over, it was deleted, or it was rejected elsewhere) before that, so do the others
//! that wait.
//!
//! Who waits and who is on a node the plugin asks the scheduler. It remembers who came and has no node yet: whenever a pod
//! begins to wait these are woken, so that those which gave up join it at once, before its time is over. The operator grants
//! `pods` and `engine`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use longshore_plugin::prelude::*;
use serde::Deserialize;

/// The label with the group's name.
pub const GROUP: &str = "scheduling.longshore.dev/group";

/// The label with the number of pods that have to have a node.
pub const MIN_MEMBERS: &str = "scheduling.longshore.dev/min-members";

/// The plugin's config.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Config {
    /// How long a pod waits for the others: 60 seconds by default, 900 at the most.
    timeout_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { timeout_seconds: 60 }
    }
}

/// So many pods without a node are remembered at the most; of more, those that came last are not woken.
const MOST: usize = 20_000;

/// The plugin.
pub struct Gang {
    timeout: Duration,
    /// UIDs of pods that came and have no node, with their namespace and group.
    homeless: RefCell<BTreeMap<String, (String, String)>>,
}

impl Gang {
    fn remember(&self, pod: &PodInfo) {
        let mut homeless = self.homeless.borrow_mut();
        if let Some(group) = group(pod)
            && homeless.len() < MOST
        {
            homeless.insert(pod.uid.clone(), group);
        }
    }

    fn forget(&self, uid: &str) {
        self.homeless.borrow_mut().remove(uid);
    }

    /// Others of a pod's group that have no node are tried again. Those that are gone meanwhile are forgotten: who is woken
    /// and there comes to PreFilter again.
    fn wake(&self, pod: &PodInfo) {
        let mut homeless = self.homeless.borrow_mut();
        let group = group(pod);
        homeless.retain(|uid, other| {
            let wake = group.as_ref() == Some(other) && *uid != pod.uid;
            if wake {
                host::engine::activate(uid);
            }
            !wake
        });
    }
}

/// Namespace and group of a pod.
fn group(pod: &PodInfo) -> Option<(String, String)> {
    Some((pod.namespace.clone(), pod.label(GROUP)?.to_owned()))
}

impl Plugin for Gang {
    type Config = Config;
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("Gang")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Pods of a group start together or not at all")
            .single()
            .event("Pod", &["Add"])
    }

    fn new(config: Config) -> Result<Self, Error> {
        match config.timeout_seconds {
            seconds @ 1..=900 => {
                Ok(Self { timeout: Duration::from_secs(seconds), homeless: RefCell::default() })
            }
            seconds => Err(format!("timeoutSeconds is {seconds}; it has to be in 1 to 900").into()),
        }
    }
}

/// Whether a pod is of the same group as another.
fn together(one: &PodInfo, other: &PodInfo) -> bool {
    one.namespace == other.namespace && one.label(GROUP) == other.label(GROUP)
}

/// How many pods of a pod's group have to have a node; `None` for a pod without a group.
fn min_members(pod: &PodInfo) -> Result<Option<usize>, Reject> {
    if pod.label(GROUP).is_none() {
        return Ok(None);
    }
    let number = pod.label(MIN_MEMBERS).and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    number.map(Some).ok_or(Reject::unresolvable("the pod's group has no number of members"))
}

/// The other pods of a pod's group that wait.
fn waiting(pod: &PodInfo) -> Vec<PodInfo> {
    let others = host::waiting::pods().into_iter();
    others.filter(|other| together(pod, other) && other.uid != pod.uid).collect()
}

/// UIDs of the other pods of a pod's group that are on nodes, those that wait included.
fn placed(pod: &PodInfo) -> BTreeSet<String> {
    let others = host::pods::of_namespace(&pod.namespace).into_iter();
    others.filter(|other| together(pod, other) && other.uid != pod.uid).map(|other| other.uid).collect()
}

impl PreFilter for Gang {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        Ok(match min_members(pod) {
            Ok(_) => {
                self.remember(pod);
                PreFilterOutcome::All(())
            }
            Err(reject) => PreFilterOutcome::Reject(reject),
        })
    }
}

impl Permit for Gang {
    fn permit(&mut self, at: &Placement<'_, Self>) -> Result<PermitOutcome, Error> {
        let needed = match min_members(at.pod) {
            Ok(None) => return Ok(PermitOutcome::Allow),
            Ok(Some(needed)) => needed,
            Err(reject) => return Ok(PermitOutcome::Reject(reject)),
        };
        let waiting = waiting(at.pod);
        let mut members = placed(at.pod);
        members.extend(waiting.iter().map(|other| other.uid.clone()));
        self.forget(&at.pod.uid);
        // This pod is the one more.
        if members.len() + 1 < needed {
            self.wake(at.pod);
            return Ok(PermitOutcome::Wait(self.timeout));
        }
        for other in waiting {
            host::waiting::allow(&other.uid);
        }
        self.wake(at.pod);
        Ok(PermitOutcome::Allow)
    }
}

impl Reserve for Gang {
    fn reserve(&mut self, _at: &Placement<'_, Self>) -> Result<Verdict, Error> {
        Ok(Verdict::Fit)
    }

    fn unreserve(&mut self, pod: &Pod, _node: &str) {
        let Ok(Some(needed)) = min_members(pod) else { return };
        self.remember(pod);
        let waiting = waiting(pod);
        let gone_on =
            placed(pod).into_iter().filter(|uid| waiting.iter().all(|other| other.uid != *uid)).count();
        // A group that has started goes on without one of its pods.
        if gone_on >= needed {
            return;
        }
        for other in waiting {
            self.remember(&other);
            host::waiting::reject(&other.uid, "another pod of the group found no node in time");
        }
    }
}

export_plugin!(Gang: PreFilter, Reserve, Permit);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Run, asked, set_pods, set_waiting};

    fn member(name: &str) -> Pod {
        Pod::new("shop", name).with_label(GROUP, "train").with_label(MIN_MEMBERS, "3")
    }

    fn run() -> Run<Gang> {
        Run::configured("null", &Cluster::new()).unwrap()
    }

    /// What Permit says when these wait and these are on nodes.
    fn permit(pod: &Pod, waiting: &[&str], placed: &[&str]) -> PermitOutcome {
        set_waiting(waiting.iter().map(|name| member(name).info).collect());
        set_pods(placed.iter().chain(waiting).map(|name| member(name).info).collect());
        run().permit(pod, "node").unwrap()
    }

    #[test]
    fn pods_wait_until_enough_have_a_node() {
        let wait = PermitOutcome::Wait(Duration::from_secs(60));
        assert_eq!(permit(&member("a"), &[], &[]), wait);
        assert_eq!(permit(&member("b"), &["a"], &[]), wait);
        assert_eq!(permit(&member("c"), &["a", "b"], &[]), PermitOutcome::Allow);
        assert_eq!(asked().allowed, ["shop/a", "shop/b"]);
    }

    #[test]
    fn a_pod_that_replaces_another_of_a_group_that_runs_does_not_wait() {
        assert_eq!(permit(&member("d"), &[], &["a", "b"]), PermitOutcome::Allow);
    }

    #[test]
    fn pods_of_other_groups_and_namespaces_do_not_count() {
        let other = Pod::new("shop", "x").with_label(GROUP, "other").with_label(MIN_MEMBERS, "3");
        set_waiting(vec![other.info.clone(), Pod { info: PodInfo::new("bank", "y"), ..other }.info]);
        set_pods(Vec::new());
        assert!(matches!(run().permit(&member("a"), "node").unwrap(), PermitOutcome::Wait(_)));
    }

    #[test]
    fn when_one_gives_up_so_do_the_others_that_wait() {
        set_waiting(vec![member("a").info, member("b").info]);
        set_pods(vec![member("a").info, member("b").info]);
        run().unreserve(&member("a"), "node");
        let rejected: Vec<_> = asked().rejected.into_iter().map(|(uid, _)| uid).collect();
        assert_eq!(rejected, ["shop/b"]);
    }

    #[test]
    fn those_that_gave_up_because_one_was_deleted_join_the_next_that_waits() {
        let mut run = run();
        let waits = |run: &mut Run<Gang>, name: &str, waiting: &[&str]| {
            set_waiting(waiting.iter().map(|name| member(name).info).collect());
            set_pods(waiting.iter().map(|name| member(name).info).collect());
            run.pre_filter(&member(name)).unwrap();
            assert!(matches!(run.permit(&member(name), "node").unwrap(), PermitOutcome::Wait(_)), "{name}");
        };
        waits(&mut run, "a", &[]);
        waits(&mut run, "b", &["a"]);
        assert_eq!(asked().activated, [""; 0], "whoever waits is not woken");
        // `a` is deleted while it waits.
        set_waiting(vec![member("b").info]);
        set_pods(vec![member("b").info]);
        run.unreserve(&member("a"), "node");
        assert_eq!(asked().rejected.len(), 1);
        set_waiting(Vec::new());
        run.unreserve(&member("b"), "node");
        waits(&mut run, "c", &[]);
        assert!(asked().activated.contains(&"shop/b".to_owned()));
        // And no others: `x` is of another namespace.
        let x = Pod { info: PodInfo { namespace: "bank".into(), ..member("x").info }, ..member("x") };
        run.pre_filter(&x).unwrap();
        waits(&mut run, "b", &["c"]);
        assert_eq!(asked().activated, [""; 0]);
    }

    #[test]
    fn pods_without_a_group_go_on_and_a_group_needs_a_number() {
        assert_eq!(permit(&Pod::new("shop", "web"), &[], &[]), PermitOutcome::Allow);
        let unnumbered = Pod::new("shop", "web").with_label(GROUP, "train");
        assert!(matches!(run().pre_filter(&unnumbered).unwrap(), PreFilterOutcome::Reject(_)));
    }
}
