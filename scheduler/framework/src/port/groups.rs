//! How groups stand, for those who read it in their objects.

/// How a group stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStanding {
    /// In a word.
    pub state: GroupState,
    /// In a sentence.
    pub message: String,
    /// How many pods it takes.
    pub min_count: usize,
    /// How many it has.
    pub pods: usize,
    /// How many of these have a node, those included that are being bound.
    pub placed: usize,
}

/// What is the matter with a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupState {
    /// It waits for pods that do not exist.
    Incomplete,
    /// Too few of its pods fit.
    Unschedulable,
    /// It starts once others have made room.
    Preempting,
    /// It starts.
    Started,
    /// Something broke.
    Broken,
    /// It makes room for others.
    Preempted,
}

impl GroupStanding {
    /// Whether it waits for pods that do not exist.
    pub fn is_incomplete(&self) -> bool {
        self.state == GroupState::Incomplete
    }
}
