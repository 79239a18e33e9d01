//! What a segment has after its header.

use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

use crate::turn::Turn;

/// What a segment has.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A turn.
    Turn(Turn),
    /// Of the checkpoint: an input that rebuilds the cluster.
    Restore(Input),
    /// Of the checkpoint: a pod that was being bound, as it waited.
    InFlight(Arc<Pod>),
    /// The end of the checkpoint.
    Restored,
}
