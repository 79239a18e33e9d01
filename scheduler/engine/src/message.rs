//! The text of a failure, word for word as kube-scheduler writes it.

use std::collections::BTreeMap;
use std::time::Duration;

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
            for group in diagnosis.rejected.iter() {
                counted.add(&group.rejection, group.nodes.len());
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

/// A length of time as kube-scheduler writes it: `10s`, `1m30s`, `1h0m0s`, `1.5s`, `250ms`.
pub(crate) fn duration(time: Duration) -> String {
    let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_string(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => format!("{}µs", decimal(nanos.into(), 1_000)),
            _ => format!("{}ms", decimal(nanos.into(), 1_000_000)),
        };
    }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let rest = decimal(seconds % 60 * NANOS + u64::from(nanos), NANOS);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

/// `amount / unit` without trailing zeros; `unit` is a power of ten.
fn decimal(amount: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", amount / unit, amount % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(millis: u64, want: &str) {
        assert_eq!(duration(Duration::from_millis(millis)), want);
    }

    #[test]
    fn durations_are_written_as_go_does() {
        check(0, "0s");
        check(250, "250ms");
        check(1_500, "1.5s");
        check(10_000, "10s");
        check(90_000, "1m30s");
        check(15 * 60_000, "15m0s");
        check(3_600_000, "1h0m0s");
        assert_eq!(duration(Duration::from_nanos(1_500)), "1.5µs");
        assert_eq!(duration(Duration::from_nanos(7)), "7ns");
    }
}
