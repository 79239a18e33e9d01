//! A reservation in hand: Reserve, Permit, PreBind, Bind and PostBind are asked here, and Unreserve when it comes to nothing.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::Timestamp;
use longshore_framework::plugin::{Cycle, ReserveContext};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Binding, PreBindWrite};
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::{PermitVerdict, PluginError, Refusal, Rejection, Verdict};

use crate::cache::Cache;
use crate::meter::{ExtensionPoint, Metered, Status, Watch};
use crate::pods::reservation::{Phase, Reservation, Wait};
use crate::pods::{Flight, Pods, QueuedPod, Released};

/// Longest wait a Permit plugin may ask for.
const MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// What is left of a reservation that was undone.
#[derive(Debug)]
pub(crate) struct Undone {
    /// The pod, in its newest version.
    pub(crate) queued: Box<QueuedPod>,
    /// The pod as it was counted on the node.
    pub(crate) pod: Arc<Pod>,
    pub(crate) node: Str,
}

/// Why a reservation came to nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A plugin said no at Reserve or Permit.
    Rejected(PluginId, Rejection),
    /// A plugin said no once Permit had let the pod go. As in kube-scheduler nobody keeps it from being tried again after
    /// its backoff.
    TurnedAway(Rejection),
    /// Something broke.
    Broken(String),
}

impl Refused {
    /// For the meter.
    pub(crate) fn status<T>(done: &Result<T, Self>) -> Status {
        match done {
            Ok(_) => Status::Success,
            Err(Self::Rejected(_, rejection) | Self::TurnedAway(rejection)) => rejection.code.into(),
            Err(Self::Broken(_)) => Status::Error,
        }
    }
}

/// A reservation in hand. Dropping it undoes everything, last first: Unreserve of every plugin, then the assumption.
/// [`keep`](Self::keep) lets it be instead.
pub(crate) struct Guard<'a> {
    pods: &'a mut Pods,
    cache: &'a mut Cache,
    meter: &'a Metered,
    profile: Arc<Profile>,
    /// The pod's.
    number: usize,
    /// Everything is undone at the end.
    armed: bool,
    /// When the last stage ended, which is when the next begins.
    clock: Option<Duration>,
}

impl<'a> Guard<'a> {
    /// Counts a pod that is being decided on `node`, before the API server knows. The reservation comes back when the pod is
    /// somewhere else.
    pub(crate) fn assume(
        pods: &'a mut Pods,
        cache: &'a mut Cache,
        meter: &'a Metered,
        node: &Str,
        held: Box<Reservation>,
    ) -> Result<Self, Box<Reservation>> {
        let (number, profile, pod) =
            (held.queued.number, Arc::clone(&held.profile), Arc::clone(&held.queued.pod));
        pods.reserve(Arc::clone(node), held)?;
        cache.count(number, pod, node);
        Ok(Self { pods, cache, meter, profile, number, armed: true, clock: None })
    }

    /// Takes the reservation of a pod in hand, if it has one.
    pub(crate) fn resume(
        pods: &'a mut Pods,
        cache: &'a mut Cache,
        meter: &'a Metered,
        number: usize,
    ) -> Option<Self> {
        let profile = Arc::clone(&pods.held(number)?.0.profile);
        Some(Self { pods, cache, meter, profile, number, armed: true, clock: None })
    }

    /// Leaves the reservation as it is; nothing is undone.
    pub(crate) fn keep(mut self) {
        self.armed = false;
    }

    /// Undoes everything and gives the pod back.
    pub(crate) fn abandon(mut self) -> Option<Undone> {
        self.undo()
    }

    /// The pod is bound: there is nothing left to undo.
    pub(crate) fn conclude(mut self) {
        self.armed = false;
        self.pods.conclude(self.number);
    }

    /// The pod and its node.
    pub(crate) fn placement(&self) -> Option<(Arc<Pod>, Str)> {
        let (held, node) = self.pods.held(self.number)?;
        Some((Arc::clone(&held.queued.pod), Arc::clone(node)))
    }

    /// Extenders that are to bind the pod.
    pub(crate) fn binders(&self) -> Vec<Str> {
        self.pods.held(self.number).map_or_else(Vec::new, |(held, _)| held.binders.clone())
    }

    /// Permit keeps the pod waiting.
    pub(crate) fn wait(&mut self, waits: Vec<Wait>) {
        let now = self.clock.unwrap_or_else(|| self.meter.now());
        if let Some((phase, held)) = self.pods.reserved_mut(self.number) {
            phase.wait(waits);
            held.queued.marks.phase = now.into();
        }
    }

    /// Permit lets the pod go; its flight, which is over.
    pub(crate) fn let_go(&mut self) -> Option<Flight> {
        self.pods.reserved_mut(self.number)?.0.let_go()
    }

    /// What goes before the binding goes out to be written.
    pub(crate) fn pre_binding(&mut self) {
        if let Some((held, _)) = self.pods.held(self.number) {
            self.cache.begin_writes(&held.queued.pod.meta.uid);
        }
    }

