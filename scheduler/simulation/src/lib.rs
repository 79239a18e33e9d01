//! Simulations: what the scheduler would do with a cluster that stands still, and why.
//!
//! ```text
//! longshore_manifest ─▶ Manifests ─┐             ┌─▶ Simulated ─▶ report::Simulation     what became of every pod
//! profiles ──────────▶ Profile ────┼─▶ run ──────┤
//! Options ─────────────────────────┘             └─▶ explain ───▶ report::Explanation    why one pod is where it is
//! ```
//!
//! Nothing here prints, reads files, asks a network or looks at a clock, but to time itself. Times are milliseconds of the cluster that
//! is simulated; amounts are in the units of [`longshore_framework::resources`]. `examples/fits.rs` asks whether a Deployment fits.
//!
//! | module | what it does |
//! | --- | --- |
//! | `simulation` | the engine over a cluster, pod by pod ([`run`], [`load`], [`Paused`]) |
//! | `profiles` | profiles with the plugins of Kubernetes |
//! | [`explain`] | why a pod does not fit, and what would help |
//! | [`report`] | what was found out, as documents |
//! | [`attempts`] | every attempt with its trace, as JSON |
//! | [`choice`] | what to say of pods that no profile decides |
//! | [`text`] | amounts, numbers and names, as people read them |

pub mod attempts;
pub mod choice;
pub mod explain;
pub mod report;
pub mod text;

mod profiles;
mod simulation;

pub use longshore_engine::Options;
pub use profiles::{default_profiles, profiles};
pub use simulation::{Observer, Paused, Record, Said, Simulated, Written, load, run, run_watched};
