//! A pod's way from the queue to a node, and back.

use super::*;

const OUT: &str = "0/1 nodes are available: 1 not here. nobody to evict";

#[test]
fn a_pod_is_queued_decided_bound_and_seen() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p")), ""),
            (Do::Where("p"), "active"),
            (Do::Step, "bind p to n"),
            (Do::Log, "reserve A, reserve B"),
            (Do::Where("p"), "assumed on n"),
            (bound("p"), "p scheduled on n"),
            (Do::Log, "bound A"),
            (pod_is(pod("p").on("n")), ""),
            (Do::Where("p"), "placed on n"),
            (Do::Step, "nobody"),
        ],
    );
}

#[test]
fn a_binding_that_is_seen_before_its_answer_still_counts_as_scheduled() {
    for answer in [bound("p"), not_bound("p", "timed out")] {
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (pod_is(pod("p")), ""),
                (Do::Step, "bind p to n"),
                (pod_is(pod("p").on("n")), ""),
                (answer, "p scheduled on n"),
                (Do::Where("p"), "placed on n"),
            ],
        );
    }
}

#[test]
fn a_rejected_pod_is_woken_by_what_its_rejector_waits_for() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p").label("filter.A", "n")), ""),
            (Do::Step, &format!("p Unschedulable: {OUT}")),
            (Do::Where("p"), "parked"),
            (node_is(node("n").allocatable("cpu", "1")), ""),
            (Do::Where("p"), "parked"),
            (node_is(node("m")), ""),
            (Do::Where("p"), "backoff"),
            (Do::Step, "bind p to m"),
        ],
    );
}

#[test]
fn a_plugin_that_waits_for_new_nodes_hears_of_taints_too() {
    let tainted = node("n").taint("k", "", longshore_framework::taint::TaintEffect::NoSchedule);
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p").label("filter.A", "n")), ""),
            (Do::Step, &format!("p Unschedulable: {OUT}")),
            (node_is(tainted), ""),
            (Do::Where("p"), "backoff"),
        ],
    );
}

#[test]
fn a_gated_pod_enters_when_its_gate_opens() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p").label("gate.B", "closed")), "p gated: closed"),
            (Do::Where("p"), "gated"),
            (Do::Step, "nobody"),
            (pod_is(pod("p")), ""),
            (Do::Where("p"), "active"),
            (Do::Step, "bind p to n"),
        ],
    );
}

#[test]
fn without_nodes_the_pod_is_unschedulable_but_backs_off_as_after_an_error() {
    check(
        world(),
        &[
            (pod_is(pod("p")), ""),
            (Do::Step, "p Unschedulable: no nodes available to schedule pods"),
            (Do::Where("p"), "backoff"),
            (Do::Step, "nobody"),
            (second(2), ""),
            (Do::Where("p"), "active"),
        ],
    );
}

#[test]
fn a_pod_that_is_deleted_or_terminating_is_not_tried() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p")), ""),
            (pod_gone("p"), ""),
            (Do::Step, "nobody"),
            (pod_is(pod("q").meta(|m| m.terminating = true)), ""),
            (Do::Step, ""),
            (Do::Where("q"), "gone"),
        ],
    );
}

#[test]
fn a_pod_placed_by_someone_else_leaves_the_queue_and_stale_news_does_not_bring_it_back() {
    check(
        world(),
        &[
            (node_is(node("n")), ""),
            (pod_is(pod("p")), ""),
            (pod_is(pod("p").on("n")), ""),
            (pod_is(pod("p").label("late", "")), ""),
            (Do::Where("p"), "placed on n"),
            (Do::Step, "nobody"),
        ],
    );
}

#[test]
fn each_stage_that_breaks_says_so_in_kube_schedulers_words() {
    for (label, message) in [
        ("filter.A", "running \"A\" filter plugin: boom"),
        ("score.A", "running Score plugin \"A\": boom"),
        ("reserve.B", "running Reserve plugin \"B\": boom"),
        ("permit.A", "running Permit plugin \"A\": boom"),
        ("prebind.A", "running PreBind plugin \"A\": boom"),
        ("bind.A", "running Bind plugin \"A\": boom"),
    ] {
        check(
            world(),
            &[
                (node_is(node("m")), ""),
                (node_is(node("n")), ""),
                (pod_is(pod("p").label(label, "error")), ""),
                (Do::Step, &format!("p SchedulerError: {message}")),
                (Do::Where("p"), "backoff"),
                (Do::Step, "nobody"),
            ],
        );
    }
}

#[test]
fn a_plugin_that_breaks_at_any_stage_fails_the_attempt_and_nothing_is_left_behind() {
    for (stage, name) in [
        ("filter", "\"A\" filter plugin"),
        ("score", "Score plugin \"A\""),
        ("reserve", "Reserve plugin \"A\""),
        ("permit", "Permit plugin \"A\""),
        ("prebind", "PreBind plugin \"A\""),
        ("bind", "Bind plugin \"A\""),
    ] {
        let broken = format!("p SchedulerError: running {name}: boom");
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (node_is(node("m")), ""),
                (pod_is(pod("p").label(&format!("{stage}.A"), "error")), ""),
                (Do::Step, &broken),
                (Do::Where("p"), "backoff"),
                (pod_gone("p"), ""),
                (Do::Where("p"), "gone"),
            ],
        );
    }
}

#[test]
fn a_plugin_that_says_no_after_permit_is_heard_word_for_word() {
    for (label, said) in [("prebind.A", "no quota"), ("bind.A", "quota")] {
        check(
            world(),
            &[
                (node_is(node("n")), ""),
                (node_is(node("m")), ""),
                (pod_is(pod("p").label(label, said)), ""),
                (Do::Step, "p Unschedulable: quota"),
                (Do::Where("p"), "backoff"),
                (Do::Step, "nobody"),
            ],
        );
    }
}
