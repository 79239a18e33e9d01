//! What of a pod on a node makes a difference to others.

use crate::Timestamp;
use crate::fixture::{PodBuilder, pod};

/// Whether a pod on a node counts as it did before the change.
#[track_caller]
fn check(change: impl FnOnce(PodBuilder) -> PodBuilder, want: bool) {
    let of = || pod("p").label("app", "web").request("cpu", "1").on("n");
    let (old, new) = (of().build(), change(of()).build());
    assert_eq!((old.counts_as(&new), new.counts_as(&old)), (want, want));
}

#[test]
fn a_pod_counts_as_another_version_that_plugins_cannot_tell_from_it() {
    check(|pod| pod, true);
    check(|pod| pod.on("m"), true);
    check(|pod| pod.meta(|m| m.created = Some(Timestamp(1))), true);
    check(|pod| pod.meta(|m| m.nominated_node = Some("n".into())), true);
}

#[test]
fn what_eviction_and_selectors_go_by_makes_another_pod_of_it() {
    check(|pod| pod.meta(|m| m.terminating = true), false);
    check(|pod| pod.meta(|m| m.started = Some(Timestamp(1))), false);
    check(|pod| pod.meta(|m| m.preempted = true), false);
    check(|pod| pod.label("app", "db"), false);
    check(|pod| pod.meta(|m| m.namespace = "other".into()), false);
    check(|pod| pod.meta(|m| m.name = "q".into()), false);
    check(|pod| pod.request("cpu", "2"), false);
    check(|pod| pod.priority(1), false);
}