    /// The binding goes out to be written.
    pub(crate) fn binding(&mut self) {
        if let Some((phase @ Phase::PreBinding { .. }, _)) = self.pods.reserved_mut(self.number) {
            *phase = Phase::Binding;
        }
    }

    /// Reserve.
    pub(crate) fn reserve(&mut self) -> Result<(), Refused> {
        let (watch, began) = self.begin();
        let done = self.ask_reserve(watch);
        self.cache.follow_objects();
        self.clock = Some(watch.point(ExtensionPoint::Reserve, Refused::status(&done), began));
        done
    }

    fn ask_reserve(&mut self, watch: Watch<'_>) -> Result<(), Refused> {
        let Some((held, node)) = self.pods.held_mut(self.number) else { return Ok(()) };
        for (id, plugin) in self.profile.at(Stage::Reserve, |i| i.reserve.as_ref()) {
            let mut cx = context(self.cache, &held.queued.pod, node);
            let began = watch.start_plugin();
            let verdict = plugin.reserve(&mut cx, held.state.of_mut(id));
            let status = match &verdict {
                Ok(Verdict::Reject(rejection)) => rejection.code.into(),
                other => Status::of(other),
            };
            watch.plugin(id, ExtensionPoint::Reserve, status, began);
            match verdict {
                Ok(Verdict::Pass) => {}
                Ok(Verdict::Reject(rejection)) => return Err(Refused::Rejected(id, rejection)),
                Err(e) => return Err(self.broken("Reserve", id, &e)),
            }
        }
        Ok(())
    }

    /// Permit: the plugins that want the pod to wait.
    pub(crate) fn permit(&mut self, now: Timestamp) -> Result<Vec<Wait>, Refused> {
        let (watch, began) = self.begin();
        let waits = self.ask_permit(now, watch);
        let status = match &waits {
            Ok(waits) if !waits.is_empty() => Status::Wait,
            other => Refused::status(other),
        };
        self.clock = Some(watch.point(ExtensionPoint::Permit, status, began));
        waits
    }

    fn ask_permit(&self, now: Timestamp, watch: Watch<'_>) -> Result<Vec<Wait>, Refused> {
        let mut waits = Vec::new();
        let Some((held, slot)) = self.held_on() else { return Ok(waits) };
        for (id, plugin) in self.profile.at(Stage::Permit, |i| i.permit.as_ref()) {
            let began = watch.start_plugin();
            let verdict = plugin.permit(self.cycle(held), held.state.of(id), slot);
            let status = match &verdict {
                Ok(PermitVerdict::Reject(rejection)) => rejection.code.into(),
                Ok(PermitVerdict::Wait(_)) => Status::Wait,
                other => Status::of(other),
            };
            watch.plugin(id, ExtensionPoint::Permit, status, began);
            match verdict {
                Ok(PermitVerdict::Allow) => {}
                Ok(PermitVerdict::Reject(rejection)) => return Err(Refused::Rejected(id, rejection)),
                Ok(PermitVerdict::Wait(time)) => {
                    let time = time.min(MAX_WAIT);
                    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
                    waits.push(Wait { plugin: id, time, until: Timestamp(now.0.saturating_add(millis)) });
                }
                Err(e) => return Err(self.broken("Permit", id, &e)),
            }
        }
        Ok(waits)
    }

    /// PreBind: all that has to be written first.
    pub(crate) fn pre_bind(&mut self) -> Result<Vec<PreBindWrite>, Refused> {
        let (watch, began) = self.begin();
        let writes = self.ask_pre_bind(watch);
        // With writes to be made the stage is not over yet.
        if writes.as_ref().map_or(true, Vec::is_empty) {
            self.clock = Some(watch.point(ExtensionPoint::PreBind, Refused::status(&writes), began));
        }
        self.mark(began);
        writes
    }

    fn ask_pre_bind(&self, watch: Watch<'_>) -> Result<Vec<PreBindWrite>, Refused> {
        let mut writes = Vec::new();
        let Some((held, slot)) = self.held_on() else { return Ok(writes) };
        for (id, plugin) in self.profile.at(Stage::PreBind, |i| i.pre_bind.as_ref()) {
            let began = watch.start_plugin();
            let more = plugin.pre_bind(self.cycle(held), held.state.of(id), slot);
            watch.plugin(id, ExtensionPoint::PreBind, status_of(&more), began);
            match more {
                Ok(more) => writes.extend(more),
                Err(refusal) => return Err(self.refused("PreBind", id, refusal)),
            }
        }
        Ok(writes)
    }

    /// Bind: the first plugin that does not leave it to the next.
    pub(crate) fn bind(&mut self) -> Result<Binding, Refused> {
        let (watch, began) = self.begin();
        let binding = self.ask_bind(watch);
        // A binding is still to be written.
        if binding.is_err() {
            watch.point(ExtensionPoint::Bind, Refused::status(&binding), began);
        }
        self.mark(began);
        binding
    }

