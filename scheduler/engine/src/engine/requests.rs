//! What plugins asked for while they ran.

use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Request};

use super::Engine;
use crate::pods::Seat;

/// How often the engine looks again for what plugins ask for in answer to what it did. A plugin that goes on asking is
/// heard again when something else happens.
const ROUNDS: usize = 16;

impl Engine {
    /// Does what plugins asked for since the last time, and what they then ask for.
    pub(crate) fn meet_requests(&mut self, effects: &mut Vec<Effect>) {
        self.release_claims(effects);
        for _ in 0..ROUNDS {
            let asked = self.options.requests.drain();
            if asked.is_empty() {
                return;
            }
            for request in asked {
                self.meet(request, effects);
            }
        }
    }

    /// Passes on what Unreserve takes back of claims.
    fn release_claims(&mut self, effects: &mut Vec<Effect>) {
        let released = self.cache.take_releases().into_iter();
        effects.extend(released.map(|(pod, releases)| Effect::ReleaseClaims { pod, releases }));
    }

    fn meet(&mut self, request: Request, effects: &mut Vec<Effect>) {
        match request {
            Request::Allow { uid, plugin } => self.allow(&uid, &plugin, effects),
            Request::Reject { uid, plugin, message } => self.reject(&uid, &plugin, message, effects),
            Request::Activate { uid } => {
                self.activate(&uid);
            }
            Request::Event { uid, plugin, warning, reason, note } => {
                if let Some(pod) = self.known_pod(&uid) {
                    effects.push(Effect::PluginEvent { pod, plugin, warning, reason, note });
                }
            }
        }
    }

    fn known_pod(&self, uid: &str) -> Option<Arc<Pod>> {
        match self.pods.seat(self.pods.number(uid)?) {
            Seat::Waiting(_, queued) => Some(Arc::clone(&queued.pod)),
            Seat::OnNode(on) => Some(Arc::clone(&on.pod)),
            Seat::Free | Seat::Deciding(_) | Seat::Returning => None,
        }
    }
}
