//! A small set of plugins.

use std::collections::BTreeSet;

use longshore_framework::profile::{PluginId, Profile};

/// Plugin ids, ascending. Sixteen bytes, and no memory of its own in profiles of up to 64 plugins.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PluginSet {
    /// The ids below 64, a bit each.
    low: u64,
    /// The others.
    #[expect(clippy::box_collection, reason = "every pod carries two sets, and hardly any set has such ids")]
    high: Option<Box<BTreeSet<PluginId>>>,
}

/// The id's bit, if it has one.
fn bit(id: PluginId) -> Option<u64> {
    1_u64.checked_shl(u32::from(id.0))
}

impl PluginSet {
    /// Adds a plugin.
    pub fn insert(&mut self, id: PluginId) {
        match bit(id) {
            Some(bit) => self.low |= bit,
            None => {
                self.high.get_or_insert_default().insert(id);
            }
        }
    }

    /// Whether the plugin is in the set.
    pub fn contains(&self, id: PluginId) -> bool {
        match bit(id) {
            Some(bit) => self.low & bit != 0,
            None => self.high.as_ref().is_some_and(|high| high.contains(&id)),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.low == 0 && self.high.is_none()
    }

    /// Whether some plugin is in both sets.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let high = || self.high.iter().flat_map(|high| high.iter());
        self.low & other.low != 0 || high().any(|id| other.contains(*id))
    }

    /// The plugins.
    pub fn iter(&self) -> impl Iterator<Item = PluginId> + '_ {
        let mut left = self.low;
        let low = std::iter::from_fn(move || {
            let first = u16::try_from(left.trailing_zeros()).ok().filter(|_| left != 0)?;
            left &= left - 1;
            Some(PluginId(first))
        });
        low.chain(self.high.iter().flat_map(|high| high.iter().copied()))
    }

    /// Their names in alphabetical order, with spaces between: the form in which messages list plugins.
    pub(crate) fn sorted_names(&self, profile: &Profile) -> String {
        let mut names: Vec<&str> = self.iter().map(|id| profile.name(id)).collect();
        names.sort_unstable();
        names.join(" ")
    }
}

impl FromIterator<PluginId> for PluginSet {
    fn from_iter<I: IntoIterator<Item = PluginId>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[u16]) -> PluginSet {
        ids.iter().copied().map(PluginId).collect()
    }

    #[track_caller]
    fn check(ids: &[u16], want: &[u16]) {
        let got: Vec<u16> = set(ids).iter().map(|id| id.0).collect();
        assert_eq!(got, want);
        for id in (0..200).chain([u16::MAX]) {
            assert_eq!(set(ids).contains(PluginId(id)), want.contains(&id), "{id}");
            assert_eq!(set(ids).overlaps(&set(&[id])), want.contains(&id), "{id}");
        }
        assert_eq!(set(ids).is_empty(), want.is_empty());
    }

    #[test]
    fn ids_come_once_and_in_order_however_large() {
        check(&[], &[]);
        check(&[3, 0, 3], &[0, 3]);
        check(&[64, 63, 0, 65, 63], &[0, 63, 64, 65]);
        check(&[u16::MAX, 100, 1, 100], &[1, 100, u16::MAX]);
    }
}
