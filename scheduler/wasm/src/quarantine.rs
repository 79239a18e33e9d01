//! Pods that a plugin broke over. At the stage where it did it is not asked about them for a while; it goes on being asked about
//! all others.
//!
//! ```text
//!              POD_FAILURES                      pause over
//!   unknown ─────────────────▶ kept away ─────────────────────▶ on trial
//!      ▲                           ▲                              │  │
//!      │                           └── fails: the pause doubles ──┘  │
//!      └─────────────────────── answers ───────────────────────────┘
//! ```
//! Pods of one controller mostly break it for the same cause: when so many of them did, all of them are kept away.

use std::time::{Duration, Instant};

use longshore_framework::Str;
use longshore_framework::pod::Pod;
use rustc_hash::FxHashMap;

use crate::breaker::{LONGEST_PAUSE, PAUSE};

/// So many failures over a pod keep it away.
pub const POD_FAILURES: u32 = 2;
/// Failures over so many pods of a controller keep away all of them.
pub const OWNER_PODS: usize = 3;
/// Pods and controllers that are remembered at the most, each at each stage by itself; what was heard of longest ago is
/// forgotten first.
pub const MOST: usize = 1024;

/// A UID of a pod or a controller, and a stage.
type Key = (Str, &'static str);

/// A pod or a controller at a stage.
#[derive(Clone, Debug)]
struct FailureRecord {
    failures: u32,
    /// Of a controller: UIDs of pods, not more than count.
    pods: Vec<Str>,
    /// Until when it is kept away, once it is.
    until: Option<Instant>,
    /// For how long it is the next time.
    pause: Duration,
    failed_at: Instant,
    why: String,
    /// A pod that is kept out of the queue waits for the end of this.
    awaited: bool,
    used: u64,
}

/// Who is kept away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quarantine {
    entries: FxHashMap<Key, FailureRecord>,
    clock: u64,
    /// How many entries are awaited.
    awaited: usize,
}

/// The UID of the pod's controller.
fn owner(pod: &Pod) -> Option<&Str> {
    pod.meta.owner.as_ref().map(|owner| &owner.uid).filter(|uid| !uid.is_empty())
}

/// Where the pod, and its controller, may stand at a stage.
fn keys(pod: &Pod, stage: &'static str) -> impl Iterator<Item = Key> {
    [Some(&pod.meta.uid), owner(pod)].into_iter().flatten().map(move |uid| (Str::clone(uid), stage))
}

/// Whose doing a failure over a pod is: its controller's, or its own.
pub(crate) fn origin(pod: &Pod) -> &Str {
    owner(pod).unwrap_or(&pod.meta.uid)
}

impl Quarantine {
    /// Why the plugin is not to be asked about the pod at this stage now. `awaits`: the pod waits outside the queue until it may.
    pub(crate) fn keeps_away(
        &mut self,
        pod: &Pod,
        stage: &'static str,
        awaits: bool,
        now: Instant,
    ) -> Option<&str> {
        if self.entries.is_empty() {
            return None;
        }
        let is_kept = |key: &Key| {
            self.entries.get(key).is_some_and(|entry| entry.until.is_some_and(|until| now < until))
        };
        let key = keys(pod, stage).find(is_kept)?;
        let entry = self.entries.get_mut(&key)?;
        if awaits && !std::mem::replace(&mut entry.awaited, true) {
            self.awaited += 1;
        }
        Some(&entry.why)
    }

    /// Whether the pod, or its controller, was kept away at this stage at some time and has not been cleared since.
    pub(crate) fn knows(&self, pod: &Pod, stage: &'static str) -> bool {
        keys(pod, stage).any(|key| self.entries.get(&key).is_some_and(|entry| entry.until.is_some()))
    }

    /// The plugin broke when it was asked about the pod. `awaits`: the pod waits outside the queue until it may be again.
    pub(crate) fn failed(&mut self, pod: &Pod, stage: &'static str, why: &str, awaits: bool, now: Instant) {
        let uid = &pod.meta.uid;
        let entry = self.entry((Str::clone(uid), stage), why, now);
        entry.failures += 1;
        entry.keep_away_if(entry.failures >= POD_FAILURES, now);
        if awaits && !std::mem::replace(&mut entry.awaited, true) {
            self.awaited += 1;
        }
        if let Some(owner) = owner(pod) {
            let entry = self.entry((Str::clone(owner), stage), why, now);
            if entry.pods.len() < OWNER_PODS && !entry.pods.contains(uid) {
                entry.pods.push(Str::clone(uid));
            }
            entry.keep_away_if(entry.pods.len() >= OWNER_PODS, now);
        }
    }

    /// The plugin answered at a stage.
    pub(crate) fn succeeded(&mut self, pod: &Pod, stage: &'static str) {
        if self.entries.is_empty() {
            return;
        }
        self.forget(&(Str::clone(&pod.meta.uid), stage));
        let Some(owner) = owner(pod) else { return };
        let key = (Str::clone(owner), stage);
        let Some(entry) = self.entries.get_mut(&key) else { return };
        entry.pods.retain(|uid| *uid != pod.meta.uid);
        if entry.until.is_some() || entry.pods.is_empty() {
            self.forget(&key);
        }
    }

    /// Whether a pause is over that a pod outside the queue waits for. True once for each.
    pub(crate) fn is_over_for_some(&mut self, now: Instant) -> bool {
        if self.awaited == 0 {
            return false;
        }
        let mut over = 0;
        for entry in self.entries.values_mut() {
            if entry.awaited && entry.until.is_none_or(|until| now >= until) {
                entry.awaited = false;
                over += 1;
            }
        }
        self.awaited -= over;
        over > 0
    }

