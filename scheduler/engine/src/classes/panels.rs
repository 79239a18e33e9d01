//! The panels, and which class sits where.

use longshore_framework::plugin::SEATS;

use super::panel::Panel;
use crate::cycle::Evaluator;

/// Rows times seats at the most; each takes some four bytes.
const MAX_CELLS: usize = 32 << 20;

/// What panels have to have in common with the moment: when any of this changes they begin anew. More may change for the
/// classes that sit there: then each takes a seat again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AsOf {
    profile: usize,
    lineage: u64,
    epoch: u64,
}

/// A place in a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    panel: usize,
    /// The number of the panel when the seat was taken.
    number: u64,
    pub(super) seat: usize,
}

/// All panels.
#[derive(Debug, Default)]
pub(super) struct Panels {
    panels: Vec<(AsOf, u64, Panel)>,
    /// How many there have been: each has a number of its own.
    made: u64,
    /// How many rows a panel has, at the most.
    rows: usize,
}

impl Panels {
    /// The panel of a seat; `None` when it is not that any more.
    pub(super) fn of(&mut self, evaluator: &Evaluator<'_>, profile: usize, seat: Seat) -> Option<&mut Panel> {
        // The cluster may have grown since there was room for them all.
        self.panels.truncate(self.most(evaluator));
        let (as_of, number, panel) = self.panels.get_mut(seat.panel)?;
        self.rows = self.rows.max(panel.rows());
        let is_same = *number == seat.number && *as_of == AsOf::now(evaluator, profile);
        (is_same && panel.is_taken(seat.seat)).then_some(panel)
    }

    /// The panel of a seat that is free.
    pub(super) fn of_free(&mut self, seat: Seat) -> Option<&mut Panel> {
        self.panels.get_mut(seat.panel).map(|(_, _, panel)| panel)
    }

    /// The panel of a seat begins anew, without anybody.
    pub(super) fn begin_anew(&mut self, evaluator: &Evaluator<'_>, seat: Seat) {
        if let Some((_, number, panel)) = self.panels.get_mut(seat.panel) {
            self.made += 1;
            *number = self.made;
            *panel = Panel::new(evaluator.profile, evaluator.snapshot);
        }
    }

    /// Nobody has the seat any more.
    pub(super) fn leave(&mut self, seat: Seat) {
        if let Some((_, number, panel)) = self.panels.get_mut(seat.panel)
            && *number == seat.number
        {
            panel.leave(seat.seat);
        }
    }

    /// A seat that nobody has, in a panel of now; `None` when there is no room for one more panel.
    pub(super) fn free_seat(&mut self, evaluator: &Evaluator<'_>, profile: usize) -> Option<Seat> {
        let now = AsOf::now(evaluator, profile);
        let free = self.panels.iter().enumerate().find_map(|(at, (as_of, number, panel))| {
            let seat = panel.free_seat().filter(|_| *as_of == now)?;
            Some(Seat { panel: at, number: *number, seat })
        });
        free.or_else(|| self.add(evaluator, now))
    }

    fn add(&mut self, evaluator: &Evaluator<'_>, now: AsOf) -> Option<Seat> {
        let stale = self.panels.iter().position(|(as_of, ..)| *as_of != now && as_of.profile == now.profile);
        if stale.is_none() && self.panels.len() >= self.most(evaluator) {
            return None;
        }
        self.made += 1;
        let panel = Panel::new(evaluator.profile, evaluator.snapshot);
        self.rows = if self.panels.is_empty() { panel.rows() } else { self.rows.max(panel.rows()) };
        let panel = (now, self.made, panel);
        let at = stale.unwrap_or(self.panels.len());
        match self.panels.get_mut(at) {
            Some(place) => *place = panel,
            None => self.panels.push(panel),
        }
        Some(Seat { panel: at, number: self.made, seat: 0 })
    }

    /// How many panels there is room for.
    fn most(&self, evaluator: &Evaluator<'_>) -> usize {
        MAX_CELLS / (SEATS * evaluator.snapshot.slots().max(self.rows).max(1))
    }
}

impl AsOf {
    fn now(evaluator: &Evaluator<'_>, profile: usize) -> Self {
        let snapshot = evaluator.snapshot;
        Self { profile, lineage: snapshot.lineage(), epoch: snapshot.epoch() }
    }
}
