//! What the model does not read of an object, as numbers that change with it.
//!
//! Plugins that are given whole objects, and extenders, may go by fields that the model has no place for. So an object that
//! is the same to the model may be news to them. Whoever brings objects says so here while somebody reads them whole; else
//! all numbers are 0, and an object that is the same to the model is no news.

use serde::{Deserialize, Serialize};

/// Numbers for the whole of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Another one whenever the text is another: whoever keeps the node whole has to look again.
    pub text: u64,
    /// Another one when something is said that a decision may go by, which versions and heartbeats are not: an
    /// [update](crate::event::Action::UPDATE).
    pub content: u64,
}
