//! What the plugins of a panel say of a node, for all seats together.

use longshore_framework::objects::Objects;
use longshore_framework::plugin::{PerSeat, SEATS, Seats};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::view::NodeView;
use longshore_framework::wide::wide;

use super::cells::Row;
use crate::cycle::Evaluator;
use crate::cycle::state::CycleState;
use crate::path::Literal;

/// A plugin of the panel.
#[derive(Debug)]
struct Seated {
    id: PluginId,
    filters: bool,
    seats: Box<dyn Seats>,
    /// What its score counts for each class; 0 where it has nothing to say.
    weights: Row,
    /// It counts for some class.
    counts: bool,
}

/// The plugins of a profile that take part in panels.
#[derive(Debug)]
pub(super) struct SeatedPlugins(Vec<Seated>);

impl SeatedPlugins {
    pub(super) fn of(profile: &Profile) -> Self {
        let on = |stage: Stage, id| profile.stage(stage).contains(&id);
        let ids = (0..).map(PluginId).take(profile.plugins().len());
        let ids = ids.filter(|id| on(Stage::Filter, *id) || on(Stage::Score, *id));
        let seated = ids.filter_map(|id| {
            let seats = profile.plugin(id).plugin.seats()?;
            Some(Seated { id, filters: on(Stage::Filter, id), seats, weights: [0; SEATS], counts: false })
        });
        Self(seated.collect())
    }

    /// The plugins, and whether they filter.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PluginId, bool)> + '_ {
        self.0.iter().map(|plugin| (plugin.id, plugin.filters))
    }

    /// Gives the pod of `evaluator` the seat. `weight` says what the score of a plugin counts for it. False when a plugin has to be
    /// asked about the pod in the ordinary way.
    pub(super) fn take(
        &mut self,
        seat: usize,
        evaluator: &Evaluator<'_>,
        state: &CycleState,
        weight: impl Fn(PluginId) -> i16,
    ) -> Result<bool, Literal> {
        for plugin in &mut self.0 {
            if !plugin.seats.take(seat, evaluator.cycle(), state.of(plugin.id))? {
                return Ok(false);
            }
            plugin.weights[seat] = weight(plugin.id);
            plugin.counts = plugin.weights != [0; SEATS];
        }
        Ok(true)
    }

    /// The cells of a node, given its fixed scores, and the seats of which nothing can be told there.
    pub(super) fn cells(&self, node: NodeView<'_>, objects: &Objects, fixed: &Row) -> (Row, u64) {
        let (mut room, mut scores): (PerSeat, PerSeat) = ([0; SEATS], [0; SEATS]);
        let mut broken = 0;
        for plugin in self.0.iter().filter(|plugin| plugin.filters) {
            broken |= plugin.seats.filter(node, objects, &mut room);
        }
        let mut totals = *fixed;
        for plugin in self.0.iter().filter(|plugin| plugin.counts) {
            plugin.seats.score(node, objects, &mut scores);
            add_weighted(&mut totals, &plugin.weights, &scores);
        }
        (cells(fixed, &room, &totals), broken)
    }
}

fn add_weighted(totals: &mut Row, weights: &Row, scores: &PerSeat) {
    wide(
        #[inline(always)]
        || {
            for ((total, weight), score) in totals.iter_mut().zip(weights).zip(scores) {
                *total = total.wrapping_add(weight.wrapping_mul(*score as i16));
            }
        },
    );
}

fn cells(fixed: &Row, room: &PerSeat, totals: &Row) -> Row {
    let mut cells = [0; SEATS];
    wide(
        #[inline(always)]
        || {
            for (at, cell) in cells.iter_mut().enumerate() {
                // The sign of either says that the node does not do.
                let fits = (fixed[at] | (room[at] >> 48) as i16) >= 0;
                *cell = if fits { totals[at].wrapping_add(1) } else { 0 };
            }
        },
    );
    cells
}
