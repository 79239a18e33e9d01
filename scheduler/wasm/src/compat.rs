//! The host of modules built for kube-scheduler-wasm-extension, unmodified.
//!
//! Such a module is a core module whose functions take nothing: it asks the host for what it wants to know, object by
//! object, and keeps what it knows of a pod's cycle in its memory. It is called once for every node, and decodes every
//! node it looks at, so it costs some thousand times what a component costs. It is here so that nobody has to rewrite a
//! plugin on the day of changing schedulers.
//!
//! What the original leaves open is closed: every call has a deadline, memory has a cap, an instance that broke is
//! thrown away, none leaks, scores are matched by name, and Unreserve is called where Reserve was.
//!
//! | module | does |
//! | --- | --- |
//! | `exports` | what a module can do, told from its exports |
//! | `abi` | what it may import |
//! | `proto`, `model`, `objects`, `nodes` | pods and nodes as protobuf, made from JSON and kept |
//! | `instance`, `pool` | instances, and which pod has which |
//! | `batches`, `manners` | many nodes, on an instance beside the pod's own |
//! | `verdicts` | status codes and event bits |
//! | `guard` | failures, the breaker |
//! | `plugin` | the framework's traits |
//! | `load` | from bytes to a plugin |

mod abi;
mod batches;
mod common;
mod exports;
mod guard;
mod instance;
mod load;
mod manners;
mod model;
mod nodes;
mod objects;
mod plugin;
mod pool;
mod proto;
mod verdicts;

pub(crate) use load::load;
pub(crate) use plugin::CompatPlugin;

#[cfg(test)]
mod tests;
