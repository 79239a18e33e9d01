//! Which interfaces a component has, and how they are called.

use longshore_framework::registry::Stage;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{AsContextMut, Result};

use super::bindings::exports::longshore::scheduler as wit;
use super::version::{CURRENT, PREFIX};

macro_rules! interfaces {
    ($($field:ident),* $(,)?) => {
        /// Where the exports of a component are.
        pub(crate) struct Indices {
            lifecycle: wit::lifecycle::GuestIndices,
            $($field: Option<wit::$field::GuestIndices>,)*
        }

        /// The exports of one instance.
        pub(crate) struct Exports {
            pub(crate) lifecycle: wit::lifecycle::Guest,
            $(pub(crate) $field: Option<wit::$field::Guest>,)*
        }

        impl Indices {
            /// # Errors
            /// There is no `lifecycle`, or an interface has not all of its functions.
            pub(crate) fn find<T>(pre: &InstancePre<T>) -> Result<Self> {
                Ok(Self {
                    lifecycle: wit::lifecycle::GuestIndices::new(pre)?,
                    $($field: match has(pre, stringify!($field)) {
                        true => Some(wit::$field::GuestIndices::new(pre)?),
                        false => None,
                    },)*
                })
            }

            /// # Errors
            /// A function has another type than the interface says.
            pub(crate) fn load(&self, mut store: impl AsContextMut, instance: &Instance) -> Result<Exports> {
                Ok(Exports {
                    lifecycle: self.lifecycle.load(&mut store, instance)?,
                    $($field: match &self.$field {
                        Some(indices) => Some(indices.load(&mut store, instance)?),
                        None => None,
                    },)*
                })
            }

            /// The names of the interfaces, as WIT has them.
            pub(crate) fn names(&self) -> Vec<String> {
                let mut names = vec!["lifecycle".to_string()];
                $(if self.$field.is_some() {
                    names.push(stringify!($field).replace('_', "-"));
                })*
                names
            }
        }
    };
}

interfaces! {
    declaration, objects, metrics, timers, hints, queue_sort, handover, cycle, pre_enqueue, pre_filter, pre_filter_extensions, filter, post_filter, pre_score, score,
    normalize_score, reserve, permit, pre_bind, bind, post_bind,
}

impl Indices {
    /// Whether the plugin takes part in a stage.
    pub(crate) fn has(&self, stage: Stage) -> bool {
        match stage {
            Stage::PreEnqueue => self.pre_enqueue.is_some(),
            Stage::QueueSort => self.queue_sort.is_some(),
            Stage::PreFilter => self.pre_filter.is_some(),
            Stage::Filter => self.filter.is_some(),
            Stage::PostFilter => self.post_filter.is_some(),
            Stage::PreScore => self.pre_score.is_some(),
            Stage::Score => self.score.is_some(),
            Stage::Reserve => self.reserve.is_some(),
            Stage::Permit => self.permit.is_some(),
            Stage::PreBind => self.pre_bind.is_some(),
            Stage::Bind => self.bind.is_some(),
            Stage::PostBind => self.post_bind.is_some(),
        }
    }

    /// Whether scores are normalised.
    pub(crate) fn normalizes(&self) -> bool {
        self.normalize_score.is_some()
    }

    /// Whether state outlives an instance.
    pub(crate) fn hands_over(&self) -> bool {
        self.handover.is_some()
    }

    /// Whether it is asked about events.
    pub(crate) fn hints(&self) -> bool {
        self.hints.is_some()
    }

    /// Whether it filters or scores nodes.
    pub(crate) fn judges(&self) -> bool {
        self.filter.is_some() || self.score.is_some()
    }

    /// Interfaces that make no sense on their own.
    pub(crate) fn missing(&self) -> Option<String> {
        let needs = |what: &str, other: &str| Some(format!("exports {what} without {other}"));
        match () {
            () if self.judges() && self.cycle.is_none() => needs("filter or score", "cycle"),
            () if self.pre_score.is_some() && self.score.is_none() => needs("pre-score", "score"),
            () if self.normalize_score.is_some() && self.score.is_none() => needs("normalize-score", "score"),
            () if self.pre_filter_extensions.is_some() && self.pre_filter.is_none() => {
                needs("pre-filter-extensions", "pre-filter")
            }
            () if !Stage::ALL.into_iter().any(|s| self.has(s)) => Some("exports no stage".to_string()),
            () => None,
        }
    }
}

fn has<T>(pre: &InstancePre<T>, field: &str) -> bool {
    let name = format!("{PREFIX}{}{CURRENT}", field.replace('_', "-"));
    pre.component().get_export_index(None, &name).is_some()
}
