//! The objects that this instance was told of, read once and found by namespace, label and owner.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::declared::{Parsed, Wanted};
use crate::bindings::exports::longshore::scheduler::objects::Change;
use crate::host::{Level, log};

/// A namespace, which may be empty, and a name.
type Key = (String, String);

/// Objects of every kind that the manifest declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    shelves: Vec<Shelf>,
}

/// The objects of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    wanted: Wanted,
    /// By namespace, then by name.
    objects: BTreeMap<String, BTreeMap<String, Entry>>,
    labelled: HashMap<(String, String), BTreeSet<Key>>,
    owned: HashMap<String, BTreeSet<Key>>,
    /// Those that cannot be read, and why.
    broken: BTreeMap<Key, String>,
    changes: u64,
}

/// An object, and what it is found by.
#[derive(Clone, Debug)]
struct Entry {
    object: Rc<dyn Any>,
    labels: Vec<(String, String)>,
    owners: Vec<String>,
}

impl Store {
    pub(crate) fn new(wanted: &[Wanted]) -> Self {
        Self { shelves: wanted.iter().cloned().map(Shelf::new).collect() }
    }

    /// The objects of the kind at a place of the manifest's list.
    ///
    /// # Panics
    /// When the manifest has no such list.
    pub(crate) fn shelf(&self, place: u16) -> &Shelf {
        match self.shelves.get(usize::from(place)) {
            Some(shelf) => shelf,
            None => panic!("the manifest declares no such kind of objects: is `.objects(KINDS)` missing?"),
        }
    }

    /// Takes over what changed.
    ///
    /// # Panics
    /// When a change is of a kind that was not declared.
    pub(crate) fn apply(&mut self, reset: bool, changes: Vec<Change>) {
        let mut touched = vec![reset; self.shelves.len()];
        // What was said of objects that cannot be read is not said again.
        let said: Vec<_> = if reset {
            self.shelves.iter_mut().map(Shelf::clear).collect()
        } else {
            self.shelves.iter().map(|_| BTreeMap::new()).collect()
        };
        for change in changes {
            let at = usize::from(change.kind);
            let Some(shelf) = self.shelves.get_mut(at) else {
                panic!("told of an object of kind {at}, and there are {}", touched.len())
            };
            touched[at] = true;
            shelf.change(change, &said[at]);
        }
        for (shelf, touched) in self.shelves.iter_mut().zip(touched) {
            shelf.changes += u64::from(touched);
        }
    }
}

impl Shelf {
    fn new(wanted: Wanted) -> Self {
        let (objects, broken) = (BTreeMap::new(), BTreeMap::new());
        Self { wanted, objects, labelled: HashMap::new(), owned: HashMap::new(), broken, changes: 0 }
    }

    /// Forgets all. Returns why objects could not be read.
    fn clear(&mut self) -> BTreeMap<Key, String> {
        self.objects.clear();
        self.labelled.clear();
        self.owned.clear();
        std::mem::take(&mut self.broken)
    }

    fn change(&mut self, change: Change, said: &BTreeMap<Key, String>) {
        let key = (change.namespace, change.name);
        self.remove(&key);
        let before = self.broken.remove(&key);
        let Some(json) = change.object else { return };
        match (self.wanted.read)(&key.0, &key.1, &json) {
            Ok(parsed) => self.insert(key, parsed),
            Err(error) => {
                if before.as_ref().or_else(|| said.get(&key)) != Some(&error) {
                    self.complain(&key, &error);
                }
                self.broken.insert(key, error);
            }
        }
    }

    fn complain(&self, (namespace, name): &Key, error: &str) {
        let slash = if namespace.is_empty() { "" } else { "/" };
        let kind = self.wanted.resource();
        let text = format!("{kind} {namespace}{slash}{name} cannot be read and counts as absent: {error}");
        log(Level::Warn, &text);
    }

    fn insert(&mut self, key: Key, Parsed { object, labels, owners }: Parsed) {
        for label in &labels {
            self.labelled.entry(label.clone()).or_default().insert(key.clone());
        }
        for owner in &owners {
            self.owned.entry(owner.clone()).or_default().insert(key.clone());
        }
        let (namespace, name) = key;
        self.objects.entry(namespace).or_default().insert(name, Entry { object, labels, owners });
    }

    fn remove(&mut self, key: &Key) {
        let Some(namespace) = self.objects.get_mut(&key.0) else { return };
        let Some(entry) = namespace.remove(&key.1) else { return };
        if namespace.is_empty() {
            self.objects.remove(&key.0);
        }
        for label in entry.labels {
            take_out(&mut self.labelled, label, key);
        }
        for owner in entry.owners {
            take_out(&mut self.owned, owner, key);
        }
    }

    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<&Rc<dyn Any>> {
        Some(&self.objects.get(namespace)?.get(name)?.object)
    }

    /// In order of their namespaces and names, as are all that follow.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rc<dyn Any>> {
        self.objects.values().flat_map(BTreeMap::values).map(|entry| &entry.object)
    }

    pub(crate) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &Rc<dyn Any>> {
        self.objects.get(namespace).into_iter().flat_map(BTreeMap::values).map(|entry| &entry.object)
    }

    pub(crate) fn labelled(&self, key: &str, value: &str) -> impl Iterator<Item = &Rc<dyn Any>> {
        self.found(self.labelled.get(&(key.to_owned(), value.to_owned())))
    }

    pub(crate) fn owned(&self, uid: &str) -> impl Iterator<Item = &Rc<dyn Any>> {
        self.found(self.owned.get(uid))
    }

    fn found<'a>(&'a self, keys: Option<&'a BTreeSet<Key>>) -> impl Iterator<Item = &'a Rc<dyn Any>> {
        keys.into_iter().flatten().filter_map(|(namespace, name)| self.get(namespace, name))
    }

    pub(crate) fn error(&self, namespace: &str, name: &str) -> Option<&str> {
        self.broken.get(&(namespace.to_owned(), name.to_owned())).map(String::as_str)
    }

    pub(crate) fn broken(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.broken.iter().map(|((namespace, name), error)| (&**namespace, &**name, &**error))
    }
}

fn take_out<K: std::hash::Hash + Eq>(index: &mut HashMap<K, BTreeSet<Key>>, of: K, key: &Key) {
    let Some(keys) = index.get_mut(&of) else { return };
    keys.remove(key);
    if keys.is_empty() {
        index.remove(&of);
    }
}
