//! What a plugin reads of nodes: columns, declared once by [`columns!`](crate::columns).

use std::borrow::Cow;

use crate::bindings::longshore::scheduler::types;

/// A key, mostly one that stands in the source.
type Key = Cow<'static, str>;

/// A column of the node table. Made by the functions in [`spec`]; where the config names a key, as in
/// `Column::Label(config.key.clone().into())`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each has a function that says what it is")]
pub enum Column {
    Name,
    Label(Key),
    Annotation(Key),
    Condition(Key),
    Labels,
    Taints,
    Images,
    Unschedulable,
    Allocatable(Key),
    Requested(Key),
    Free(Key),
    NonzeroRequested(Key),
    AllowedPods,
    PodCount,
    Pods,
    Raw,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Numbers,
    Texts,
    /// With so many words to an element.
    Lists(u32),
    Pods,
    Blobs,
}

impl Column {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Name | Self::Label(_) | Self::Annotation(_) | Self::Condition(_) => Kind::Texts,
            Self::Labels | Self::Images => Kind::Lists(2),
            Self::Taints => Kind::Lists(3),
            Self::Pods => Kind::Pods,
            Self::Raw => Kind::Blobs,
            _ => Kind::Numbers,
        }
    }
}

impl From<&Column> for types::Column {
    fn from(column: &Column) -> Self {
        match column {
            Column::Name => Self::Name,
            Column::Label(key) => Self::Label(key.to_string()),
            Column::Annotation(key) => Self::Annotation(key.to_string()),
            Column::Condition(kind) => Self::Condition(kind.to_string()),
            Column::Labels => Self::Labels,
            Column::Taints => Self::Taints,
            Column::Images => Self::Images,
            Column::Unschedulable => Self::Unschedulable,
            Column::Allocatable(resource) => Self::Allocatable(resource.to_string()),
            Column::Requested(resource) => Self::Requested(resource.to_string()),
            Column::Free(resource) => Self::Free(resource.to_string()),
            Column::NonzeroRequested(resource) => Self::NonzeroRequested(resource.to_string()),
            Column::AllowedPods => Self::AllowedPods,
            Column::PodCount => Self::PodCount,
            Column::Pods => Self::Pods,
            Column::Raw => Self::Raw,
        }
    }
}

/// The words of [`columns!`](crate::columns).
pub mod spec {
    use std::borrow::Cow;

    use super::Column;

    /// Text: the node's name.
    pub const fn name() -> Column {
        Column::Name
    }

    /// Text: the value of a label; absent where the node has none of this key.
    pub const fn label(key: &'static str) -> Column {
        Column::Label(Cow::Borrowed(key))
    }

    /// Text: the value of an annotation.
    pub const fn annotation(key: &'static str) -> Column {
        Column::Annotation(Cow::Borrowed(key))
    }

    /// Text: the status of a condition, such as `True`.
    pub const fn condition(kind: &'static str) -> Column {
        Column::Condition(Cow::Borrowed(kind))
    }

    /// Labels: every label.
    pub const fn labels() -> Column {
        Column::Labels
    }

    /// Taints: every taint.
    pub const fn taints() -> Column {
        Column::Taints
    }

    /// Images: every name of every image, with its size.
    pub const fn images() -> Column {
        Column::Images
    }

    /// Number: 1 for a cordoned node, else 0.
    pub const fn unschedulable() -> Column {
        Column::Unschedulable
    }

    /// Number: allocatable amount of a resource; cpu in thousandths of a core, all else in units.
    pub const fn allocatable(resource: &'static str) -> Column {
        Column::Allocatable(Cow::Borrowed(resource))
    }

    /// Number: the amount that pods on the node hold.
    pub const fn requested(resource: &'static str) -> Column {
        Column::Requested(Cow::Borrowed(resource))
    }

    /// Number: allocatable less requested.
    pub const fn free(resource: &'static str) -> Column {
        Column::Free(Cow::Borrowed(resource))
    }

