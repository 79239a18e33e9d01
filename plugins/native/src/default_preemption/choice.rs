//! Which of several candidates hurts least.

use std::cmp::Reverse;

use longshore_framework::Timestamp;
use longshore_framework::plugin::Candidate;

/// What candidates are compared by, each part only where those before it are equal; the least is best: fewest
/// violated disruption budgets, the lowest priority of the most important victim, the lowest sum of priorities,
/// fewest victims, the latest start among the victims of highest priority.
type Cost = (usize, i32, i128, usize, Reverse<Timestamp>);

/// All candidates that cost least.
pub(super) fn best<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Vec<&'a Candidate> {
    let priced: Vec<(Cost, &Candidate)> = candidates.map(|c| (cost(c), c)).collect();
    let least = priced.iter().map(|(cost, _)| *cost).min();
    priced.into_iter().filter(|(cost, _)| Some(*cost) == least).map(|(_, c)| c).collect()
}

fn cost(candidate: &Candidate) -> Cost {
    let priorities = || candidate.victims.iter().map(|v| v.spec.priority);
    let highest = priorities().max().unwrap_or(i32::MIN);
    // Each priority counts from the lowest there is, so that fewer victims of negative priority cost less than more.
    let sum = priorities().map(|p| i128::from(p) - i128::from(i32::MIN)).sum();
    let important = candidate.victims.iter().filter(|v| v.spec.priority == highest);
    // A pod that has not started is as if it started now: later than any that has.
    let earliest = important.map(|v| v.meta.started.unwrap_or(Timestamp(i64::MAX))).min();
    let earliest = earliest.unwrap_or(Timestamp(i64::MAX));
    (candidate.violations, highest, sum, candidate.victims.len(), Reverse(earliest))
}
