//! A last look before a binding is written.
//!
//! Another scheduler, or a change of the node, may have spoilt a decision while its binding waited to be sent. Only
//! decisions whose node was touched by others are looked at again: what this engine does itself it knows of.

use std::sync::Arc;

use longshore_framework::pod::Pod;

use super::Engine;
use crate::cycle::Diagnosis;
use crate::cycle::state::CycleState;
use crate::pods::Hold;
use crate::pods::reservation::Phase;

impl Engine {
    /// Others changed a node.
    pub(crate) fn disturb(&mut self, node: &str) {
        self.pods.each_reserved_on(node, |held| held.disturbed = true);
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
        let Some(number) = self.pods.number(uid) else { return false };
        // A pod that has a reservation and no phase was seen on its node before its binding was answered.
        let is_binding = matches!(self.pods.phase(number), None | Some(Phase::Binding));
        let Some((held, on)) = self.pods.held_mut(number) else { return false };
        if !is_binding || held.sent || **on != *node {
            return false;
        }
        held.sent = true;
        if !std::mem::take(&mut held.disturbed) || self.fits_where_it_is(number) {
            return true;
        }
        if let Some(undone) = self.release(number) {
            self.tell_left(&undone.pod, &undone.node);
            let (queue, pods, rules) = self.queue_parts();
            queue.retry_now(pods, undone.queued, &rules);
        }
        false
    }

    /// Judges a reserved pod on its node as if it were not there yet. When something breaks, the binding decides, and so it
    /// does when the pod was seen on the node.
    pub(crate) fn fits_where_it_is(&mut self, number: usize) -> bool {
        let Some(on) = self.pods.on_node(number) else { return false };
        let Hold::Reserved(_, held) = &on.hold else { return true };
        let (profile, pod, node) = (held.queued.profile, Arc::clone(&on.pod), Arc::clone(&on.node));
        self.cache.begin_attempt();
        self.cache.uncount(number, &pod, &node);
        let fits = self.fits_on(profile, &pod, &node).unwrap_or(true);
        self.cache.count(number, pod, &node);
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
