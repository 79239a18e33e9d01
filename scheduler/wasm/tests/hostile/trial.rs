//! A plugin in a little cluster, asked at every stage about good pods and bad ones.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use longshore_framework::fixture;
use longshore_framework::objects::Objects;
use longshore_framework::plugin::{
    Candidate, Cycle, EnqueueContext, FilterSink, PostFilterContext, PostFilterOutcome, PreemptionEngine,
    ReserveContext, Tried,
};
use longshore_framework::pod::Pod;
use longshore_framework::port::Requests;
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PermitVerdict, PluginError, PreFilterVerdict, RejectCode, Verdict};
use longshore_wasm::{Capability, FailureKind, Host, HostOptions, LoadError, Observe, Services, Settings};

/// The memory that a guest may have.
pub(crate) const MEMORY: usize = 4 << 20;
/// How long one call may take.
pub(crate) const TIME: Duration = Duration::from_millis(20);

/// What the host told of the plugin.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) failures: Mutex<Vec<(&'static str, FailureKind, String)>>,
    pub(crate) dropped: AtomicU64,
    memory: AtomicI64,
    most_memory: AtomicI64,
    instances: AtomicI64,
}

impl Observe for Told {
    fn failed(&self, plugin: &str, stage: &'static str, kind: FailureKind, message: &str) {
        assert_eq!(plugin, "Evil");
        self.failures.lock().unwrap().push((stage, kind, message.to_owned()));
    }
    fn instance_made(&self, _: &str) {
        self.instances.fetch_add(1, Ordering::SeqCst);
    }
    fn instance_gone(&self, _: &str) {
        self.instances.fetch_sub(1, Ordering::SeqCst);
    }
    fn memory(&self, _: &str, change: i64) {
        let now = self.memory.fetch_add(change, Ordering::SeqCst) + change;
        self.most_memory.fetch_max(now, Ordering::SeqCst);
    }
    fn dropped(&self, _: &str) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// A host for one guest, and the switch that makes the guest evil.
pub(crate) struct Trial {
    pub(crate) host: Host,
    pub(crate) told: Arc<Told>,
    pub(crate) requests: Requests,
    pub(crate) settings: Settings,
    evil: Arc<AtomicU64>,
}

/// A loaded guest and a cluster of two nodes.
pub(crate) struct Loaded {
    instance: Instance,
    snapshot: Snapshot,
    objects: Objects,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let (told, requests, evil) =
            (Arc::new(Told::default()), Requests::default(), Arc::new(AtomicU64::new(0)));
        let clock = Arc::clone(&evil);
        let services = Services {
            requests: requests.clone(),
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            ..Services::default()
        };
        let observer = Arc::clone(&told) as Arc<dyn Observe>;
        let host = Host::new(HostOptions { services, observer, ..HostOptions::default() }).unwrap();
        let capabilities = Capability::ALL.into_iter().map(|(_, capability)| capability).collect();
        let settings = Settings { memory: MEMORY, time: TIME, capabilities, ..Settings::default() };
        Self { host, told, requests, settings, evil }
    }

    pub(crate) fn load(&self, bytes: &[u8]) -> Result<Loaded, LoadError> {
        let guest = self.host.load("Evil", bytes, &self.settings)?;
        let mut snapshot = Snapshot::default();
        for name in ["a", "b"] {
            snapshot.set_node(fixture::node(name).allocatable("cpu", "4").build());
        }
        Ok(Loaded { instance: guest.instance(), snapshot, objects: Objects::default() })
    }

    /// Does harm, or not, from now on.
    pub(crate) fn evil(&self, evil: bool) {
        self.evil.store(u64::from(evil), Ordering::SeqCst);
    }

    /// The failures that were told since the last time.
    pub(crate) fn failures(&self) -> Vec<(&'static str, FailureKind, String)> {
        std::mem::take(&mut *self.told.failures.lock().unwrap())
    }