    fn forget(&mut self, key: &Key) {
        if self.entries.remove(key).is_some_and(|entry| entry.awaited) {
            self.awaited -= 1;
        }
    }

    /// The entry of a pod or controller that failed now. What it did long ago does not count any more.
    fn entry(&mut self, key: Key, why: &str, now: Instant) -> &mut FailureRecord {
        self.clock += 1;
        if self.entries.len() >= MOST && !self.entries.contains_key(&key) {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.iter().for_each(|key| self.forget(key));
        }
        let used = self.clock;
        let fresh = || FailureRecord {
            failures: 0,
            pods: Vec::new(),
            until: None,
            pause: PAUSE,
            failed_at: now,
            why: String::new(),
            awaited: false,
            used,
        };
        let entry = self.entries.entry(key).or_insert_with(fresh);
        if now.duration_since(entry.failed_at) > 2 * LONGEST_PAUSE {
            let awaited = entry.awaited;
            *entry = FailureRecord { awaited, ..fresh() };
        }
        (entry.failed_at, entry.used) = (now, used);
        why.clone_into(&mut entry.why);
        entry
    }
}

impl FailureRecord {
    fn keep_away_if(&mut self, enough: bool, now: Instant) {
        // Several threads may fail over one pod at once: that counts as one time.
        if enough && self.until.is_none_or(|until| now >= until) {
            self.until = Some(now + self.pause);
            self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use longshore_framework::fixture::pod;
    use longshore_framework::pod::Owner;

    use super::*;

    fn replica(at: usize) -> Arc<Pod> {
        let owner =
            Owner { api_version: "v1".into(), kind: "Job".into(), name: "j".into(), uid: "job".into() };
        pod(&format!("j-{at}")).meta(|m| m.owner = Some(owner)).build()
    }

    #[test]
    fn a_pod_is_kept_away_after_failures_and_for_twice_as_long_each_time() {
        let (mut quarantine, mut now, bad, good) =
            (Quarantine::default(), Instant::now(), pod("bad").build(), pod("good").build());
        quarantine.failed(&bad, "Filter", "one", false, now);
        assert_eq!(quarantine.keeps_away(&bad, "Filter", false, now), None);
        quarantine.failed(&bad, "Filter", "two", false, now);
        assert_eq!(quarantine.keeps_away(&bad, "Filter", false, now), Some("two"));
        assert_eq!(quarantine.keeps_away(&good, "Filter", false, now), None);
        assert_eq!(quarantine.keeps_away(&bad, "Reserve", false, now), None);
        for pause in [60, 120, 240, 480, 600, 600] {
            now += LONGEST_PAUSE;
            assert_eq!(quarantine.keeps_away(&bad, "Filter", false, now), None);
            quarantine.failed(&bad, "Filter", "again", false, now);
            assert!(
                quarantine.keeps_away(&bad, "Filter", false, now + Duration::from_secs(pause - 1)).is_some()
            );
            assert!(quarantine.keeps_away(&bad, "Filter", false, now + Duration::from_secs(pause)).is_none());
        }
        quarantine.succeeded(&bad, "PreFilter");
        assert!(quarantine.knows(&bad, "Filter") && !quarantine.knows(&bad, "Score"));
        quarantine.succeeded(&bad, "Filter");
        assert!(!quarantine.knows(&bad, "Filter") && quarantine.entries.is_empty());
    }

    #[test]
    fn a_controller_is_kept_away_with_all_of_its_pods_when_several_failed() {
        let (mut quarantine, now) = (Quarantine::default(), Instant::now());
        for at in 0..OWNER_PODS {
            assert_eq!(quarantine.keeps_away(&replica(9), "Filter", false, now), None);
            quarantine.failed(&replica(at), "Filter", "broke", false, now);
        }
        assert_eq!(quarantine.keeps_away(&replica(9), "Filter", false, now), Some("broke"));
        quarantine.succeeded(&replica(9), "Filter");
        assert_eq!(quarantine.keeps_away(&replica(9), "Filter", false, now), None);
    }

    #[test]
    fn the_end_of_a_pause_is_told_once_to_those_who_wait_for_it() {
        let (mut quarantine, now, bad) = (Quarantine::default(), Instant::now(), pod("bad").build());
        (0..2).for_each(|_| quarantine.failed(&bad, "PreEnqueue", "broke", false, now));
        assert!(!quarantine.is_over_for_some(now + PAUSE));
        assert!(quarantine.keeps_away(&bad, "PreEnqueue", true, now).is_some());
        assert!(!quarantine.is_over_for_some(now));
        assert!(quarantine.is_over_for_some(now + PAUSE));
        assert!(!quarantine.is_over_for_some(now + PAUSE));
    }

    #[test]
    fn it_has_a_bound() {
        let (mut quarantine, now) = (Quarantine::default(), Instant::now());
        for at in 0..2 * MOST {
            let bad = pod(&format!("bad-{at}")).build();
            (0..2).for_each(|_| quarantine.failed(&bad, "PreEnqueue", "broke", false, now));
            quarantine.keeps_away(&bad, "PreEnqueue", true, now);
        }
        assert_eq!((quarantine.entries.len(), quarantine.awaited), (MOST, MOST));
        assert!(quarantine.keeps_away(&pod("bad-0").build(), "PreEnqueue", false, now).is_none());
    }
}
