//! In which of many pools there may be something for requests of a kind: those that are known to have nothing left are not
//! looked at again before something of them is given back.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::DeviceToleration;
use longshore_framework::device_use::InUse;
use longshore_framework::quantity::Quantity;
use longshore_framework::resource_claim::DeviceWish;
use rustc_hash::FxHashMap;

/// What of a request decides whether a pool has something for it, where nothing else of the same search has a part in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    selectors: Vec<u64>,
    admin: bool,
    tolerations: Arc<[DeviceToleration]>,
    capacity: Vec<(Str, Quantity)>,
    fractional: bool,
}

impl Key {
    /// Of a request with these selectors of its class and its own.
    pub(super) fn new(selectors: Vec<u64>, wish: &DeviceWish, fractional: bool) -> Self {
        Self {
            selectors,
            admin: wish.admin,
            tolerations: Arc::clone(&wish.tolerations),
            capacity: wish.capacity.clone(),
            fractional,
        }
    }
}

/// One bit for each pool.
pub(super) type Bits = [u64];

/// What is known of the pools, as of a revision of what is in use.
#[derive(Clone, Debug)]
pub(super) struct Openings {
    lineage: u64,
    revision: u64,
    /// How many there are.
    pools: usize,
    /// Nothing is left there.
    closed: Vec<u64>,
    /// Selectors were asked about every device that is free, and none of them failed.
    clean: Vec<u64>,
}

impl Openings {
    /// Nothing is known.
    pub(super) fn new(pools: usize, in_use: &InUse) -> Self {
        let words = pools.div_ceil(64);
        Self {
            lineage: in_use.lineage(),
            revision: in_use.revision(),
            pools,
            closed: vec![0; words],
            clean: vec![0; words],
        }
    }

    /// The same as of now.
    pub(super) fn followed(
        self: Arc<Self>,
        in_use: &InUse,
        places: &FxHashMap<(Str, Str), usize>,
        pools: usize,
    ) -> Arc<Self> {
        if self.lineage == in_use.lineage() && self.revision == in_use.revision() {
            return self;
        }
        let since = (self.lineage == in_use.lineage()).then(|| in_use.since(self.revision)).flatten();
        let Some(changed) = since else { return Arc::new(Self::new(pools, in_use)) };
        let mut current = Arc::unwrap_or_clone(self);
        for at in changed.filter_map(|pool| places.get(pool)) {
            let mask = !(1 << (at % 64));
            current.closed[at / 64] &= mask;
            current.clean[at / 64] &= mask;
        }
        current.revision = in_use.revision();
        Arc::new(current)
    }

    /// Nothing is known, as of the same moment.
    pub(super) fn blank(&self) -> Self {
        let words = self.closed.len();
        Self { closed: vec![0; words], clean: vec![0; words], ..*self }
    }

    /// All devices of a pool were looked at that are free, and it was known of each whether it will do. Without anything that would, it is
    /// closed.
    pub(super) fn note(&mut self, pool: usize, closed: bool) {
        let bit = 1 << (pool % 64);
        self.clean[pool / 64] |= bit;
        if closed {
            self.closed[pool / 64] |= bit;
        }
    }

    /// Whether nothing was noted.
    pub(super) fn is_blank(&self) -> bool {
        self.clean.iter().all(|word| *word == 0)
    }

    /// Adds what was found out as of the same moment. What is of another one counts for nothing.
    pub(super) fn add(&mut self, learnt: &Self) {
        if (self.lineage, self.revision) != (learnt.lineage, learnt.revision) {
            return;
        }
        self.closed.iter_mut().zip(&learnt.closed).for_each(|(word, more)| *word |= more);
        self.clean.iter_mut().zip(&learnt.clean).for_each(|(word, more)| *word |= more);
    }

    pub(super) fn with(&self, learnt: &Self) -> Self {
        let mut both = self.clone();
        both.add(learnt);
        both
    }

    /// The next pool from `from` on that has to be looked at: one that is not closed, here or by what was learnt since, and where only those
    /// will do that are in `only`, one of these or one whose selectors may fail.
    pub(super) fn next(&self, learnt: &Self, from: usize, only: Option<&Bits>) -> Option<usize> {
        let mut word = from / 64;
        let mut mask = u64::MAX << (from % 64);
        while word < self.closed.len() {
            let open = !(self.closed[word] | learnt.closed[word]);
            let clean = self.clean[word] | learnt.clean[word];
            let wanted = only.map_or(u64::MAX, |only| only[word] | !clean);
            let bits = open & wanted & mask;
            if bits != 0 {
                let next = word * 64 + bits.trailing_zeros() as usize;
                return (next < self.pools).then_some(next);
            }
            (word, mask) = (word + 1, u64::MAX);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use longshore_framework::resource_claim::{AllocatedDevice, Allocation};

    use super::*;

    fn allocation(driver: &str, pool: &str) -> Allocation {
        let device = AllocatedDevice {
            request: "r".into(),
            driver: driver.into(),
            pool: pool.into(),
            device: "a".into(),
            admin: false,
            tolerations: Arc::from([]),
            share: None,
            consumed: Vec::new(),
            binding_conditions: None,
            binding_failure_conditions: Arc::from([]),
        };
        Allocation { devices: vec![device], ..Allocation::default() }
    }

    fn pools(openings: &Openings, learnt: &Openings, only: Option<&Bits>) -> Vec<usize> {
        let mut from = 0;
        std::iter::from_fn(|| {
            let next = openings.next(learnt, from, only)?;
            from = next + 1;
            Some(next)
        })
        .collect()
    }

    #[test]
    fn pools_without_anything_are_left_out_until_something_of_them_changes() {
        let in_use = InUse::default();
        let openings = Arc::new(Openings::new(70, &in_use));
        let mut learnt = openings.blank();
        (0..70).filter(|at| ![3, 65, 66].contains(at)).for_each(|at| learnt.note(at, true));
        assert_eq!(pools(&openings, &learnt, None), [3, 65, 66]);
        learnt.note(3, false);
        let only = [0, 1 << 2];
        assert_eq!(pools(&openings, &learnt, Some(&only)), [65, 66], "65 may fail, 66 is wanted");
        let known = Arc::new(openings.with(&learnt));
        assert_eq!(pools(&known, &known.blank(), None), [3, 65, 66]);
        let places = [(("d".into(), "p4".into()), 4_usize)].into_iter().collect();
        assert!(Arc::ptr_eq(&known, &Arc::clone(&known).followed(&in_use, &places, 70)));
        let mut changed = in_use;
        changed.add(&allocation("d", "p4"));
        let followed = known.followed(&changed, &places, 70);
        assert_eq!(pools(&followed, &followed.blank(), None), [3, 4, 65, 66]);
        let other = Arc::clone(&followed).followed(&InUse::default(), &places, 70);
        assert_eq!(pools(&other, &other.blank(), None).len(), 70, "of another store nothing is known");
    }
}
