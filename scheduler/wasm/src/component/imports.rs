//! What a guest may ask of the host.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use longshore_framework::Str;
use longshore_framework::port::Request;

use super::asking::{Answer, Asker, Question};
use super::bindings::longshore::scheduler as wit;
use super::convert::{pod_info, rejection_of};
use crate::failure::{heard, one_line};
use crate::host::Services;
use crate::ledger::Ledger;
use crate::log::Bucket;
use crate::mirror::Mirror;
use crate::observe::Observe;
use crate::patience::Patience;
use crate::runtime::{Capped, MemoryCap};

/// The seed of every guest's random numbers.
const SEED: u64 = 0x6c6f_6e67_7368_6f72;

/// Lines and events at once, and so many more every second.
const LINES: (u32, u32) = (100, 20);
const EVENTS: (u32, u32) = (50, 5);

/// What all instances of a plugin share.
#[derive(Clone)]
pub(crate) struct Common {
    /// The plugin's name in the profile.
    pub(crate) plugin: Str,
    /// The world outside.
    pub(crate) services: Services,
    /// Who is told.
    pub(crate) observer: Arc<dyn Observe>,
    /// Nodes and pods.
    pub(crate) mirror: Arc<Mutex<Mirror>>,
    /// What is set aside.
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    /// How much may be said, by all instances together.
    pub(crate) lines: Arc<Mutex<(Bucket, Bucket)>>,
}

impl Common {
    pub(crate) fn new(plugin: &str, services: Services, observer: Arc<dyn Observe>) -> Self {
        let lines = (Bucket::new(LINES.0, LINES.1), Bucket::new(EVENTS.0, EVENTS.1));
        Self {
            plugin: plugin.into(),
            services,
            observer,
            mirror: Arc::default(),
            ledger: Arc::default(),
            lines: Arc::new(Mutex::new(lines)),
        }
    }
}

impl Common {
    /// With as many events as guests like where the cluster stands still: which of them are told must not depend on how fast
    /// the machine is.
    pub(crate) fn patient(self, patience: Patience) -> Self {
        if patience == Patience::Endless {
            locked(&self.lines).1 = Bucket::endless();
        }
        self
    }
}

/// The data of a store: what imports work with.
pub(crate) struct Inside {
    common: Common,
    cap: MemoryCap,
    random: u64,
    /// The way to the engine, while it can be asked.
    engine: Option<Asker>,
    /// The last line that was an error, in the call that runs.
    last_words: Option<String>,
}

impl Inside {
    pub(crate) fn new(common: Common, memory: usize) -> Self {
        let cap = MemoryCap::new(memory, Arc::clone(&common.plugin), Arc::clone(&common.observer));
        Self { common, cap, random: SEED, engine: None, last_words: None }
    }

    /// From now on the engine can be asked, or cannot.
    pub(super) fn lend_engine(&mut self, engine: Option<Asker>) {
        self.engine = engine;
    }

    fn ask_engine(&self, question: Question) -> Result<Answer, String> {
        let engine = self.engine.as_ref().ok_or("the engine can be asked during PostFilter only")?;
        engine.ask(question)
    }

    /// Lets a waiting pod go or turns it away; without effect on others. It goes on waiting while too much is asked for.
    fn decide(&self, uid: &str, request: Request) {
        let mut ledger = locked(&self.common.ledger);
        if !ledger.get(uid).is_some_and(|entry| entry.waiting) {
            return;
        }
        if self.common.services.requests.push(request) {
            ledger.goes_on(uid);
        } else {
            self.common.observer.dropped(&self.common.plugin);
        }
    }

    /// Whether one more line or event may be passed on.
    fn may_say(&self, pick: impl FnOnce(&mut (Bucket, Bucket)) -> &mut Bucket) -> bool {
        let may = pick(&mut locked(&self.common.lines)).take(Instant::now());
        if !may {
            self.common.observer.dropped(&self.common.plugin);
        }
        may
    }
}

impl Capped for Inside {
    fn cap(&mut self) -> &mut MemoryCap {
        &mut self.cap
    }

    fn last_words(&mut self) -> Option<String> {
        self.last_words.take()
    }
}

/// A lock whose holder panicked still holds data: guests' data is never half changed by the host.
pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl wit::types::Host for Inside {}

