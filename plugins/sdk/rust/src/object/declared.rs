//! Which kinds a plugin reads.

use std::any::Any;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::Object;
use crate::bindings::exports::longshore::scheduler::objects as wit;

/// An object that was read, and what it is found by.
pub(crate) struct Parsed {
    pub(crate) object: Rc<dyn Any>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) owners: Vec<String>,
}

/// Reads an object of some namespace and name.
pub(crate) type Read = fn(&str, &str, &[u8]) -> Result<Parsed, String>;

/// A kind of objects that the plugin reads. Made by [`spec::kind`].
#[derive(Clone, Copy)]
pub struct Declared {
    group_version: &'static str,
    kind: &'static str,
    fields: &'static [&'static str],
    about_node: bool,
    read: Read,
}

impl Declared {
    /// Only these fields are wanted, as dotted paths such as `spec.weight`; a change of others is no change. Without a
    /// call the whole object is. `metadata` has what [`Object`] says in any case.
    pub const fn fields(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }

    /// An object is about the node of its name: when it changes, a plugin that is pure is asked about this node again.
    /// Otherwise it is asked about all nodes again.
    pub const fn about_node(self) -> Self {
        Self { about_node: true, ..self }
    }

    /// As this type. [`objects!`](crate::objects) calls it.
    #[doc(hidden)]
    pub const fn of<T: DeserializeOwned + 'static>(self) -> Self {
        Self { read: read::<T>, ..self }
    }
}

fn read<T: DeserializeOwned + 'static>(namespace: &str, name: &str, json: &[u8]) -> Result<Parsed, String> {
    let object = Object::<T>::read(namespace, name, json)?;
    let labels = object.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let owners = object.owners.iter().map(|owner| owner.uid.clone()).collect();
    Ok(Parsed { object: Rc::new(object), labels, owners })
}

/// The words of [`objects!`](crate::objects).
pub mod spec {
    use super::{Declared, read};

    /// A kind, such as `kind("example.com/v1", "Window")` or `kind("v1", "Namespace")`; not `Pod` and not `Node`.
    pub const fn kind(group_version: &'static str, kind: &'static str) -> Declared {
        let read = read::<serde::de::IgnoredAny>;
        Declared { group_version, kind, fields: &[], about_node: false, read }
    }
}

/// A kind as the manifest has it, where the config may have named another.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) kind: wit::Kind,
    pub(crate) read: Read,
}

impl Wanted {
    /// Takes this kind in place of the declared one.
    pub(crate) fn name(&mut self, group_version: &str, kind: &str) {
        let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
        (self.kind.group, self.kind.version) = (group.to_owned(), version.to_owned());
        self.kind.kind = kind.to_owned();
    }

    /// As events name it: `Window.v1.example.com`, `Namespace.v1`.
    pub(crate) fn resource(&self) -> String {
        let wit::Kind { group, version, kind, .. } = &self.kind;
        if group.is_empty() { format!("{kind}.{version}") } else { format!("{kind}.{version}.{group}") }
    }
}

impl From<&Declared> for Wanted {
    fn from(declared: &Declared) -> Self {
        let fields = declared.fields.iter().map(|field| (*field).to_owned()).collect();
        let (group, version, kind) = (String::new(), String::new(), String::new());
        let kind = wit::Kind { group, version, kind, fields, about_node: declared.about_node };
        let mut wanted = Self { kind, read: declared.read };
        wanted.name(declared.group_version, declared.kind);
        wanted
    }
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Wanted").field(&self.kind).finish()
    }
}

/// Declares the objects that the plugin reads: a handle ([`Kind`](crate::object::Kind)) for each kind with the type that
/// serde reads it as, and `KINDS`, the list for the manifest. See [`object`](crate::object).
#[macro_export]
macro_rules! objects {
    ($($(#[$doc:meta])* $vis:vis $name:ident : $type:ty = $spec:expr),+ $(,)?) => {
        /// The kinds in the manifest's order.
        pub(crate) const KINDS: &[$crate::object::Declared] = {
            use $crate::object::spec::*;
            &[$($crate::object::Declared::of::<$type>($spec)),+]
        };
        $crate::__kinds!([] $($(#[$doc])* $vis $name : $type,)+);
    };
}

/// One handle after the other, counting in ones.
#[doc(hidden)]
#[macro_export]
macro_rules! __kinds {
    ([$($before:ident)*]) => {};
    ([$($before:ident)*] $(#[$doc:meta])* $vis:vis $name:ident : $type:ty, $($rest:tt)*) => {
        $(#[$doc])*
        $vis const $name: $crate::object::Kind<$type> =
            $crate::object::Kind::at(<[&str]>::len(&[$(stringify!($before)),*]));
        $crate::__kinds!([$($before)* $name] $($rest)*);
    };
}
