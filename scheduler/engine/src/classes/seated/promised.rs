//! Nodes that are promised to other pods. A panel knows nodes as they are; which of them its pods must leave to others is asked at
//! each decision.

use longshore_framework::plugin::Room;
use longshore_framework::profile::PluginId;
use longshore_framework::snapshot::Slot;
use smallvec::SmallVec;

use crate::classes::class::Class;
use crate::classes::panel::Panel;
use crate::cycle::Evaluator;
use crate::path::Literal;

/// Nodes that are taken out of a seat for one decision, with what stood there.
pub(super) type Barred = SmallVec<[(Slot, i16); 8]>;

impl Class {
    /// Takes out of the seat the nodes where the pod does not fit beside those who are promised room. [`unbar`] has to come after.
    pub(super) fn bar_promised(
        &self,
        evaluator: &Evaluator<'_>,
        (panel, seat): (&mut Panel, usize),
    ) -> Result<Barred, Literal> {
        let mut barred = Barred::new();
        for slot in evaluator.nominator.nodes().filter_map(|name| evaluator.snapshot.slot(name)) {
            let cell = panel.cell(seat, slot);
            let is_promised = cell > 0 && evaluator.promised_to(slot).next().is_some();
            if is_promised && !self.fits_beside_promised(evaluator, slot)? {
                barred.push((slot, cell));
            }
        }
        write(panel, seat, barred.iter().map(|(slot, _)| (*slot, 0)));
        Ok(barred)
    }

    /// Whether the pod, which fits on the node as it is, fits there beside those who are promised room.
    fn fits_beside_promised(&self, evaluator: &Evaluator<'_>, slot: Slot) -> Result<bool, Literal> {
        let filter = |id: &PluginId| Some((*id, evaluator.profile.plugin(*id).filter.as_ref()?));
        let filters = self.plan.filters_by_pods.iter().filter_map(filter);
        if self.plan.group_filters.is_empty()
            && let Some(rooms) = evaluator.rooms(&self.states.all, filters, slot)
        {
            return Ok(rooms.iter().all(Room::suffices));
        }
        Ok(evaluator.judge(&self.states.all, slot)?.is_none())
    }
}

/// Puts nodes back into the seat.
pub(super) fn unbar(panel: &mut Panel, seat: usize, barred: Barred) {
    write(panel, seat, barred.into_iter());
}

fn write(panel: &mut Panel, seat: usize, cells: impl ExactSizeIterator<Item = (Slot, i16)>) {
    if cells.len() > 0 {
        cells.for_each(|(slot, cell)| panel.set_cell(seat, slot, cell));
        panel.settle();
    }
}
