//! The host of components that speak `longshore:scheduler`.
//!
//! The hot path is one call per pod, stage and instance: the guest keeps a table of nodes in its own memory, which is
//! brought up to date by deltas; candidates go in as a set of rows, verdicts and scores come out positional.
//!
//! | module | does |
//! | --- | --- |
//! | `bindings`, `exports` | what wasmtime generates of `plugins/wit`, and which of it a component has |
//! | `imports` | what a guest may ask of the host |
//! | `asking` | what a guest asks of the engine during PostFilter |
//! | `live` | one instance, with its deadline, its table and its cycle |
//! | `table` | columns of the snapshot as deltas |
//! | `cluster` | what a question is asked beside |
//! | `convert` | pods and answers in both languages |
//! | `verdicts` | checks what Filter answered |
//! | `reading` | objects that a plugin declares |
//! | `metering` | what is measured on nodes |
//! | `version` | components built for an older interface |
//! | `pure` | answers kept per class of pods and row |
//! | `about` | what a plugin is, for reports |
//! | `hint_time` | how long a plugin may think about events |
//! | `plugin`, `guard` | instances, shards; what becomes of failures |
//! | `stages` | the framework's traits |

mod about;
mod asking;
mod bindings;
mod cluster;
mod convert;
mod exports;
mod guard;
mod hint_time;
mod imports;
mod live;
mod load;
mod loaded;
mod metering;
mod plugin;
mod pure;
mod reading;
mod sample;
mod stages;
mod table;
mod verdicts;
mod version;

use std::sync::Arc;

use longshore_framework::registry::Instance;

pub(crate) use load::{describe, load};
pub(crate) use plugin::ComponentPlugin;

/// A component as the framework takes it.
pub(crate) fn instance(plugin: &Arc<ComponentPlugin>) -> Instance {
    stages::Staged(Arc::clone(plugin)).instance()
}
