//! The scheduler at work in a real cluster: one thread owns the engine, everything else talks to it.
//!
//! ```text
//!  watches, lease, HTTP server ──▶ inbox ──▶ the thread: take everything in, decide one pod ──▶ performers
//!                                   ▲                                                             │
//!                                   └──────────────────── how it went ◀───────────────────────────┘
//! ```

mod clock;
mod outbox;
mod start;
mod thread;

use std::sync::mpsc::Sender;

use longshore_cluster::watch::Told;
use longshore_engine::Engine;

pub(crate) use clock::Clock;
pub(crate) use start::start;
pub(crate) use thread::End;

/// What the thread receives.
pub(crate) enum Message {
    /// Something happened in the cluster.
    Told(Told),
    /// Whether this process is the one that schedules.
    Leading(bool),
    /// A question, answered between two decisions.
    Ask(Question),
    /// Come to an end.
    Stop,
}

/// A question to the engine.
pub(crate) type Question = Box<dyn FnOnce(&Engine) + Send>;

/// The way to the thread.
pub(crate) type Inbox = Sender<Message>;
