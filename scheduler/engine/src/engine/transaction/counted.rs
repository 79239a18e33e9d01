//! What kube-scheduler says of the pods of a group that does not start, from 1.37 on.
//!
//! There the pods are gone through in order until the group cannot start any more, and what follows is not looked at. Here
//! all are, so that there is more to say; but where its words are used, they are those that it would say.

use longshore_framework::pod::PreemptionPolicy;

use super::member::{Member, Tried, Whole};
use super::sought::{Found, Sought};
use crate::attempt::GroupOutcome;
use crate::engine::failure::Failure;

/// How far it went, and what is said by that.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted {
    text: String,
    /// How many pods were looked at.
    looked_at: usize,
    /// What came of looking for pods that could be evicted.
    evicting: Option<String>,
    /// Victims are going, or will be.
    waits: bool,
    /// Of the first so many pods, in place of those without a message, it is said that they fit.
    most: Option<usize>,
}

impl Counted {
    /// Of a group whose pods are in hand again. `most` is for how many there are places, when that was too few to try one.
    pub(super) fn of(
        whole: &Whole,
        members: &[Member],
        sought: Option<&Sought>,
        most: Option<usize>,
    ) -> Self {
        let fits = |(at, member): (usize, &Member)| match (&member.tried, most) {
            (Tried::Unfit(..), Some(most)) => at < most,
            (Tried::Unfit(_, failure), None) => failure.message.is_empty(),
            _ => false,
        };
        let min = whole.min.max(1);
        let (text, looked_at) = count(min, whole.before, members.iter().enumerate().map(fits));
        let never = |member: &Member| member.attempt.pod.spec.preemption_policy == PreemptionPolicy::Never;
        let evicting = match sought {
            None => {
                members.iter().any(never).then(|| "not eligible due to preemptionPolicy=Never.".to_string())
            }
            Some(sought) if sought.waits => Some("ongoing preemption on nominated nodes".to_string()),
            Some(Sought { found: Found::Room, victims, .. }) => {
                Some(format!("found a placement for podgroup, preempting {victims} victims"))
            }
            Some(Sought { found: Found::Nothing, victims: 0, .. }) => {
                Some("No preemption victims found for incoming preemptor".to_string())
            }
            Some(Sought { found: Found::Nothing, would_fit, .. }) => {
                // Who would fit then is not known one by one; of pods that are alike the first would.
                let then = would_fit.saturating_sub(whole.before);
                Some(count(min, whole.before, (0..members.len()).map(|at| at < then)).0)
            }
            Some(Sought { found: Found::Places, .. }) => None,
        };
        let waits = sought.is_some_and(|sought| sought.waits || sought.found == Found::Room);
        Self { text, looked_at, evicting, waits, most }
    }

    /// Says of the pod at this place of the group what there is to be said.
    pub(super) fn tell(&self, at: usize, failure: &mut Failure, outcome: GroupOutcome) {
        if !matches!(outcome, GroupOutcome::Unschedulable | GroupOutcome::Preempting) {
            return;
        }
        let fits = self.most.map_or(failure.message.is_empty(), |most| at < most);
        if at >= self.looked_at {
            failure.message.clone_from(&self.text);
        } else if fits {
            let whole = if self.waits { "" } else { "pod group is unschedulable, " };
            let evicting = self.evicting.iter().map(|came| format!(", pod group preemption: {came}"));
            failure.message = format!("{whole}{}{}", self.text, evicting.collect::<String>());
        }
    }
}

/// Goes through pods, of which each fits or does not, until too few are left; what is said then, and how many it took.
fn count(min: usize, before: usize, fits: impl ExactSizeIterator<Item = bool>) -> (String, usize) {
    let (mut scheduled, mut remaining, mut looked_at) = (before, fits.len(), 0);
    for fits in fits {
        if scheduled + remaining < min {
            break;
        }
        remaining -= 1;
        looked_at += 1;
        scheduled += usize::from(fits);
    }
    let text = format!("minCount ({min}) cannot be satisfied: {scheduled} scheduled, {remaining} remaining");
    (text, looked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(min: usize, before: usize, fits: &[bool], want: (usize, usize, usize)) {
        let (scheduled, remaining, looked_at) = want;
        let text =
            format!("minCount ({min}) cannot be satisfied: {scheduled} scheduled, {remaining} remaining");
        assert_eq!(count(min, before, fits.iter().copied()), (text, looked_at));
    }

    #[test]
    fn it_ends_with_the_pod_without_which_the_group_cannot_start() {
        check(3, 0, &[true, true, false], (2, 0, 3));
        check(3, 0, &[false, true, true], (0, 2, 1));
        check(3, 0, &[false, true, false, true], (1, 1, 3));
        check(4, 1, &[true, false, true], (2, 1, 2));
        check(5, 0, &[true, true, true, true], (0, 4, 0));
    }
}
