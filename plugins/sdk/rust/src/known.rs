//! What the instance at work knows, for the functions that plugins call from anywhere.
//!
//! A plugin runs in one thread, one call after the other. Whoever calls the plugin puts what its instance knows here first.

use std::cell::RefCell;
use std::rc::Rc;

use crate::Table;
use crate::object::Store;

/// What an instance was told. Shared with the place below while the plugin is called, and its own while it is told more.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) table: Rc<Table>,
    pub(crate) objects: Rc<Store>,
}

thread_local! {
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

/// The plugin is called now, by an instance that knows this.
pub(crate) fn enter(known: &Known) {
    KNOWN.with(|place| {
        let mut place = place.borrow_mut();
        let there = |there: &Known| {
            Rc::ptr_eq(&there.table, &known.table) && Rc::ptr_eq(&there.objects, &known.objects)
        };
        if !place.as_ref().is_some_and(there) {
            *place = Some(known.clone());
        }
    });
}

/// The plugin is not called for now.
pub(crate) fn leave() {
    // Taken out first: dropping a table that was the last of its kind needs the place no more.
    drop(KNOWN.with(|place| place.borrow_mut().take()));
}

/// Looks at what the instance at work knows.
///
/// # Panics
/// When none is.
pub(crate) fn with<T>(look: impl FnOnce(&Known) -> T) -> T {
    KNOWN.with(|place| match &*place.borrow() {
        Some(known) => look(known),
        None => panic!("nodes and objects are not known yet: in `new` and `describe` there are none"),
    })
}
