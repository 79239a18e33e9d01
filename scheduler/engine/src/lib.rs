//! The engine: it is told what happens in a cluster and says what is to be done about it.
//!
//! [`Engine::apply`] takes an [`Input`](longshore_framework::port::Input), [`Engine::step`] tries the pod whose turn it
//! is; both answer with [`Effect`](longshore_framework::port::Effect)s. There is no I/O and no clock here, and chance
//! comes from a seed: the same inputs give the same effects on every machine, with any number of threads.

mod asking;
mod attempt;
mod cache;
mod choice;
mod classes;
mod cycle;
mod engine;
mod events;
mod evictions;
mod extenders;
mod groups;
mod guard;
mod heap;
mod kept_runs;
mod known_failure;
mod message;
mod meter;
mod options;
mod path;
mod plugin_set;
mod pods;
mod preempt;
mod queue;
mod ranking;
mod rules;
mod specs;
mod timers;
pub mod trace;
mod weighing;

pub use attempt::{Attempt, DomainFit, GroupOutcome, GroupResult, Outcome, RejectedNodes};
pub use choice::{BestNode, Choice, Scored};
pub use engine::{CacheView, Engine, Judgement, OtherProfiles, Verdicts};
pub use message::NO_NODES;
pub use meter::{AttemptResult, EventLabel, ExtensionPoint, Meter, QueueName, Status};
pub use options::{Evaluation, Options, Parallelism, TieBreak};
pub use path::{Literal, Path};
pub use plugin_set::PluginSet;
pub use pods::QueuedPod;
pub use queue::QueueCounts;
pub use weighing::{Criterion, WeighedNode, Weighing};
