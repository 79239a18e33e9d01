//! What was done and what is still under way, for the line at the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use longshore_framework::port::{Effect, Input};

/// Kinds of work that somebody else does and tells the end of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// The binding of a pod.
    Binding,
    /// The evictions for one preemptor.
    Eviction,
    /// What is written of one pod's volumes, and waited for, before its binding.
    Volumes,
}

const KINDS: usize = 3;

/// Counts; shared by the thread that counts and whoever tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: [AtomicU64; KINDS],
    done: [AtomicU64; KINDS],
    failed: [AtomicU64; KINDS],
    /// What was under way when the end was asked for.
    at_the_end: OnceLock<[u64; KINDS]>,
}

impl Tally {
    /// The engine wants something done.
    pub(crate) fn effect(&self, effect: &Effect) {
        let work = match effect {
            Effect::Bind { .. } => Work::Binding,
            Effect::Evict { .. } => Work::Eviction,
            Effect::PreBind { .. } => Work::Volumes,
            _ => return,
        };
        add(&self.0.begun, work);
    }

    /// Something was told: perhaps that it was done.
    pub(crate) fn input(&self, input: &Input) {
        let (work, result) = match input {
            Input::Bound { result, .. } => (Work::Binding, result),
            Input::Evicted { result, .. } => (Work::Eviction, result),
            Input::PreBound { result, .. } => (Work::Volumes, result),
            _ => return,
        };
        add(if result.is_ok() { &self.0.done } else { &self.0.failed }, work);
    }

    /// A binding was not sent after all.
    pub(crate) fn withheld(&self) {
        // It was counted before.
        self.0.begun[Work::Binding as usize].fetch_sub(1, Ordering::Relaxed);
    }

    /// From now on everything is brought to an end.
    pub(crate) fn ending(&self) {
        let under_way = [Work::Binding, Work::Eviction, Work::Volumes].map(|work| self.under_way(work));
        // Whoever asks twice is not told of less.
        let _ = self.0.at_the_end.set(under_way);
    }

    fn under_way(&self, work: Work) -> u64 {
        let count = |counts: &[AtomicU64; KINDS]| counts[work as usize].load(Ordering::Relaxed);
        count(&self.0.begun).saturating_sub(count(&self.0.done) + count(&self.0.failed))
    }

    /// What became of one kind of work, in words: `12 done, 1 failed, 2 awaited at the end, 0 left unfinished`.
    pub(crate) fn summary(&self, work: Work) -> String {
        let count = |counts: &[AtomicU64; KINDS]| counts[work as usize].load(Ordering::Relaxed);
        let (done, failed, left) = (count(&self.0.done), count(&self.0.failed), self.under_way(work));
        let awaited = self.0.at_the_end.get().map_or(0, |counts| counts[work as usize]).saturating_sub(left);
        format!("{done} done, {failed} failed, {awaited} awaited at the end, {left} left unfinished")
    }
}

fn add(counts: &[AtomicU64; KINDS], work: Work) {
    counts[work as usize].fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;
    use longshore_framework::port::Binding;

    use super::*;

    #[test]
    fn what_was_under_way_at_the_end_is_told() {
        let tally = Tally::default();
        let pod = Arc::new(pod("p").build());
        let binding = Binding::of(&pod, &"n".into());
        let bind = Effect::Bind { pod: Arc::clone(&pod), binding, extenders: Vec::new() };
        let bound = |result| Input::Bound { uid: "p".into(), result };
        for _ in 0..5 {
            tally.effect(&bind);
        }
        tally.withheld();
        tally.input(&bound(Ok(())));
        tally.ending();
        tally.input(&bound(Ok(())));
        tally.input(&bound(Err("no".into())));
        tally.ending();
        let want = "2 done, 1 failed, 2 awaited at the end, 1 left unfinished";
        assert_eq!(tally.summary(Work::Binding), want);
        assert_eq!(
            tally.summary(Work::Eviction),
            "0 done, 0 failed, 0 awaited at the end, 0 left unfinished"
        );
    }
}
