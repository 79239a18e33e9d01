//! One node, many pods with claims.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, PerSeat, Seats};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;

use super::State;
use super::decide::decide;
use super::pod_claims::PodClaims;

/// The claims of the pods at the seats, of those that have some.
#[derive(Debug, Default)]
pub(super) struct ClaimSeats(Vec<(usize, Arc<PodClaims>)>);

impl Seats for ClaimSeats {
    fn take(&mut self, seat: usize, cx: Cycle<'_>, state: &PluginState) -> Result<bool, PluginError> {
        self.0.retain(|(other, _)| *other != seat);
        if !cx.pod.has_claims() {
            return Ok(true);
        }
        if let Some(claims) = &state.get::<State>()?.0 {
            claims.filtered.store(true, Ordering::Relaxed);
            self.0.push((seat, Arc::clone(claims)));
        }
        Ok(true)
    }

    fn filter(&self, node: NodeView<'_>, objects: &Objects, room: &mut PerSeat) -> u64 {
        let mut broken = 0;
        for (seat, claims) in &self.0 {
            match decide(claims, objects, node.node()) {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => room[*seat] = -1,
                Err(_) => broken |= 1 << seat,
            }
        }
        broken
    }
}
