//! Which candidates a guest was asked about, and whether its answer is one.

use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::Rejection;

use super::bindings::longshore::scheduler::types::Verdicts;
use super::convert::rejection;
use crate::failure::Failure;

/// The verdict of a node that fits; others are one more than their place in the list of rejections.
pub(crate) const FIT: u16 = 0;

/// More different rejections are no answer: they are counted by their words.
const MOST_REJECTIONS: usize = 64;

/// What is said of candidates, one for each, in ascending order.
#[derive(Debug, PartialEq)]
pub(crate) enum Judged {
    /// All of them fit.
    All,
    /// Some do not.
    Some {
        /// [`FIT`], or one more than a place in `rejections`.
        verdicts: Vec<u16>,
        /// The different rejections.
        rejections: Vec<Rejection>,
    },
}

impl Judged {
    /// Whether the same is said of the same candidates.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        let (Self::Some { verdicts, rejections }, Self::Some { verdicts: others, rejections: other }) =
            (self, other)
        else {
            return matches!((self, other), (Self::All, Self::All));
        };
        let said = |verdict: &u16, of: &'_ [Rejection]| match verdict.checked_sub(1) {
            None => None,
            Some(at) => of.get(usize::from(at)).cloned(),
        };
        verdicts.len() == others.len()
            && verdicts.iter().zip(others).all(|(a, b)| said(a, rejections) == said(b, other))
    }
}

/// Slots that lie in the range of one instance, as a set of its rows.
pub(crate) fn row_set(slots: &[Slot], base: usize, snapshot: &Snapshot) -> Vec<u64> {
    let live = snapshot.live();
    // Mostly every node is asked about.
    if base == 0 && slots.len() == live.len() {
        return live.words().to_vec();
    }
    let Some(last) = slots.last() else { return Vec::new() };
    let mut words = vec![0; (last.index() - base) / 64 + 1];
    for slot in slots {
        let row = slot.index() - base;
        words[row / 64] |= 1 << (row % 64);
    }
    words
}

/// Checks an answer about `asked`.
///
/// # Errors
/// It names rows that were not asked about, or does not have one verdict for each that was.
pub(crate) fn check(asked: &[u64], answer: Verdicts) -> Result<Judged, Failure> {
    let wrong = |what: String| Err(Failure::answer("Filter", what));
    let fit = |at: usize| answer.fit.get(at).copied().unwrap_or(0);
    if answer.fit.iter().enumerate().any(|(at, word)| word & !asked.get(at).copied().unwrap_or(0) != 0) {
        return wrong("it says that nodes fit that it was not asked about".to_string());
    }
    let unfit: usize =
        asked.iter().enumerate().map(|(at, word)| (word & !fit(at)).count_ones() as usize).sum();
    if unfit != answer.rejection_of.len() {
        return wrong(format!("it rejects {unfit} nodes with {} verdicts", answer.rejection_of.len()));
    }
    if unfit == 0 {
        return Ok(Judged::All);
    }
    if answer.rejections.len() > MOST_REJECTIONS {
        return wrong(format!(
            "it gives {} different reasons, {MOST_REJECTIONS} are allowed",
            answer.rejections.len()
        ));
    }
    let known = answer.rejections.len();
    if answer.rejection_of.iter().any(|at| usize::from(*at) >= known) {
        return wrong(format!("it names a rejection beyond the {known} that it gives"));
    }
    let mut verdicts = Vec::new();
    let mut rejected = answer.rejection_of.iter();
    for (at, word) in asked.iter().enumerate() {
        let (mut left, fits) = (*word, fit(at));
        while left != 0 {
            let bit = left & left.wrapping_neg();
            let verdict = if fits & bit != 0 { FIT } else { rejected.next().map_or(FIT, |r| r + 1) };
            verdicts.push(verdict);
            left ^= bit;
        }
    }
    Ok(Judged::Some { verdicts, rejections: answer.rejections.into_iter().map(rejection).collect() })
}

#[cfg(test)]
mod tests {
    use super::super::bindings::longshore::scheduler::types as wit;
    use super::*;

    fn no(reason: &str) -> wit::Rejection {
        wit::Rejection { code: wit::RejectCode::Unschedulable, reason: reason.to_string() }
    }

    fn answer(fit: &[u64], reasons: &[&str], of: &[u16]) -> Verdicts {
        let rejections = reasons.iter().map(|r| no(r)).collect();
        Verdicts { fit: fit.to_vec(), rejections, rejection_of: of.to_vec() }
    }

    #[track_caller]
    fn check_refused(asked: &[u64], answer: Verdicts, want: &str) {
        let failure = check(asked, answer).unwrap_err();
        assert!(failure.message.contains(want), "{failure}");
    }

    #[test]
    fn verdicts_are_given_to_candidates_in_order() {
        let judged = check(&[0b1011, 1], answer(&[0b0010], &["a", "b"], &[0, 1, 0])).unwrap();
        let Judged::Some { verdicts, rejections } = judged else { panic!("all fit") };
        assert_eq!(verdicts, [1, FIT, 2, 1]);
        assert_eq!(rejections.iter().map(Rejection::message).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(check(&[0b11], answer(&[0b11], &["unused"], &[])), Ok(Judged::All));
    }

    #[test]
    fn forged_answers_are_failures() {
        check_refused(&[0b01], answer(&[0b11], &[], &[]), "not asked about");
        check_refused(&[0b01], answer(&[0b01, 1], &[], &[]), "not asked about");
        check_refused(&[0b11], answer(&[0b01], &["a"], &[]), "rejects 1 nodes with 0 verdicts");
        check_refused(&[0b11], answer(&[0b01], &["a"], &[0, 0]), "with 2 verdicts");
        check_refused(&[0b11], answer(&[0b01], &["a"], &[1]), "beyond the 1");
    }
}
