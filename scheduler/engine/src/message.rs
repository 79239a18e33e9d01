//! The text of a failure, word for word as kube-scheduler writes it.

use std::collections::BTreeMap;

use longshore_framework::reason::Reason;
use longshore_framework::verdict::Rejection;

use crate::cycle::Diagnosis;

/// When there is no node at all.
pub const NO_NODES: &str = "no nodes available to schedule pods";

/// `0/<N> nodes are available: <reasons>. <what PostFilter said>`.
///
/// `nodes` is the number of nodes in the cluster. Each node contributes each of its reasons once; reasons are counted
/// and the counts sorted as text, so that `10 …` comes before `2 …`.
pub(crate) fn unschedulable(nodes: usize, diagnosis: &Diagnosis, post_filter: &str) -> String {
    let mut text = format!("0/{nodes} nodes are available:");
    match &diagnosis.pre_filter {
        Some((_, rejection)) => text.push_str(&format!(" {}.", rejection.message())),
        None => {
            let mut counted = Histogram::default();
            for status in &diagnosis.rejected {
                counted.add(&status.rejection, 1);
            }
            if let Some(absent) = &diagnosis.absent {
                counted.add(absent, nodes.saturating_sub(diagnosis.rejected.len()));
            }
            let lines = counted.lines();
            if !lines.is_empty() {
                text.push_str(&format!(" {}.", lines.join(", ")));
            }
        }
    }
    if !post_filter.is_empty() {
        text.push(' ');
        text.push_str(post_filter);
    }
    text
}

/// The same for one node that was taken and then refused (Reserve, Permit).
pub(crate) fn refused(rejection: &Rejection) -> String {
    let mut counted = Histogram::default();
    counted.add(rejection, 1);
    format!("0/1 nodes are available: {}.", counted.lines().join(", "))
}

#[derive(Default)]
struct Histogram<'a>(BTreeMap<&'a Reason, usize>);

impl<'a> Histogram<'a> {
    fn add(&mut self, rejection: &'a Rejection, nodes: usize) {
        if nodes > 0 {
            for reason in &rejection.reasons {
                *self.0.entry(reason).or_default() += nodes;
            }
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.0.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        lines.sort_unstable();
        lines
    }
}
