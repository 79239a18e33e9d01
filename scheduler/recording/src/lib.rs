//! What an engine was told and what it wanted, kept in files, and run again.
//!
//! ```text
//!  the scheduling thread            the writer's thread                       files
//!  Tape: engine.apply, step ──▶ turns, in batches ──▶ lines ──▶ blocks ──▶ segments, index
//!                                                                                │
//!  Replay: another engine, told the same, compared turn by turn ◀── turns ◀──────┘
//! ```
//!
//! An engine is a function of its inputs: who keeps its inputs, its seed and its configuration has kept every decision. What
//! came of each input is kept too, so that a replay can say whether the same comes out.
//!
//! A *segment* is a file. It begins with what the engine was given (its [`Settings`]), and either at the start of a process or
//! with a *checkpoint*: the cluster as inputs that rebuild it. So old segments can be removed. A *stretch* is what lies between
//! two places where something may be missing: it is replayed without a break.
//!
//! Nothing here knows of a live service, prints, or trusts a file.

mod block;
mod checkpoint;
mod directory;
mod done;
mod entry;
mod error;
mod index;
mod limits;
mod line;
mod reader;
mod replay;
mod segment;
mod settings;
mod specs;
mod status;
mod tape;
mod turn;
mod writer;

pub use checkpoint::Checkpoint;
pub use directory::{Recording, Segment, Stretch};
pub use done::{Done, DoneKind, Ended, Tried};
pub use entry::Entry;
pub use error::ReadError;
pub use index::{INDEX, SegmentEntry};
pub use limits::Limits;
pub use reader::SegmentReader;
pub use replay::{Difference, Follow, Replay, ReplayError, Summary, Witness};
pub use segment::{Begins, Header};
pub use settings::{Module, Settings};
pub use status::Status;
pub use tape::Tape;
pub use turn::{Turn, What};
pub use writer::{Recorder, StartError};

#[cfg(test)]
mod tests;
