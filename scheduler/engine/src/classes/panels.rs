//! The panels, and which class sits where.

use longshore_framework::plugin::SEATS;
use rustc_hash::FxHashMap;

use super::alike::ClassKey;
use super::changes::Changes;
use super::class::AsOf as SeatedAsOf;
use super::kin::{Column, Sitting, Told};
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

/// Where kin sits, and its raw scores as in [`Sitting`].
type Kin = (Seat, Option<Vec<i64>>);

/// A panel, and who sits there.
#[derive(Debug)]
struct Seated {
    as_of: AsOf,
    number: u64,
    panel: Panel,
    /// By seat.
    sitting: Vec<Option<Sitting>>,
}

/// All panels.
#[derive(Debug, Default)]
pub(super) struct Panels {
    panels: Vec<Seated>,
    /// Where the class sits that took a seat last of those that are kin, by their hash. It may have left.
    kin: FxHashMap<u64, Seat>,
    /// How many there have been: each has a number of its own.
    made: u64,
    /// How many rows a panel has, at the most.
    rows: usize,
}

impl Panels {
    /// The panel of a seat; `None` when it is not that any more.
    pub(super) fn panel_at(
        &mut self,
        evaluator: &Evaluator<'_>,
        profile: usize,
        seat: Seat,
    ) -> Option<&mut Panel> {
        // The cluster may have grown since there was room for them all.
        self.panels.truncate(self.most(evaluator));
        let Seated { as_of, number, panel, .. } = self.panels.get_mut(seat.panel)?;
        self.rows = self.rows.max(panel.rows());
        let is_same = *number == seat.number && *as_of == AsOf::now(evaluator, profile);
        (is_same && panel.is_taken(seat.seat)).then_some(panel)
    }

    /// The panel of a seat that is free.
    pub(super) fn of_free(&mut self, seat: Seat) -> Option<&mut Panel> {
        self.panels.get_mut(seat.panel).map(|seated| &mut seated.panel)
    }

    /// The panel of a seat begins anew, without anybody.
    pub(super) fn begin_anew(&mut self, evaluator: &Evaluator<'_>, seat: Seat) {
        if let Some(Seated { number, panel, sitting, .. }) = self.panels.get_mut(seat.panel) {
            self.made += 1;
            *number = self.made;
            *panel = Panel::new(evaluator.profile, evaluator.snapshot);
            sitting.clear();
        }
    }

    /// Nobody has the seat any more.
    pub(super) fn leave(&mut self, seat: Seat) {
        if let Some(Seated { number, panel, sitting, .. }) = self.panels.get_mut(seat.panel)
            && *number == seat.number
        {
            panel.leave(seat.seat);
            if let Some(sitting) = sitting.get_mut(seat.seat) {
                *sitting = None;
            }
        }
    }

    /// A class has taken the seat.
    pub(super) fn sits(&mut self, seat: Seat, who: Sitting) {
        let seats = self.panels.len() * SEATS;
        let Some(Seated { sitting, .. }) = self.panels.get_mut(seat.panel) else { return };
        if sitting.len() <= seat.seat {
            sitting.resize_with(SEATS, || None);
        }
        let kin = who.key.kin();
        sitting[seat.seat] = Some(who);
        if self.kin.len() > seats {
            let panels = &self.panels;
            self.kin.retain(|kin, seat| sitting_at(panels, *seat).is_some_and(|who| who.key.kin() == *kin));
        }
        self.kin.insert(kin, seat);
    }

    /// Whether a class sits somewhere that is kin to one with this key.
    pub(super) fn has_kin(&self, key: &ClassKey) -> bool {
        let seat = self.kin.get(&key.kin());
        seat.and_then(|seat| sitting_at(&self.panels, *seat)).is_some_and(|sitting| sitting.key.is_kin(key))
    }

    /// Where kin of a class with this key sits that saw the same and knows of all nodes, with its raw scores. Its panel may begin
    /// anew by that; then nobody sits there.
    pub(super) fn kin_of(
        &mut self,
        evaluator: &Evaluator<'_>,
        (profile, key, seen): (usize, &ClassKey, SeatedAsOf),
        changes: &mut Changes,
    ) -> Option<Kin> {
        let seat = *self.kin.get(&key.kin())?;
        let sitting = sitting_at(&self.panels, seat)?;
        if !sitting.key.is_kin(key) || sitting.as_of != seen {
            return None;
        }
        let raw = sitting.raw.clone();
        let panel = self.panel_at(evaluator, profile, seat)?;
        if !panel.follow(evaluator, changes) {
            self.begin_anew(evaluator, seat);
            return None;
        }
        panel.knows_all(seat.seat).then_some((seat, raw))
    }

    /// What kin tells whoever will sit at the seat `at`.
    pub(super) fn told(&self, (seat, raw): Kin, at: Seat) -> Option<Told> {
        let is_same = (seat.panel, seat.number) == (at.panel, at.number);
        let column = match is_same {
            true => Column::Seat(seat.seat),
            false => Column::Nodes(self.panels.get(seat.panel)?.panel.column(seat.seat)),
        };
        Some(Told { column, raw })
    }

    /// A seat that nobody has, in a panel of now; `None` when there is no room for one more panel.
    pub(super) fn free_seat(&mut self, evaluator: &Evaluator<'_>, profile: usize) -> Option<Seat> {
        let now = AsOf::now(evaluator, profile);
        let free = self.panels.iter().enumerate().find_map(|(at, seated)| {
            let seat = seated.panel.free_seat().filter(|_| seated.as_of == now)?;
            Some(Seat { panel: at, number: seated.number, seat })
        });
        free.or_else(|| self.add(evaluator, now))
    }

    fn add(&mut self, evaluator: &Evaluator<'_>, now: AsOf) -> Option<Seat> {
        let is_stale = |seated: &Seated| seated.as_of != now && seated.as_of.profile == now.profile;
        let stale = self.panels.iter().position(is_stale);
        if stale.is_none() && self.panels.len() >= self.most(evaluator) {
            return None;
        }
        self.made += 1;
        let panel = Panel::new(evaluator.profile, evaluator.snapshot);
        self.rows = if self.panels.is_empty() { panel.rows() } else { self.rows.max(panel.rows()) };
        let panel = Seated { as_of: now, number: self.made, panel, sitting: Vec::new() };
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

/// Who sits at the seat, if it is still that of the same panel.
fn sitting_at(panels: &[Seated], seat: Seat) -> Option<&Sitting> {
    let seated = panels.get(seat.panel).filter(|seated| seated.number == seat.number)?;
    seated.sitting.get(seat.seat)?.as_ref()
}

impl AsOf {
    fn now(evaluator: &Evaluator<'_>, profile: usize) -> Self {
        let snapshot = evaluator.snapshot;
        Self { profile, lineage: snapshot.lineage(), epoch: snapshot.epoch() }
    }
}
