//! Which nodes a change of a storage object concerns.

use super::NamespacedName;
use crate::Str;

/// Nodes about which something has changed although neither they nor their pods did. The snapshot's log of changed nodes
/// [is told of it](crate::snapshot::Snapshot::concern), so that answers that are kept for a node follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// This node: its CSINode is another.
    Node(Str),
    /// What is attached to this node, or which of its devices there are and are in use.
    Attached(Str),
    /// The nodes with pods that use this claim: another volume is behind it.
    Users(NamespacedName),
    /// The nodes with one of these values of a label: a volume that can be used there is free now, or is not any more.
    Reached {
        /// The label's key.
        key: Str,
        /// Its values.
        values: Vec<Str>,
    },
}
