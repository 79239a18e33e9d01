//! A last look before a binding is written.
//!
//! Another scheduler, or a change of the node, may have spoilt a decision while its binding waited to be sent. Only
//! decisions whose node was touched by others are looked at again: what this engine does itself it knows of.

use std::sync::Arc;

use longshore_framework::pod::Pod;

use super::Engine;
use crate::cycle::Diagnosis;
use crate::cycle::state::CycleState;
use crate::reservation::Phase;

impl Engine {
    /// Others changed a node.
    pub(crate) fn disturb(&mut self, node: &str) {
        for held in self.reservations.values_mut().filter(|held| *held.node == *node) {
            held.disturbed = true;
        }
    }

    /// From now on bindings wait until [`still_fits`](Self::still_fits) was asked of them; until then nobody outside
    /// knows of them, and a preemptor takes their room without an eviction.
    pub fn hold_bindings(&mut self) {
        self.holds_bindings = true;
    }

    /// Whether the pod, whose binding to `node` is about to be written, still fits it; then the binding counts as
    /// written. If it does not, its reservation is undone and the pod is tried again at once: nothing was said of it to
    /// the outside yet. A binding whose reservation is gone, though the pod may have another by now, does not fit
    /// either.
    pub fn still_fits(&mut self, uid: &str, node: &str) -> bool {
        let Some(held) = self.reservations.get_mut(uid) else { return false };
        if held.sent || *held.node != *node || !matches!(held.phase, Phase::Binding) {
            return false;
        }
        held.sent = true;
        if !std::mem::take(&mut held.disturbed) || self.fits_where_it_is(uid) {
            return true;
        }
        if let Some(undone) = self.release(uid) {
            self.tell_left(&undone.pod, &undone.node);
            let (queue, rules) = self.queue_and_rules();
            queue.retry_now(undone.queued, &rules);
        }
        false
    }

    /// Judges a reserved pod on its node as if it were not there yet. When something breaks, the binding decides.
    fn fits_where_it_is(&mut self, uid: &str) -> bool {
        let Some(held) = self.reservations.get(uid) else { return false };
        let (profile, node) = (held.queued.profile, Arc::clone(&held.node));
        let Some(pod) = self.cache.forget(uid) else { return true };
        let fits = self.fits_on(profile, &pod, &node).unwrap_or(true);
        // It was assumed until just now, so it can be again.
        let _ = self.cache.assume(pod, node);
        fits
    }

    fn fits_on(&self, profile: usize, pod: &Arc<Pod>, node: &str) -> Option<bool> {
        let Some(slot) = self.cache.snapshot().slot(node) else { return Some(false) };
        let evaluator = self.evaluator(profile, pod);
        let (mut state, mut diagnosis) = (CycleState::default(), Diagnosis::default());
        let names = evaluator.node_set(&mut state, &mut diagnosis).ok()?;
        if diagnosis.pre_filter.is_some() || names.is_some_and(|names| !names.contains(node)) {
            return Some(false);
        }
        Some(evaluator.judge(&state, slot).ok()?.is_none())
    }
}
