//! What came of looking for room for a group.

use crate::preempt::Unit;

/// What came of looking for room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sought {
    pub(super) found: Found,
    /// Victims of the group are on their way out.
    pub(super) waits: bool,
    /// Pods that have to go, or without room those that would have been free to.
    pub(super) victims: usize,
    /// Groups among them that go as a whole.
    pub(super) groups: usize,
    /// How many of them budgets protect.
    pub(super) protected: usize,
    /// How many of the group's pods fit without them.
    pub(super) would_fit: usize,
}

/// Whether there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Not even with all gone that may go.
    Nothing,
    /// Once victims are gone.
    Room,
    /// At once: tried again the pods fitted as they are.
    Places,
}

impl Sought {
    pub(super) fn nothing() -> Self {
        Self { found: Found::Nothing, waits: false, victims: 0, groups: 0, protected: 0, would_fit: 0 }
    }

    pub(super) fn of(found: Found, units: &[Unit], would_fit: usize) -> Self {
        Self {
            found,
            waits: false,
            victims: units.iter().map(|unit| unit.pods.len()).sum(),
            groups: units.iter().filter(|unit| unit.is_group).count(),
            protected: units.iter().map(|unit| unit.violations).sum(),
            would_fit,
        }
    }
}
