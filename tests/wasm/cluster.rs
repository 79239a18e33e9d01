//! A little cluster, and a plugin asked about it stage by stage.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use longshore_framework::fixture;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{Cycle, FilterSink, ReserveContext};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Request, Requests};
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PermitVerdict, PluginError, PreFilterVerdict, Verdict};
use longshore_wasm::{FailureKind, Guest, Host, HostOptions, LoadError, Observe, Services, Settings};

/// What the observer was told.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) failures: Mutex<Vec<(String, FailureKind)>>,
    pub(crate) calls: Mutex<Vec<&'static str>>,
    pub(crate) breaker: Mutex<Vec<bool>>,
    pub(crate) memory: Mutex<i64>,
    pub(crate) instances: Mutex<(usize, usize)>,
    pub(crate) dropped: Mutex<usize>,
}

impl Observe for Heard {
    fn called(&self, _: &str, stage: &'static str, _: Duration, _: bool) {
        self.calls.lock().unwrap().push(stage);
    }
    fn failed(&self, _: &str, stage: &'static str, kind: FailureKind, _: &str) {
        self.failures.lock().unwrap().push((stage.to_string(), kind));
    }
    fn breaker(&self, _: &str, open: bool, _: &str) {
        self.breaker.lock().unwrap().push(open);
    }
    fn instance_made(&self, _: &str) {
        self.instances.lock().unwrap().0 += 1;
    }
    fn instance_gone(&self, _: &str) {
        self.instances.lock().unwrap().1 += 1;
    }
    fn memory(&self, _: &str, change: i64) {
        *self.memory.lock().unwrap() += change;
    }
    fn dropped(&self, _: &str) {
        *self.dropped.lock().unwrap() += 1;
    }
}

/// A host whose observer and requests can be looked at.
pub(crate) struct Stand {
    pub(crate) host: Host,
    pub(crate) heard: Arc<Heard>,
    pub(crate) requests: Requests,
}

impl Stand {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut HostOptions)) -> Self {
        let (heard, requests) = (Arc::new(Heard::default()), Requests::default());
        let services = Services { requests: requests.clone(), clock: Arc::new(|| 42), ..Services::default() };
        let mut options = HostOptions {
            services,
            observer: Arc::clone(&heard) as Arc<dyn Observe>,
            ..HostOptions::default()
        };
        change(&mut options);
        Self { host: Host::new(options).unwrap(), heard, requests }
    }

    pub(crate) fn load(&self, bytes: &[u8], settings: &Settings) -> Result<Asked, LoadError> {
        let guest = self.host.load("Test", bytes, settings)?;
        Ok(Asked {
            instance: guest.instance(),
            guest,
            snapshot: Snapshot::default(),
            objects: Objects::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<Request> {
        self.requests.drain()
    }
}

/// A plugin and a cluster to ask it about.
pub(crate) struct Asked {
    pub(crate) guest: Arc<Guest>,
    pub(crate) instance: Instance,
    pub(crate) snapshot: Snapshot,
    pub(crate) objects: Objects,
}

/// Names of nodes and what Filter says of them; no words for those that fit.
pub(crate) type Judged = Vec<(String, String)>;

impl Asked {
    pub(crate) fn nodes(mut self, names: &[&str]) -> Self {
        for name in names {
            self.snapshot.set_node(fixture::node(name).allocatable("cpu", "4").build());
        }
        self
    }

    pub(crate) fn cycle<'a>(&'a self, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot: &self.snapshot, objects: &self.objects, pod }
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.snapshot.live().iter().map(Slot::from).collect()
    }

    pub(crate) fn pre_filter(
        &self,
        pod: &Pod,
        state: &mut PluginState,
    ) -> Result<PreFilterVerdict, PluginError> {
        match &self.instance.pre_filter {
            Some(stage) => stage.pre_filter(self.cycle(pod), state),
            None => Ok(PreFilterVerdict::Pass(None)),
        }
    }

    /// PreFilter and Filter over all nodes.
    pub(crate) fn filter(&self, pod: &Pod) -> Result<Judged, PluginError> {
        let mut state = PluginState::default();
        self.pre_filter(pod, &mut state)?;
        let (mut left, mut rejected) = (self.slots(), Vec::new());
        let stage = self.instance.filter.as_ref().unwrap();
        stage.filter_range(self.cycle(pod), &state, &mut FilterSink::new(&mut left, &mut rejected))?;
        let name = |slot: Slot| self.snapshot.node(slot).name.to_string();
        let mut judged: Judged = left.iter().map(|slot| (name(*slot), String::new())).collect();
        judged.extend(rejected.iter().map(|(slot, no)| (name(*slot), no.message())));
        judged.sort();
        Ok(judged)
    }

    /// Score and normalise over all nodes.
    pub(crate) fn score(&self, pod: &Pod) -> Result<Vec<i64>, PluginError> {
        let mut state = PluginState::default();
        self.pre_filter(pod, &mut state)?;
        let slots = self.slots();
        let mut scores = vec![0; slots.len()];
        let stage = self.instance.score.as_ref().unwrap();
        stage.score_range(self.cycle(pod), &state, &slots, &mut scores)?;
        stage.normalise(self.cycle(pod), &state, &slots, &mut scores)?;
        Ok(scores)
    }

    pub(crate) fn reserve(&mut self, pod: &Pod, node: &str) -> Result<Verdict, PluginError> {
        let stage = self.instance.reserve.clone().unwrap();
        let slot = self.snapshot.slot(node).unwrap();
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut self.objects, pod, node: slot };
        stage.reserve(&mut cx, &mut PluginState::default())
    }

    pub(crate) fn unreserve(&mut self, pod: &Pod, node: &str) {
        let stage = self.instance.reserve.clone().unwrap();
        let slot = self.snapshot.slot(node).unwrap();
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut self.objects, pod, node: slot };
        stage.unreserve(&mut cx, &mut PluginState::default());
    }

    pub(crate) fn permit(&self, pod: &Pod, node: &str) -> Result<PermitVerdict, PluginError> {
        let slot = self.snapshot.slot(node).unwrap();
        self.instance.permit.as_ref().unwrap().permit(self.cycle(pod), &PluginState::default(), slot)
    }
}
