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
    let (mut least, mut best) = (None, Vec::new());
    for candidate in candidates {
        let cost = cost(candidate);
        if least.is_none_or(|least| cost < least) {
            least = Some(cost);
            best.clear();
        }
        if least == Some(cost) {
            best.push(candidate);
        }
    }
    best
}

fn cost(candidate: &Candidate) -> Cost {
    let loss = candidate.loss;
    (candidate.violations, loss.highest, loss.sum, candidate.victims.len(), Reverse(loss.earliest))
}
