//! Score by storage capacity: how full the storage would be that the pod's claims are to take from, by class.

use longshore_framework::Str;
use longshore_framework::plugin::MAX_SCORE;
use smallvec::SmallVec;

use super::decide::Bindings;
use crate::shape::{self, Shape, Table};

/// The curve when nothing is said: the emptier, the better.
const DEFAULT: [(i64, i64); 2] = [(0, 10), (100, 0)];

/// The curve from how full a storage is to a score.
#[derive(Debug)]
pub(super) struct Scorer {
    table: Table,
}

/// What is asked of a class, and what it has.
struct Asked<'a> {
    class: &'a str,
    requested: i64,
    capacity: i64,
}

/// The curve that the args ask for.
pub(super) fn shape_or_default(given: Option<Shape>) -> Shape {
    given.filter(|shape| !shape.is_empty()).unwrap_or_else(|| DEFAULT.to_vec())
}

impl Scorer {
    /// With this curve.
    pub(super) fn new(shape: &[(i64, i64)]) -> Self {
        Self { table: shape::table(shape) }
    }

    /// The score of a node where these are the bindings: the mean over the classes, rounded to the nearest; 0 where none says
    /// what it has. Where volumes are bound that are there already, only they count.
    pub(super) fn score(&self, bindings: &Bindings) -> i64 {
        let asked = asked(bindings);
        let classes = asked.len() as i64;
        let sum: i64 = asked.iter().map(|asked| self.of_class(asked)).sum();
        if classes == 0 { 0 } else { (2 * sum + classes) / (2 * classes) }
    }

    fn of_class(&self, asked: &Asked<'_>) -> i64 {
        let Asked { requested, capacity, .. } = *asked;
        let percent = if capacity <= 0 || requested > capacity {
            MAX_SCORE
        } else {
            let percent = i128::from(requested) * i128::from(MAX_SCORE) / i128::from(capacity);
            i64::try_from(percent).unwrap_or(MAX_SCORE)
        };
        self.table[usize::try_from(percent).unwrap_or(0).min(100)]
    }
}

fn asked(bindings: &Bindings) -> SmallVec<[Asked<'_>; 2]> {
    let mut asked = SmallVec::<[Asked<'_>; 2]>::new();
    for (volume, claim) in &bindings.bind {
        let of_class = entry(&mut asked, &volume.class);
        of_class.requested = of_class.requested.saturating_add(claim.request.value());
        of_class.capacity = of_class.capacity.saturating_add(volume.capacity.value());
    }
    if !bindings.bind.is_empty() {
        return asked;
    }
    for (claim, capacity) in &bindings.provision {
        let (Some(class), Some(capacity)) = (&claim.class, capacity) else { continue };
        let of_class = entry(&mut asked, class);
        of_class.requested = of_class.requested.saturating_add(claim.request.value());
        // All claims of a class take from the same storage.
        of_class.capacity = *capacity;
    }
    asked
}

fn entry<'s, 'a>(asked: &'s mut SmallVec<[Asked<'a>; 2]>, class: &'a Str) -> &'s mut Asked<'a> {
    let at = asked.iter().position(|asked| asked.class == &**class).unwrap_or_else(|| {
        asked.push(Asked { class, requested: 0, capacity: 0 });
        asked.len() - 1
    });
    &mut asked[at]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use longshore_framework::volume::{Claim, PersistentVolume};

    use super::*;

    fn claim(class: &str, request: &str) -> Arc<Claim> {
        Arc::new(Claim { class: Some(class.into()), request: request.parse().unwrap(), ..Claim::default() })
    }

    fn volume(class: &str, capacity: &str) -> Arc<PersistentVolume> {
        let capacity = capacity.parse().unwrap();
        Arc::new(PersistentVolume { class: class.into(), capacity, ..PersistentVolume::default() })
    }

    #[track_caller]
    fn check(bind: &[(&str, &str, &str)], provision: &[(&str, &str, Option<i64>)], want: i64) {
        let bindings = Bindings {
            bind: bind.iter().map(|(class, has, asks)| (volume(class, has), claim(class, asks))).collect(),
            provision: provision.iter().map(|(class, asks, has)| (claim(class, asks), *has)).collect(),
        };
        assert_eq!(Scorer::new(&shape_or_default(None)).score(&bindings), want);
    }

    #[test]
    fn the_emptier_the_storage_the_better() {
        check(&[], &[], 0);
        check(&[("a", "100", "30")], &[], 70);
        check(&[("a", "100", "30"), ("a", "100", "50")], &[], 60);
        check(&[("a", "100", "30"), ("b", "100", "99")], &[], 36);
        check(&[("a", "0", "0")], &[], 0);
    }

    #[test]
    fn what_is_to_be_made_counts_only_where_nothing_is_bound() {
        check(&[], &[("a", "30", Some(100))], 70);
        check(&[], &[("a", "30", Some(100)), ("a", "30", Some(100))], 40);
        check(&[], &[("a", "30", None)], 0);
        check(&[], &[("a", "130", Some(100))], 0);
        check(&[("b", "100", "10")], &[("a", "99", Some(100))], 90);
    }
}
