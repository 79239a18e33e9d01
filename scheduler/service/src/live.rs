//! The scheduler at work in a real cluster: one thread owns the engine, everything else talks to it.
//!
//! ```text
//!  watches, lease, HTTP server ──▶ inbox ──▶ the thread: take everything in, decide one pod ──▶ performers
//!                                   ▲                                                             │
//!                                   └──────────────────── how it went ◀───────────────────────────┘
//! ```

mod answers;
mod assembly;
mod bind_timeouts;
mod clients;
mod contact;
mod health;
mod leader;
mod lines;
mod measuring;
mod minor;
mod observer;
mod outbox;
mod picture;
mod plugins;
mod recording;
mod reload;
mod reviewing;
mod rivals;
mod settings;
mod sides;
mod start;
mod tally;
mod thread;

use std::sync::mpsc::Sender;

use longshore_cluster::told::Told;
use longshore_engine::Engine;
use longshore_framework::port::Effect;

pub use leader::hostname;
pub use minor::{load, rules};
pub use plugins::{Switch, Watch};
pub use recording::modules;
pub use start::{Prepared, start};
pub use thread::End;

/// What the thread receives.
pub(crate) enum Message {
    /// Something happened in the cluster.
    Told(Told),
    /// Whether this process is the one that schedules.
    Leading(bool),
    /// Something to be done with the engine between two decisions: a question is answered, profiles are exchanged.
    Do(Errand),
    /// Come to an end: what is being bound is bound, nothing more is decided.
    Stop,
}

/// Something to be done with the engine; what it wants done thereupon is returned.
pub(crate) type Errand = Box<dyn FnOnce(&mut Engine) -> Vec<Effect> + Send>;

/// The way to the thread.
pub(crate) type Inbox = Sender<Message>;
