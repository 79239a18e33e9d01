//! PrioritySort: pods of higher priority first, and among equals the one that has waited longest.
//!
//! It rejects nothing, so no event concerns it. A pod's wait counts from its last return to the queue: pods of equal
//! priority take turns.

use longshore_framework::event::EventPattern;
use longshore_framework::fields::Problems;
use longshore_framework::plugin::{Plugin, QueueSort, Queued, Rank};
use longshore_framework::registry::{FactoryContext, Instance};
use serde_json::Value;

/// The plugin's name.
pub const NAME: &str = "PrioritySort";

/// The plugin.
#[derive(Debug, Default)]
pub struct PrioritySort;

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, _context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(PrioritySort).queue_sort().build()
}

impl Plugin for PrioritySort {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        Vec::new()
    }
}

impl QueueSort for PrioritySort {
    fn rank(&self, queued: Queued<'_>) -> Rank {
        Rank::by_priority(queued)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use longshore_framework::Timestamp;
    use longshore_framework::fixture::pod;
    use longshore_framework::objects::Objects;

    #[track_caller]
    fn check(a: (i32, i64), b: (i32, i64), want: Ordering) {
        let (first, second) = (pod("a").priority(a.0).build(), pod("b").priority(b.0).build());
        let objects = &Objects::default();
        let left = Queued { pod: &first, since: Timestamp(a.1), objects, group: None };
        let right = Queued { pod: &second, since: Timestamp(b.1), objects, group: None };
        assert_eq!(PrioritySort.rank(left).cmp(&PrioritySort.rank(right)), want);
    }

    #[test]
    fn the_higher_priority_goes_first_however_late() {
        check((10, 9), (5, 1), Ordering::Less);
        check((-1, 1), (0, 9), Ordering::Greater);
        check((i32::MAX, 1), (i32::MIN, 0), Ordering::Less);
    }

    #[test]
    fn equals_go_in_the_order_of_their_wait() {
        check((5, 1), (5, 2), Ordering::Less);
        check((5, 1), (5, 1), Ordering::Equal);
    }
}
