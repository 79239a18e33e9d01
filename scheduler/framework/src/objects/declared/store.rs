//! The objects that there are, and what changed since a revision.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{DeclaredKind, DeclaredObject, ObjectKey};
use crate::lineage::Lineage;

/// Objects of a kind that are gone and still known by name. Whoever has not asked since more were removed is told
/// everything anew.
const MOST_GONE: usize = 4096;

/// Every object of a declared kind.
#[derive(Clone, Debug, Default)]
pub struct DeclaredObjects {
    lineage: Lineage,
    revision: u64,
    kinds: BTreeMap<DeclaredKind, OfKind>,
}

/// The objects of one kind.
#[derive(Clone, Debug, Default)]
struct OfKind {
    /// Rises with every change.
    revision: u64,
    objects: BTreeMap<ObjectKey, (u64, Arc<DeclaredObject>)>,
    /// The keys of all of them by the revision of their last change.
    changed: BTreeMap<u64, ObjectKey>,
    gone: VecDeque<(u64, ObjectKey)>,
    /// The last revision whose removals are not known any more.
    forgotten: u64,
}

/// What changed of a kind.
#[derive(Debug)]
pub struct Since<'s> {
    /// Nothing that was told before counts any more.
    pub reset: bool,
    /// Objects that are gone, and then those that came or changed, the oldest change first.
    pub gone: Vec<&'s ObjectKey>,
    /// See above.
    pub here: Vec<&'s Arc<DeclaredObject>>,
}

impl DeclaredObjects {
    /// A number that no other store of this process has.
    pub fn lineage(&self) -> u64 {
        self.lineage.get()
    }

    /// Rises with every change of any kind.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision of the last change of a kind; 0 when there was none.
    pub fn revision_of(&self, kind: DeclaredKind) -> u64 {
        self.kinds.get(&kind).map_or(0, |of| of.revision)
    }

    /// An object.
    pub fn get(&self, kind: DeclaredKind, key: &ObjectKey) -> Option<&Arc<DeclaredObject>> {
        self.kinds.get(&kind)?.objects.get(key).map(|(_, object)| object)
    }

    /// Every object, by kind and then by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<DeclaredObject>> {
        self.kinds.values().flat_map(|of| of.objects.values()).map(|(_, object)| object)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.kinds.values().map(|of| of.objects.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kinds.values().all(|of| of.objects.is_empty())
    }

    /// Whether all that went of a kind after `revision` is still known by name.
    pub fn remembers(&self, kind: DeclaredKind, revision: u64) -> bool {
        revision > 0 && self.kinds.get(&kind).is_none_or(|of| revision >= of.forgotten)
    }

    /// What changed of a kind after `revision`, one of this store; 0 for everything.
    pub fn since(&self, kind: DeclaredKind, revision: u64) -> Since<'_> {
        let reset = !self.remembers(kind, revision);
        let Some(of) = self.kinds.get(&kind).filter(|of| reset || of.revision > revision) else {
            return Since { reset, gone: Vec::new(), here: Vec::new() };
        };
        let from = if reset { 0 } else { revision + 1 };
        let here = of.changed.range(from..).filter_map(|(_, key)| of.objects.get(key));
        let gone = of.gone.iter().filter(|(at, _)| !reset && *at >= from).map(|(_, key)| key);
        Since { reset, gone: gone.collect(), here: here.map(|(_, object)| object).collect() }
    }

    /// Puts an object in place of the one with its key, which is returned. One that is the same changes nothing.
    pub(in crate::objects) fn set(&mut self, object: Arc<DeclaredObject>) -> Option<Arc<DeclaredObject>> {
        let of = self.kinds.entry(object.kind).or_default();
        let key = object.key();
        if let Some((_, known)) = of.objects.get(&key).filter(|(_, known)| *known == object) {
            return Some(Arc::clone(known));
        }
        self.revision += 1;
        of.revision = self.revision;
        of.changed.insert(self.revision, key.clone());
        let (before, old) = of.objects.insert(key, (self.revision, object))?;
        of.changed.remove(&before);
        Some(old)
    }

    /// Removes an object and returns it.
    pub(in crate::objects) fn remove(
        &mut self,
        kind: DeclaredKind,
        key: &ObjectKey,
    ) -> Option<Arc<DeclaredObject>> {
        let of = self.kinds.get_mut(&kind)?;
        let (before, old) = of.objects.remove(key)?;
        of.changed.remove(&before);
        self.revision += 1;
        of.revision = self.revision;
        of.gone.push_back((self.revision, key.clone()));
        if of.gone.len() > MOST_GONE {
            of.forgotten = of.gone.pop_front().map_or(of.forgotten, |(at, _)| at);
        }
        Some(old)
    }
}
