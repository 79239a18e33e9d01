//! What is done of one pod's claims is done in the order in which it was asked for: what is taken back after an attempt that failed
//! must not meet what the next attempt writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use longshore_framework::Str;
use tokio_util::sync::CancellationToken;

/// Who is last in the row of each pod. Pods for which nothing is under way are not kept.
#[derive(Debug, Default)]
pub(super) struct Turns {
    last: Arc<DashMap<Str, Place>>,
    next: AtomicU64,
}

#[derive(Clone, Debug)]
struct Place {
    number: u64,
    over: CancellationToken,
}

/// A place in the row, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    last: Arc<DashMap<Str, Place>>,
    pod: Str,
    place: Place,
    before: Option<CancellationToken>,
}

impl Turns {
    /// The next place in the row of the pod.
    pub(super) fn take(&self, pod: &Str) -> Turn {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = Place { number, over: CancellationToken::new() };
        let before = self.last.insert(pod.clone(), place.clone()).map(|place| place.over);
        Turn { last: Arc::clone(&self.last), pod: pod.clone(), place, before }
    }
}

impl Turn {
    /// Returns when all that came before is over.
    pub(super) async fn comes(&self) {
        if let Some(before) = &self.before {
            before.cancelled().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.place.over.cancel();
        self.last.remove_if(&self.pod, |_, place| place.number == self.place.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn each_waits_for_the_one_before_and_nothing_is_left() {
        let turns = Turns::default();
        let (first, second, other) =
            (turns.take(&"p".into()), turns.take(&"p".into()), turns.take(&"q".into()));
        first.comes().await;
        other.comes().await;
        assert!(tokio::time::timeout(Duration::from_millis(20), second.comes()).await.is_err());
        drop(first);
        second.comes().await;
        drop((second, other));
        assert!(turns.last.is_empty());
    }
}