    fn ask_bind(&self, watch: Watch<'_>) -> Result<Binding, Refused> {
        let gone = || Refused::Broken("the node is gone".to_string());
        let (held, slot) = self.held_on().ok_or_else(gone)?;
        let node = &self.cache.snapshot().node(slot).name;
        for (id, plugin) in self.profile.at(Stage::Bind, |i| i.bind.as_ref()) {
            let began = watch.start_plugin();
            let binding =
                plugin.bind(self.cycle(held), held.state.of(id), slot).and_then(|b| Ok(checked(b)?));
            let status = match &binding {
                Ok(None) => Status::Skip,
                other => status_of(other),
            };
            watch.plugin(id, ExtensionPoint::Bind, status, began);
            match binding {
                Ok(Some(binding)) => return Ok(binding),
                Ok(None) => {}
                Err(refusal) => return Err(self.refused("Bind", id, refusal)),
            }
        }
        if held.binders.is_empty() {
            return Err(Refused::Broken("no Bind plugin took the pod".to_string()));
        }
        // An extender is asked for the binding.
        Ok(Binding::of(&held.queued.pod, node))
    }

    /// PostBind.
    pub(crate) fn post_bind(&mut self) {
        let Some((held, slot)) = self.held_on() else { return };
        let (watch, start) = self.begin();
        for (id, plugin) in self.profile.at(Stage::PostBind, |i| i.post_bind.as_ref()) {
            let began = watch.start_plugin();
            plugin.post_bind(self.cycle(held), held.state.of(id), slot);
            watch.plugin(id, ExtensionPoint::PostBind, Status::Success, began);
        }
        watch.point(ExtensionPoint::PostBind, Status::Success, start);
    }

    /// Watches the reservation; the time.
    fn begin(&self) -> (Watch<'a>, Duration) {
        let of = self.pods.held(self.number).map_or((0, false), |(h, _)| (h.queued.profile, h.state.sampled));
        let watch = self.meter.watch(of.0, of.1);
        (watch, self.clock.unwrap_or_else(|| watch.start()))
    }

    /// What began then is not over.
    fn mark(&mut self, began: Duration) {
        if let Some((held, _)) = self.pods.held_mut(self.number) {
            held.queued.marks.phase = began.into();
        }
    }

    fn held_on(&self) -> Option<(&Reservation, Slot)> {
        let (held, node) = self.pods.held(self.number)?;
        Some((held, self.cache.snapshot().slot(node)?))
    }

    fn cycle<'s>(&'s self, held: &'s Reservation) -> Cycle<'s> {
        Cycle { snapshot: self.cache.snapshot(), objects: self.cache.objects(), pod: &held.queued.pod }
    }

    fn broken(&self, stage: &str, id: PluginId, error: &PluginError) -> Refused {
        Refused::Broken(format!("running {stage} plugin \"{}\": {error}", self.profile.name(id)))
    }

    fn refused(&self, stage: &str, id: PluginId, refusal: Refusal) -> Refused {
        match refusal {
            Refusal::Rejected(rejection) => Refused::TurnedAway(rejection),
            Refusal::Broken(error) => self.broken(stage, id, &error),
        }
    }

    fn undo(&mut self) -> Option<Undone> {
        if !std::mem::take(&mut self.armed) {
            return None;
        }
        let (watch, start) = self.begin();
        self.ask_unreserve(watch);
        watch.point(ExtensionPoint::Unreserve, Status::Success, start);
        self.cache.follow_objects();
        let Released { mut held, node, left } = self.pods.release(self.number)?;
        let pod = Arc::clone(&held.queued.pod);
        if left {
            self.cache.uncount(self.number, &pod, &node);
        }
        if let Some(newest) = held.newest {
            held.queued.pod = newest;
        }
        Some(Undone { queued: held.queued, pod, node })
    }

    fn ask_unreserve(&mut self, watch: Watch<'_>) {
        let Some((held, node)) = self.pods.held_mut(self.number) else { return };
        for id in self.profile.stage(Stage::Reserve).iter().rev() {
            if let Some(plugin) = &self.profile.plugin(*id).reserve {
                let mut cx = context(self.cache, &held.queued.pod, node);
                let began = watch.start_plugin();
                plugin.unreserve(&mut cx, held.state.of_mut(*id));
                watch.plugin(*id, ExtensionPoint::Unreserve, Status::Success, began);
            }
        }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.undo();
    }
}

/// For the meter.
fn status_of<T>(answer: &Result<T, Refusal>) -> Status {
    match answer {
        Err(Refusal::Rejected(rejection)) => rejection.code.into(),
        other => Status::of(other),
    }
}

/// The binding, if it may be written.
fn checked(binding: Option<Binding>) -> Result<Option<Binding>, PluginError> {
    match binding {
        Some(binding) => binding.check_annotations().map(|()| Some(binding)),
        None => Ok(None),
    }
}

/// What Reserve is given. The node was there when it was chosen; by the time of Unreserve it may be gone, and the slot is
/// then one that no node has.
fn context<'c>(cache: &'c mut Cache, pod: &'c Pod, node: &Str) -> ReserveContext<'c> {
    let slot = cache.snapshot().slot(node).unwrap_or(Slot(u32::MAX));
    let (snapshot, objects) = cache.parts_mut();
    ReserveContext { snapshot, objects, pod, node: slot }
}
