//! What plugins of the catalogue share.
//!
//! - [`args`]: `pluginConfig[].args` as kube-scheduler's plugins have them, read strictly.
//! - [`quantity`]: amounts of resources.
//! - [`capacity`]: what nodes have as a whole.
//! - [`budget`]: how much may be read whole for one pod.
//! - [`pod`]: what of a whole pod its brief form does not say.
//! - [`resources`]: which names of resources are what.
//! - [`rows`]: what is known of the pods of each node.
//! - [`scores`]: how scores are brought into 0 to 100.
//! - [`preemption`]: which victims on which node.

pub mod args;
pub mod budget;
pub mod capacity;
pub mod pod;
pub mod preemption;
pub mod quantity;
pub mod resources;
pub mod rows;
pub mod scores;
pub mod time;

pub use args::Args;
pub use budget::Budget;
pub use capacity::Capacities;
pub use pod::RawPod;
pub use quantity::Quantity;
pub use rows::Rows;
