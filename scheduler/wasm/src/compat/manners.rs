//! What is known of how a guest answers.

use std::sync::atomic::{AtomicBool, Ordering};

use super::exports::Export;

/// Whether a guest can be asked about nodes in batches; see `batches.rs`.
#[derive(Debug, Default)]
pub(crate) struct Manners {
    /// It carries something from node to node: its nodes are asked about in one go.
    whole: AtomicBool,
    /// Its answers in batches were those in one go: of Filter, and of Score.
    compared: [AtomicBool; 2],
}

impl Manners {
    /// Whether its nodes are asked about in one go.
    pub(crate) fn whole(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }

    /// From now on they are. Whether that is news.
    pub(crate) fn found_out(&self) -> bool {
        !self.whole.swap(true, Ordering::Relaxed)
    }

    /// Whether its answers in batches were compared with those in one go.
    pub(crate) fn compared(&self, export: Export) -> bool {
        self.compared[place(export)].load(Ordering::Relaxed)
    }

    /// They were, and were the same.
    pub(crate) fn holds(&self, export: Export) {
        self.compared[place(export)].store(true, Ordering::Relaxed);
    }
}

fn place(export: Export) -> usize {
    usize::from(export == Export::Score)
}
