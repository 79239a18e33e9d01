//! One node, many pods.

use std::fmt::Debug;

use super::Cycle;
use crate::objects::Objects;
use crate::state::PluginState;
use crate::verdict::PluginError;
use crate::view::NodeView;

/// How many pods are asked about at a time.
pub const SEATS: usize = 64;

/// One number for each pod.
pub type PerSeat = [i64; SEATS];

/// What a plugin keeps of up to [`SEATS`] pods, each at a seat of its own, so that it can be asked about one node for all of
/// them at once. For a plugin whose answers go by numbers of the pod and of the node: what it reads of the node it then
/// reads once.
///
/// It is asked about nodes as they are, without promised pods. Answers for seats that nobody has do not matter.
pub trait Seats: Debug + Send {
    /// Gives the pod of the cycle a seat, in place of another that may have had it. `state` is what PreFilter and PreScore
    /// left. A pod about which the plugin has nothing to say fits on every node. False when the plugin has to be asked about this
    /// pod in the ordinary way.
    ///
    /// # Errors
    /// When the state is not what it should be.
    fn take(&mut self, seat: usize, cx: Cycle<'_>, state: &PluginState) -> Result<bool, PluginError>;

    /// Makes the number of each pod negative that the node is rejected for, and leaves the sign of the others. Returns the seats, a
    /// bit for each, whose pods have to be asked about in the ordinary way because something about the node is broken.
    fn filter(&self, _node: NodeView<'_>, _objects: &Objects, _room: &mut PerSeat) -> u64 {
        0
    }

    /// The score of the node for each pod, for a plugin whose scores are [absolute](super::Score::is_absolute).
    fn score(&self, _node: NodeView<'_>, _objects: &Objects, _scores: &mut PerSeat) {}
}