    /// Nothing is left of instances, and there never was more memory than `instances` may have.
    #[track_caller]
    pub(crate) fn nothing_left(&self, instances: i64) {
        assert_eq!(self.told.instances.load(Ordering::SeqCst), 0, "instances are left");
        assert_eq!(self.told.memory.load(Ordering::SeqCst), 0, "memory is left");
        let most = self.told.most_memory.load(Ordering::SeqCst);
        assert!(most <= instances * MEMORY as i64, "{most} bytes of memory");
    }
}

/// Preemption as a plugin may see it: every node was rejected.
struct NoPreemption;

impl PreemptionEngine for NoPreemption {
    fn rejection(&self, _: Slot) -> Option<RejectCode> {
        Some(RejectCode::Unschedulable)
    }
    fn dry_run(&self, _: usize, _: usize) -> Result<Vec<Tried>, PluginError> {
        Ok(Vec::new())
    }
    fn ask_extenders(&self, _: &[&Candidate]) -> Result<Option<Vec<Candidate>>, PluginError> {
        Ok(None)
    }
    fn random(&mut self, _: usize) -> usize {
        0
    }
    fn lower_nominations(&self, _: Slot) -> Vec<Arc<Pod>> {
        Vec::new()
    }
}

/// What one stage said about a pod, in words; an error begins with `error: `.
pub(crate) type Said = (&'static str, String);

impl Loaded {
    fn cycle<'a>(&'a self, pod: &'a Pod) -> Cycle<'a> {
        Cycle { snapshot: &self.snapshot, objects: &self.objects, pod }
    }

    /// Asks every stage about the pod, whatever earlier ones said.
    pub(crate) fn walk(&mut self, name: &str) -> Vec<Said> {
        let pod = fixture::pod(name).request("cpu", "1").build();
        let mut said = self.before(&pod);
        said.extend(self.after(&pod));
        said
    }

    /// A pod that is on a node, for those who look at other pods.
    pub(crate) fn occupy(&mut self) {
        let slot = self.slots()[0];
        self.snapshot.add_pod(slot, fixture::pod("other").on("a").build());
    }

    /// From PreEnqueue to NormalizeScore.
    fn before(&mut self, pod: &Pod) -> Vec<Said> {
        let (mut state, instance) = (PluginState::default(), self.instance.clone());
        let (slots, mut said) = (self.slots(), Vec::new());
        if let Some(stage) = instance.pre_enqueue {
            let cx = EnqueueContext { pod, evicting: false, objects: &self.objects };
            said.push(("PreEnqueue", verdict(Ok(stage.pre_enqueue(cx)))));
        }
        if let Some(stage) = instance.pre_filter {
            let answer = stage.pre_filter(self.cycle(pod), &mut state);
            said.push(("PreFilter", words(answer.map(pre_filtered))));
        }
        if let Some(stage) = instance.filter {
            let (mut left, mut rejected) = (slots.clone(), Vec::new());
            let answer =
                stage.filter_range(self.cycle(pod), &state, &mut FilterSink::new(&mut left, &mut rejected));
            said.push(("Filter", words(answer.map(|()| format!("{} fit", left.len())))));
        }
        if let Some(stage) = instance.post_filter {
            let engine = &mut NoPreemption;
            let mut cx = PostFilterContext { snapshot: &self.snapshot, objects: &self.objects, pod, engine };
            let answer = stage.post_filter(&mut cx, &state);
            said.push(("PostFilter", words(answer.map(post_filtered))));
        }
        if let Some(stage) = instance.pre_score {
            let answer = stage.pre_score(self.cycle(pod), &mut state, &slots);
            said.push(("PreScore", words(answer.map(|verdict| format!("{verdict:?}")))));
        }
        if let Some(stage) = instance.score {
            let mut scores = vec![0; slots.len()];
            let answer = stage.score_range(self.cycle(pod), &state, &slots, &mut scores);
            said.push(("Score", words(answer.map(|()| format!("{scores:?}")))));
            let answer = stage.normalise(self.cycle(pod), &state, &slots, &mut scores);
            said.push(("NormalizeScore", words(answer.map(|()| format!("{scores:?}")))));
        }
        said
    }

    /// From Reserve to PostBind, and back.
    fn after(&mut self, pod: &Pod) -> Vec<Said> {
        let (mut state, instance) = (PluginState::default(), self.instance.clone());
        let (slot, mut objects, mut said) = (self.slots()[0], Objects::default(), Vec::new());
        let mut cx = ReserveContext { snapshot: &self.snapshot, objects: &mut objects, pod, node: slot };
        if let Some(stage) = &instance.reserve {
            said.push(("Reserve", verdict(stage.reserve(&mut cx, &mut state))));
        }
        if let Some(stage) = instance.permit {
            said.push(("Permit", words(stage.permit(self.cycle(pod), &state, slot).map(permitted))));
        }
        if let Some(stage) = instance.pre_bind {
            let answer = stage.pre_bind(self.cycle(pod), &state, slot);
            said.push(("PreBind", words(answer.map(|_| "pass".to_owned()))));
        }
        if let Some(stage) = instance.bind {
            let answer = stage.bind(self.cycle(pod), &state, slot);
            said.push(("Bind", words(answer.map(|binding| binding.is_some().to_string()))));
        }
        if let Some(stage) = instance.post_bind {
            stage.post_bind(self.cycle(pod), &state, slot);
        }
        if let Some(stage) = &instance.reserve {
            stage.unreserve(&mut cx, &mut state);
        }
        said
    }

    fn slots(&self) -> Vec<Slot> {
        self.snapshot.live().iter().map(Slot::from).collect()
    }

    /// Every stage serves a good pod as it should.
    #[track_caller]
    pub(crate) fn serves(&mut self) {
        let said = self.walk("good");
        let expected = [
            ("PreEnqueue", "pass"),
            ("PreFilter", "pass"),
            ("Filter", "2 fit"),
            ("PostFilter", "no: "),
            ("PreScore", "Score"),
            ("Score", "[7, 7]"),
            ("NormalizeScore", "[7, 7]"),
            ("Reserve", "pass"),
            ("Permit", "pass"),
            ("PreBind", "pass"),
            ("Bind", "false"),
        ];
        assert_eq!(said, expected.map(|(stage, words)| (stage, words.to_owned())));
    }
}

fn pre_filtered(verdict: PreFilterVerdict) -> String {
    match verdict {
        PreFilterVerdict::Pass(None) => "pass".to_owned(),
        PreFilterVerdict::Pass(Some(names)) => format!("only {}", names.len()),
        PreFilterVerdict::Skip => "skip".to_owned(),
        PreFilterVerdict::Reject(no) => no.message(),
    }
}

fn post_filtered(outcome: PostFilterOutcome) -> String {
    match outcome.rejected {
        Some(no) => format!("no: {}", no.message()),
        None => format!("{} victims", outcome.victims.len()),
    }
}

fn permitted(verdict: PermitVerdict) -> String {
    match verdict {
        PermitVerdict::Allow => "pass".to_owned(),
        PermitVerdict::Wait(time) => format!("wait {time:?}"),
        PermitVerdict::Reject(no) => no.message(),
    }
}

fn words(answer: Result<String, impl std::fmt::Display>) -> String {
    answer.unwrap_or_else(|error| format!("error: {error}"))
}

fn verdict(answer: Result<Verdict, PluginError>) -> String {
    words(answer.map(|verdict| match verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Reject(no) => no.message(),
    }))
}

/// Runs `run` and asserts that it took no longer than `most`, generously for a busy machine.
#[track_caller]
pub(crate) fn within<T>(most: Duration, run: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = run();
    let took = began.elapsed();
    assert!(took < most, "it took {took:?}, expected less than {most:?}");
    done
}

/// Asserts that every piece is in the text.
#[track_caller]
pub(crate) fn says(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "{text:?} does not say {piece:?}");
    }
}
