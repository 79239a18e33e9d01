//! Places that are held for a group that cannot start yet: smaller work behind it goes on only where it does not take them.
//!
//! ```text
//!                 too few of its pods fit, and nobody is the holder
//!   any group ─────────────────────────────────────────────────────▶ holder ──▶ starts, is evicted for, or is gone: free
//!       ▲                                                              │
//!       │ the same time again                                         │ its time is over
//!       └──────────────── rests: it holds nothing ◀───────────────────┘
//! ```
//! The places are promises of nodes to those of its pods that fit, so that pods of no higher priority leave the room to them.
//! What becomes free is added with each attempt. There is one holder at a time: two groups could wait for each other's places.
//! A group that lacks pods holds nothing. Who comes first in the queue is tried first, and so becomes the holder.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::group::GroupKey;
use longshore_framework::port::Effect;
use rustc_hash::FxHashMap;

use super::Engine;

/// Who holds places.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    holder: Option<Holder>,
    /// Groups that held places for as long as they may → until when they hold none.
    resting: FxHashMap<GroupKey, Timestamp>,
}

#[derive(Debug)]
struct Holder {
    key: GroupKey,
    until: Timestamp,
    time: Duration,
}

impl Engine {
    /// Until when places are held for a group of which too few pods fit; `None` when they are not.
    pub(super) fn hold_places(&mut self, key: &GroupKey, profile: usize) -> Option<Timestamp> {
        let plugins = self.profiles.get(profile)?.plugins().iter();
        let time =
            plugins.map(|instance| instance.plugin.holds_places()).max().filter(|time| !time.is_zero())?;
        match &self.holding.holder {
            Some(holder) if holder.key == *key => return Some(holder.until),
            Some(holder) if self.queue.groups.find(&holder.key).is_some() => return None,
            _ => {}
        }
        if self.holding.resting.get(key).is_some_and(|until| *until > self.now) {
            return None;
        }
        let until = later(self.now, time);
        self.holding.holder = Some(Holder { key: key.clone(), until, time });
        Some(until)
    }

    /// The group needs no places held any more.
    pub(super) fn stop_holding(&mut self, key: &GroupKey) {
        if self.holding.holder.as_ref().is_some_and(|holder| holder.key == *key) {
            self.holding.holder = None;
        }
    }

    /// Gives back what is held by a group whose time is over, or that lacks pods now.
    pub(super) fn end_holding(&mut self, effects: &mut Vec<Effect>) {
        let now = self.now;
        self.holding.resting.retain(|_, until| *until > now);
        let Some(Holder { key, until, time }) = &self.holding.holder else { return };
        let (key, is_over, time) = (key.clone(), *until <= now, *time);
        let group = self.queue.groups.find(&key).and_then(|id| self.queue.groups.get(id));
        let is_complete = group.is_some_and(|group| group.kind.lacks(&group.key, group.known()).is_none());
        if !is_over && is_complete {
            return;
        }
        self.holding.holder = None;
        let Some(group) = group else { return };
        let waiting = group.ready.iter().filter_map(|number| self.pods.waiting(*number));
        let held: Vec<_> = waiting
            .filter_map(|queued| {
                let node = self.queue.nominator.node_of(&queued.pod.meta.uid)?;
                Some((Arc::clone(&queued.pod), Arc::clone(node)))
            })
            .collect();
        if is_over {
            self.holding.resting.insert(key, later(now, time));
        }
        for (pod, node) in held {
            self.lose_node(Arc::clone(&pod), effects);
            self.promise_ended(&pod, &node);
        }
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp(time.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
