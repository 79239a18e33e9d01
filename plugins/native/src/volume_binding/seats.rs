//! One node, many pods with claims.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, PerSeat, Seats};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;

use super::State;
use super::capacity::Scorer;
use super::decide::decide;
use super::pod_claims::PodClaims;

/// The claims of the pods at the seats, of those that have some.
#[derive(Debug)]
pub(super) struct ClaimSeats {
    scorer: Option<Arc<Scorer>>,
    claims: Vec<(usize, Arc<PodClaims>)>,
}

impl ClaimSeats {
    pub(super) fn new(scorer: Option<Arc<Scorer>>) -> Self {
        Self { scorer, claims: Vec::new() }
    }
}

impl Seats for ClaimSeats {
    fn take(&mut self, seat: usize, cx: Cycle<'_>, state: &PluginState) -> Result<bool, PluginError> {
        self.claims.retain(|(other, _)| *other != seat);
        if !cx.pod.has_claims() {
            return Ok(true);
        }
        if let Some(claims) = &state.get::<State>()?.0 {
            claims.filtered.store(true, Ordering::Relaxed);
            self.claims.push((seat, Arc::clone(claims)));
        }
        Ok(true)
    }

    fn filter(&self, node: NodeView<'_>, objects: &Objects, room: &mut PerSeat) -> u64 {
        let mut broken = 0;
        for (seat, claims) in &self.claims {
            match decide(claims, objects, node.node()) {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => room[*seat] = -1,
                Err(_) => broken |= 1 << seat,
            }
        }
        broken
    }

    fn score(&self, node: NodeView<'_>, objects: &Objects, scores: &mut PerSeat) {
        scores.fill(0);
        let Some(scorer) = &self.scorer else { return };
        for (seat, claims) in self.claims.iter().filter(|(_, claims)| !claims.delayed.is_empty()) {
            // What is broken, Filter has said.
            if let Ok(Ok(bindings)) = decide(claims, objects, node.node()) {
                scores[*seat] = scorer.score(&bindings);
            }
        }
    }
}
