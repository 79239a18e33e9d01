//! Finds the first item that suits a node among many of which each suits few nodes.

use longshore_framework::Str;
use longshore_framework::labels::Labels;
use rustc_hash::FxHashMap;

/// Items are numbers in order of preference, added in that order. One that is pinned to values of a label is looked at
/// only for nodes that have one of them; the others are looked at for every node. Volumes of local disks and the
/// capacities of their nodes are pinned to the hostname, so that each node sees its own.
#[derive(Debug, Default)]
pub(super) struct PinIndex {
    free: Vec<usize>,
    /// By label key: few, so a list.
    pinned: Vec<(Str, FxHashMap<Str, Vec<usize>>)>,
}

impl PinIndex {
    /// Adds the next item.
    pub(super) fn add(&mut self, item: usize, pin: Option<(&Str, &[Str])>) {
        let Some((key, values)) = pin else {
            self.free.push(item);
            return;
        };
        let at = self.pinned.iter().position(|(have, _)| have == key).unwrap_or_else(|| {
            self.pinned.push((key.clone(), FxHashMap::default()));
            self.pinned.len() - 1
        });
        for value in values {
            self.pinned[at].1.entry(value.clone()).or_default().push(item);
        }
    }

    /// The first item, in order of preference, that may suit a node with these labels and that `accept` accepts.
    pub(super) fn first(&self, labels: &Labels, accept: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut consider = |items: &[usize]| {
            let better = items.iter().copied().take_while(|item| best.is_none_or(|b| *item < b));
            if let Some(found) = better.into_iter().find(|item| accept(*item)) {
                best = Some(found);
            }
        };
        for (key, by_value) in &self.pinned {
            if let Some(items) = labels.get(key).and_then(|value| by_value.get(value)) {
                consider(items);
            }
        }
        consider(&self.free);
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(labels: &[(&str, &str)], refused: &[usize], want: Option<usize>) {
        let host: Str = "host".into();
        let zone: Str = "zone".into();
        let mut index = PinIndex::default();
        index.add(0, Some((&host, &["a".into()])));
        index.add(1, Some((&zone, &["x".into(), "y".into()])));
        index.add(2, None);
        index.add(3, Some((&host, &["a".into()])));
        let found = index.first(&labels.iter().copied().collect(), |item| !refused.contains(&item));
        assert_eq!(found, want);
    }

    #[test]
    fn the_most_preferred_item_that_suits_is_found() {
        check(&[("host", "a"), ("zone", "x")], &[], Some(0));
        check(&[("host", "a"), ("zone", "y")], &[0], Some(1));
        check(&[("host", "b"), ("zone", "z")], &[], Some(2));
        check(&[("host", "a")], &[0], Some(2));
        check(&[("host", "a")], &[0, 2], Some(3));
        check(&[("host", "b")], &[2], None);
    }
}