    /// Number: as requested, with the defaults (a tenth of a core, 200 MiB) for containers that request none.
    pub const fn nonzero_requested(resource: &'static str) -> Column {
        Column::NonzeroRequested(Cow::Borrowed(resource))
    }

    /// Number: how many pods the node takes.
    pub const fn allowed_pods() -> Column {
        Column::AllowedPods
    }

    /// Number: how many pods are on the node.
    pub const fn pod_count() -> Column {
        Column::PodCount
    }

    /// Pods: those on the node. The operator has to grant `pods`.
    pub const fn pods() -> Column {
        Column::Pods
    }

    /// Blobs: the whole `core/v1` Node as JSON. The operator has to grant `raw`.
    pub const fn raw() -> Column {
        Column::Raw
    }
}

/// What stands for a column in the plugin's code.
pub trait Handle: Copy {
    /// The column's place in the manifest.
    fn place(self) -> usize;

    /// Whether it may stand for this column.
    fn takes(column: &Column) -> bool;
}

/// A type of handle: its doc, its name, and the kind of column it stands for.
macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident: $kind:pat, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub(crate) u16);

        impl $name {
            /// The handle of the column at a place in the plugin's list. Stops the compiler when the column holds
            /// something else; [`columns!`](crate::columns) calls it.
            pub const fn at(place: usize, column: &Column) -> Self {
                assert!(matches!(column.kind(), $kind), $what);
                Self(place as u16)
            }
        }

        impl Handle for $name {
            fn place(self) -> usize {
                usize::from(self.0)
            }

            fn takes(column: &Column) -> bool {
                matches!(column.kind(), $kind)
            }
        }
    )*};
}

handles! {
    /// A column of numbers.
    Number: Kind::Numbers, "this column does not hold numbers";
    /// A column of texts.
    Text: Kind::Texts, "this column does not hold texts";
    /// A column of labels.
    Labels: Kind::Lists(2), "this column does not hold labels";
    /// A column of images.
    Images: Kind::Lists(2), "this column does not hold images";
    /// A column of taints.
    Taints: Kind::Lists(3), "this column does not hold taints";
    /// A column of pods.
    Pods: Kind::Pods, "this column does not hold pods";
    /// A column of whole objects.
    Blobs: Kind::Blobs, "this column does not hold objects";
}

/// Declares what the plugin reads of nodes: a handle for each column, and `COLUMNS`, the list for the manifest.
///
/// ```
/// use longshore_plugin::prelude::*;
///
/// columns! {
///     FREE_CPU: Number = free("cpu"),
///     ZONE: Text = label("topology.kubernetes.io/zone"),
///     TAINTS: Taints = taints(),
/// }
/// # fn main() { assert_eq!(COLUMNS.len(), 3); let _ = (FREE_CPU, ZONE, TAINTS); }
/// ```
#[macro_export]
macro_rules! columns {
    ($($(#[$doc:meta])* $vis:vis $name:ident : $kind:ident = $spec:expr),+ $(,)?) => {
        /// The columns in the manifest's order.
        pub(crate) const COLUMNS: &[$crate::column::Column] = {
            #[allow(unused_imports, reason = "no plugin needs all of them")]
            use $crate::column::spec::*;
            &[$($spec),+]
        };
        $crate::__handles!([] $($(#[$doc])* $vis $name : $kind,)+);
    };
}

/// One handle after the other, counting in ones.
#[doc(hidden)]
#[macro_export]
macro_rules! __handles {
    ([$($before:ident)*]) => {};
    ([$($before:ident)*] $(#[$doc:meta])* $vis:vis $name:ident : $kind:ident, $($rest:tt)*) => {
        $(#[$doc])*
        $vis const $name: $crate::column::$kind = {
            const PLACE: usize = <[&str]>::len(&[$(stringify!($before)),*]);
            $crate::column::$kind::at(PLACE, &COLUMNS[PLACE])
        };
        $crate::__handles!([$($before)* $name] $($rest)*);
    };
}
