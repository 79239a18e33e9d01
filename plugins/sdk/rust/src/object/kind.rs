//! What an author reads objects by.

use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::Object;
use super::store::Shelf;
use crate::bindings::exports::longshore::scheduler::hints::{Event, Subject};
use crate::known;

/// A kind of objects that the plugin declares by [`objects!`](crate::objects), read as a `T`.
///
/// Reading is free of the scheduler: the objects are here. Those that could not be read as a `T` are absent. In `new`
/// there are none yet, and asking stops the plugin.
pub struct Kind<T> {
    place: u16,
    as_type: PhantomData<fn() -> T>,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Kind<T> {}

/// An object before and after an event.
#[derive(Clone, Debug)]
pub struct Changed<T> {
    /// The namespace; empty for an object that is in none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// As it was: `None` when it is new, and when it cannot be read.
    pub before: Option<Object<T>>,
    /// As it is: `None` when it is gone, and when it cannot be read.
    pub after: Option<Object<T>>,
}

impl<T: DeserializeOwned + 'static> Kind<T> {
    /// The kind at a place in the plugin's list. [`objects!`](crate::objects) calls it.
    #[doc(hidden)]
    pub const fn at(place: usize) -> Self {
        Self { place: place as u16, as_type: PhantomData }
    }

    pub(crate) fn place(self) -> u16 {
        self.place
    }

    fn look<R>(self, look: impl FnOnce(&Shelf) -> R) -> R {
        known::with(|known| look(known.objects.shelf(self.place)))
    }

    /// An object by its namespace (empty for one that is in none) and its name.
    pub fn get(self, namespace: &str, name: &str) -> Option<Rc<Object<T>>> {
        self.look(|shelf| shelf.get(namespace, name).and_then(typed))
    }

    /// Every object, in order of namespaces and names.
    pub fn all(self) -> Vec<Rc<Object<T>>> {
        self.look(|shelf| shelf.all().filter_map(typed).collect())
    }

    /// The objects of a namespace, in order of their names.
    pub fn of_namespace(self, namespace: &str) -> Vec<Rc<Object<T>>> {
        self.look(|shelf| shelf.of_namespace(namespace).filter_map(typed).collect())
    }

    /// The objects that have a label with this value, in order of namespaces and names.
    pub fn labelled(self, key: &str, value: &str) -> Vec<Rc<Object<T>>> {
        self.look(|shelf| shelf.labelled(key, value).filter_map(typed).collect())
    }

    /// The objects that name an owner of this UID, in order of namespaces and names.
    pub fn owned_by(self, uid: &str) -> Vec<Rc<Object<T>>> {
        self.look(|shelf| shelf.owned(uid).filter_map(typed).collect())
    }

    /// Why an object cannot be read; `None` when it can, and when there is none.
    pub fn error(self, namespace: &str, name: &str) -> Option<String> {
        self.look(|shelf| shelf.error(namespace, name).map(str::to_owned))
    }

    /// Namespace, name and cause of every object that cannot be read.
    pub fn errors(self) -> Vec<(String, String, String)> {
        let owned = |(namespace, name, error): (&str, &str, &str)| {
            (namespace.to_owned(), name.to_owned(), error.to_owned())
        };
        self.look(|shelf| shelf.broken().map(owned).collect())
    }

    /// A number that grows when an object of this kind comes, changes or goes: as long as it is the same, so is all that
    /// was derived from them.
    pub fn changes(self) -> u64 {
        self.look(Shelf::changes)
    }

    /// What an event says of an object of this kind; `None` when it is about something else.
    pub fn changed(self, event: &Event) -> Option<Changed<T>> {
        let Subject::Object(change) = &event.subject else { return None };
        if self.look(|shelf| shelf.wanted().resource()) != event.resource {
            return None;
        }
        let (namespace, name) = (change.namespace.clone(), change.name.clone());
        let read = |json: &Option<Vec<u8>>| Object::read(&namespace, &name, json.as_deref()?).ok();
        let (before, after) = (read(&change.before), read(&change.after));
        Some(Changed { before, after, namespace, name })
    }
}

fn typed<T: 'static>(object: &Rc<dyn Any>) -> Option<Rc<Object<T>>> {
    Rc::clone(object).downcast().ok()
}
