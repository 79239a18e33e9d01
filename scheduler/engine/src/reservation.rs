//! Room held for a pod between the choice of a node and the end of its binding.

use longshore_framework::Str;
use longshore_framework::Timestamp;
use longshore_framework::plugin::{Cycle, ReserveContext};
use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PermitVerdict, PluginError, Rejection, Verdict};

use crate::cache::Cache;
use crate::cycle::state::CycleState;
use crate::queue::QueuedPod;

/// Longest wait a Permit plugin may ask for: 15 minutes.
const MAX_WAIT_MS: i64 = 15 * 60 * 1000;

/// How far a reservation has come.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// In the serial part.
    Deciding,
    /// Plugins want it to wait: each with the time it gives up.
    Waiting(Vec<(PluginId, Timestamp)>),
    /// What goes before the binding is being written.
    PreBinding,
    /// The binding is being written.
    Binding,
}

/// A reservation at rest.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) queued: QueuedPod,
    pub(crate) node: Str,
    pub(crate) state: CycleState,
    pub(crate) phase: Phase,
}

/// Why a reservation came to nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A plugin said no.
    Rejected(PluginId, Rejection),
    /// Something broke.
    Broken(String),
}

/// A reservation in hand. Dropping it undoes everything, last first: Unreserve of every plugin, then the assumption.
/// [`keep`](Self::keep) puts it to rest instead.
pub(crate) struct Guard<'a> {
    cache: &'a mut Cache,
    profile: &'a Profile,
    held: Option<Reservation>,
}

impl<'a> Guard<'a> {
    /// Takes a reservation in hand; its pod is assumed on its node.
    pub(crate) fn resume(cache: &'a mut Cache, profile: &'a Profile, held: Reservation) -> Self {
        Self { cache, profile, held: Some(held) }
    }

    /// Puts the reservation to rest; nothing is undone.
    pub(crate) fn keep(mut self, phase: Phase) -> Option<Reservation> {
        let mut held = self.held.take()?;
        held.phase = phase;
        Some(held)
    }

    /// Undoes everything and gives the pod back.
    pub(crate) fn abandon(mut self) -> Option<QueuedPod> {
        self.undo()
    }

    /// Reserve.
    pub(crate) fn reserve(&mut self) -> Result<(), Refused> {
        let Some(held) = &mut self.held else { return Ok(()) };
        for (id, plugin) in self.profile.at(Stage::Reserve, |i| i.reserve.as_ref()) {
            let mut cx = context(self.cache, &held.queued.pod, &held.node);
            match plugin.reserve(&mut cx, held.state.of_mut(id)) {
                Ok(Verdict::Pass) => {}
                Ok(Verdict::Reject(rejection)) => return Err(Refused::Rejected(id, rejection)),
                Err(e) => return Err(self.broken("Reserve", id, &e)),
            }
        }
        Ok(())
    }

    /// Permit: the plugins that want the pod to wait, each with the time it gives up.
    pub(crate) fn permit(&mut self, now: Timestamp) -> Result<Vec<(PluginId, Timestamp)>, Refused> {
        let mut waits = Vec::new();
        let Some((held, slot)) = self.held_on() else { return Ok(waits) };
        for (id, plugin) in self.profile.at(Stage::Permit, |i| i.permit.as_ref()) {
            match plugin.permit(self.cycle(held), held.state.of(id), slot) {
                Ok(PermitVerdict::Allow) => {}
                Ok(PermitVerdict::Reject(rejection)) => return Err(Refused::Rejected(id, rejection)),
                Ok(PermitVerdict::Wait(time)) => {
                    let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX).min(MAX_WAIT_MS);
                    waits.push((id, Timestamp(now.0.saturating_add(time))));
                }
                Err(e) => return Err(self.broken("Permit", id, &e)),
            }
        }
        Ok(waits)
    }

    /// PreBind: all that has to be written first.
    pub(crate) fn pre_bind(&mut self) -> Result<Vec<longshore_framework::port::StorageWrite>, Refused> {
        let mut writes = Vec::new();
        let Some((held, slot)) = self.held_on() else { return Ok(writes) };
        for (id, plugin) in self.profile.at(Stage::PreBind, |i| i.pre_bind.as_ref()) {
            match plugin.pre_bind(self.cycle(held), held.state.of(id), slot) {
                Ok(more) => writes.extend(more),
                Err(e) => return Err(self.broken("PreBind", id, &e)),
            }
        }
        Ok(writes)
    }

    /// Bind: the first plugin that does not leave it to the next.
    pub(crate) fn bind(&mut self) -> Result<longshore_framework::port::Binding, Refused> {
        let gone = || Refused::Broken("the node is gone".to_string());
        let (held, slot) = self.held_on().ok_or_else(gone)?;
        for (id, plugin) in self.profile.at(Stage::Bind, |i| i.bind.as_ref()) {
            match plugin.bind(self.cycle(held), held.state.of(id), slot) {
                Ok(Some(binding)) => return Ok(binding),
                Ok(None) => {}
                Err(e) => return Err(self.broken("Bind", id, &e)),
            }
        }
        Err(Refused::Broken("no Bind plugin took the pod".to_string()))
    }

    /// PostBind.
    pub(crate) fn post_bind(&mut self) {
        let Some((held, slot)) = self.held_on() else { return };
        for (id, plugin) in self.profile.at(Stage::PostBind, |i| i.post_bind.as_ref()) {
            plugin.post_bind(self.cycle(held), held.state.of(id), slot);
        }
    }

    fn held_on(&self) -> Option<(&Reservation, Slot)> {
        let held = self.held.as_ref()?;
        Some((held, self.cache.snapshot().slot(&held.node)?))
    }

    fn cycle<'s>(&'s self, held: &'s Reservation) -> Cycle<'s> {
        Cycle { snapshot: self.cache.snapshot(), objects: self.cache.objects(), pod: &held.queued.pod }
    }

    fn broken(&self, stage: &str, id: PluginId, error: &PluginError) -> Refused {
        Refused::Broken(format!("running {stage} plugin \"{}\": {error}", self.profile.name(id)))
    }

    fn undo(&mut self) -> Option<QueuedPod> {
        let mut held = self.held.take()?;
        for id in self.profile.stage(Stage::Reserve).iter().rev() {
            if let Some(plugin) = &self.profile.plugin(*id).reserve {
                let mut cx = context(self.cache, &held.queued.pod, &held.node);
                plugin.unreserve(&mut cx, held.state.of_mut(*id));
            }
        }
        self.cache.forget(&held.queued.pod.meta.uid);
        Some(held.queued)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.undo();
    }
}

/// What Reserve is given. The node was there when it was chosen; by the time of Unreserve it may be gone, and the slot is
/// then one that no node has.
fn context<'c>(cache: &'c mut Cache, pod: &'c Pod, node: &Str) -> ReserveContext<'c> {
    let slot = cache.snapshot().slot(node).unwrap_or(Slot(u32::MAX));
    let (snapshot, objects) = cache.parts_mut();
    ReserveContext { snapshot, objects, pod, node: slot }
}