impl wit::log::Host for Inside {
    fn log(&mut self, level: wit::log::Level, message: String) {
        // SDKs say so why they are about to trap; that is told with the trap, however much was logged before.
        if level == wit::log::Level::Error {
            self.last_words = Some(heard(self.last_words.take(), &message));
        }
        if !self.may_say(|b| &mut b.0) {
            return;
        }
        let (plugin, message) = (&*self.common.plugin, one_line(message));
        match level {
            wit::log::Level::Debug => tracing::debug!(plugin, "{message}"),
            wit::log::Level::Info => tracing::info!(plugin, "{message}"),
            wit::log::Level::Warn => tracing::warn!(plugin, "{message}"),
            wit::log::Level::Error => tracing::error!(plugin, "{message}"),
        }
    }
}

impl wit::waiting::Host for Inside {
    fn allow(&mut self, uid: String) {
        let plugin = Arc::clone(&self.common.plugin);
        self.decide(&uid, Request::Allow { uid: uid.as_str().into(), plugin });
    }

    fn reject(&mut self, uid: String, message: String) {
        let (plugin, message) = (Arc::clone(&self.common.plugin), one_line(message).into());
        self.decide(&uid, Request::Reject { uid: uid.as_str().into(), plugin, message });
    }

    fn pods(&mut self) -> Vec<wit::types::PodInfo> {
        let ledger = locked(&self.common.ledger);
        ledger.entries().filter(|e| e.waiting).map(|e| pod_info(&e.pod, Some(&e.node), true)).collect()
    }
}

impl wit::events::Host for Inside {
    fn emit(&mut self, pod_uid: String, warning: bool, reason: String, note: String) {
        if self.may_say(|b| &mut b.1) {
            let plugin = Arc::clone(&self.common.plugin);
            let (uid, reason, note) =
                (one_line(pod_uid).into(), one_line(reason).into(), one_line(note).into());
            let event = Request::Event { uid, plugin, warning, reason, note };
            self.common.services.requests.push(event);
        }
    }
}

impl wit::pods::Host for Inside {
    fn of_namespace(&mut self, namespace: String) -> Vec<wit::types::PodInfo> {
        let mirror = locked(&self.common.mirror);
        mirror.of_namespace(&namespace).map(|(pod, node)| pod_info(pod, Some(node), true)).collect()
    }

    fn on_node(&mut self, node: String) -> Vec<wit::types::PodInfo> {
        let mirror = locked(&self.common.mirror);
        let seen = mirror.node(&node);
        seen.into_iter().flat_map(|s| &s.pods).map(|pod| pod_info(pod, Some(&node), true)).collect()
    }
}

impl wit::raw::Host for Inside {
    fn node(&mut self, name: String) -> Option<Vec<u8>> {
        self.common.services.raw.node(&name).map(|raw| raw.get().as_bytes().to_vec())
    }

    fn pod(&mut self, uid: String) -> Option<Vec<u8>> {
        self.common.services.raw.pod(&uid).map(|raw| raw.get().as_bytes().to_vec())
    }
}

impl wit::engine::Host for Inside {
    fn activate(&mut self, uid: String) {
        if !self.common.services.requests.push(Request::Activate { uid: uid.as_str().into() }) {
            self.common.observer.dropped(&self.common.plugin);
        }
    }

    fn nominated(&mut self, node: String) -> Vec<wit::types::PodInfo> {
        let promised = self.common.services.requests.promised(&node);
        promised.iter().map(|pod| pod_info(pod, None, true)).collect()
    }

    fn terminating(&mut self, node: String) -> Vec<String> {
        let mirror = locked(&self.common.mirror);
        let pods = mirror.node(&node).into_iter().flat_map(|seen| &seen.pods);
        pods.filter(|pod| pod.meta.terminating).map(|pod| pod.meta.uid.to_string()).collect()
    }

    fn would_fit(
        &mut self,
        node: String,
        without: Vec<String>,
    ) -> Result<Option<wit::types::Rejection>, String> {
        self.ask_engine(Question::WouldFit { node, without }).and_then(|answer| match answer {
            Answer::Fits(rejection) => Ok(rejection.map(|no| rejection_of(&no))),
            Answer::Pods(_) => Err(NO_ANSWER.to_string()),
        })
    }

    fn keep_first(&mut self, node: String, pods: Vec<String>) -> Result<Vec<String>, String> {
        self.ask_engine(Question::KeepFirst { node, pods }).and_then(|answer| match answer {
            Answer::Pods(pods) => Ok(pods),
            Answer::Fits(_) => Err(NO_ANSWER.to_string()),
        })
    }
}

/// Nobody answered what was asked.
const NO_ANSWER: &str = "the scheduler did not answer";

impl wit::clock::Host for Inside {
    fn now(&mut self) -> u64 {
        (self.common.services.clock)()
    }
}

impl wit::random::Host for Inside {
    /// splitmix64: small, and the same everywhere.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
