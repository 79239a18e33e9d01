//! What a recording has to know of an engine, and what a replay that begins in the middle tells it.

use longshore_framework::{Str, Timestamp};

use super::Engine;

impl Engine {
    /// The time it was told last.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether [bindings wait](Self::hold_bindings) until they are asked for.
    pub fn holds_bindings(&self) -> bool {
        self.holds_bindings
    }

    /// The node that is promised to a waiting pod.
    pub fn promised_node(&self, uid: &str) -> Option<&Str> {
        self.queue.nominator.node_of(uid)
    }

    /// Among equally good nodes this one is taken from now on, whatever chance says; `None` leaves it to chance again. A replay
    /// that does not know what was drawn before follows the recording by it.
    pub fn prefer(&mut self, node: Option<Str>) {
        self.chooser.prefer(node);
    }
}
