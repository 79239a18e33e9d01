//! The scheduling thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use longshore_cluster::hold::Hold;
use longshore_cluster::kinds::WatchedKind;
use longshore_cluster::limiter::Limiter;
use longshore_cluster::perform::Perform;
use longshore_cluster::told::Told;
use longshore_engine::{Attempt, Engine};
use longshore_framework::Timestamp;
use longshore_framework::port::{Effect, Input};
use longshore_recording::Tape;

use super::Message;
use super::outbox::{Next, Outbox};
use crate::clock::Clock;
use crate::metrics::WorkQueue;

/// How often the engine is told the time when nothing happens.
const TICK: Duration = Duration::from_millis(100);
/// How often gauges are read; they walk over the waiting pods.
const GAUGES: Duration = Duration::from_millis(250);
/// Messages that are taken in before the next decision, at the most.
const BATCH: usize = 4096;
/// How long bindings that are on their way are waited for at the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the thread is made of.
pub(crate) struct Settings {
    /// The engine.
    pub(crate) engine: Engine,
    /// Who keeps what the engine is told.
    pub(crate) tape: Tape,
    /// What happens.
    pub(crate) inbox: Receiver<Message>,
    /// Who does what the engine wants.
    pub(crate) performer: Box<dyn Perform>,
    /// Sees every attempt.
    pub(crate) observer: Box<dyn Observe>,
    /// How many writes there may be.
    pub(crate) limiter: Arc<Limiter>,
    /// Counts bindings on their way.
    pub(crate) bindings: WorkQueue,
    /// Whether the lease lets anything be written.
    pub(crate) hold: Hold,
    /// Kinds that have to be known before the first decision.
    pub(crate) kinds: Vec<&'static WatchedKind>,
}

/// Sees what the thread does.
pub(crate) trait Observe: Send {
    /// A pod was tried.
    fn attempted(&mut self, _attempt: &Attempt, _now: Timestamp) {}
    /// The engine was told something, and this is what it wants done.
    fn effect(&mut self, _effect: &Effect) {}
    /// A binding is not sent after all.
    fn withheld(&mut self) {}
    /// Something was told.
    fn told(&mut self, _told: &Told, _engine: &Engine) {}
    /// Several times a second: gauges are read.
    fn now_and_then(&mut self, _engine: &Engine, _binding: usize) {}
    /// Every kind is known.
    fn synced(&mut self) {}
}

/// Why the thread ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Stopped,
    /// There is no use in going on.
    Fatal(String),
}

/// The thread's state.
pub(crate) struct Scheduling {
    engine: Engine,
    tape: Tape,
    inbox: Receiver<Message>,
    performer: Box<dyn Perform>,
    observer: Box<dyn Observe>,
    outbox: Outbox,
    clock: Clock,
    hold: Hold,
    leading: bool,
    /// Since when it is to stop.
    stopping: Option<Instant>,
    /// Kinds that are waited for.
    unsynced: Vec<&'static WatchedKind>,
    ticked: Instant,
    reported: Option<Instant>,
}

impl Scheduling {
    /// A thread that is not running yet.
    pub(crate) fn new(mut settings: Settings) -> Self {
        let now = Instant::now();
        settings.engine.hold_bindings();
        Self {
            engine: settings.engine,
            tape: settings.tape,
            inbox: settings.inbox,
            performer: settings.performer,
            observer: settings.observer,
            outbox: Outbox::new(settings.limiter, settings.bindings),
            clock: Clock::new(),
            hold: settings.hold,
            leading: false,
            stopping: None,
            unsynced: settings.kinds,
            ticked: now,
            reported: None,
        }
    }

    /// Runs until told to stop, or until there is no use in going on.
    pub(crate) fn run(mut self) -> End {
        self.tick();
        loop {
            if let Some(end) = self.take_in() {
                return end;
            }
            self.tick_if_due();
            let pause = self.send_bindings();
            if self.is_done() {
                return End::Stopped;
            }
            if self.may_decide() && self.decide() {
                continue;
            }
            match self.inbox.recv_timeout(pause) {
                Ok(message) => {
                    if let Some(end) = self.take(message) {
                        return end;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return End::Stopped,
            }
        }
    }

    /// Everything that has happened, so that a decision rests on the newest state.
    fn take_in(&mut self) -> Option<End> {
        for _ in 0..BATCH {
            match self.inbox.try_recv() {
                Ok(message) => {
                    if let Some(end) = self.take(message) {
                        return Some(end);
                    }
                }
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(End::Stopped),
            }
        }
        None
    }

    fn take(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Told(told) => return self.told(told),
            Message::Leading(leading) => self.leading = leading,
            Message::Do(errand) => {
                let effects = errand(&mut self.engine);
                self.tape.visited(&self.engine, &effects);
                self.hand_out(effects);
            }
            Message::Stop => {
                self.stopping.get_or_insert_with(Instant::now);
            }
        }
        None
    }

    fn told(&mut self, told: Told) -> Option<End> {
        self.observer.told(&told, &self.engine);
        match told {
            Told::Input(input) => {
                self.outbox.answered(&input);
                self.apply(input);
            }
            Told::Synced(kind) => self.synced(kind),
            Told::Rejected { .. } => {}
            Told::Fatal(why) => return Some(End::Fatal(why)),
        }
        None
    }

    /// A kind is known. It may be one that nobody waited for: those of plugins come and go.
    fn synced(&mut self, kind: &'static WatchedKind) {
        let waiting = self.unsynced.len();
        self.unsynced.retain(|waits| !std::ptr::eq(*waits, kind));
        if self.unsynced.is_empty() && waiting > 0 {
            self.observer.synced();
        }
    }

    fn apply(&mut self, input: Input) {
        let effects = self.tape.apply(&mut self.engine, input);
        self.hand_out(effects);
    }

    fn tick_if_due(&mut self) {
        if self.ticked.elapsed() >= TICK {
            self.tick();
        }
    }

    fn tick(&mut self) {
        self.ticked = Instant::now();
        self.apply(Input::Time(self.clock.now()));
        if self.reported.is_none_or(|at| at.elapsed() >= GAUGES) {
            self.reported = Some(self.ticked);
            self.outbox.observe();
            self.observer.now_and_then(&self.engine, self.outbox.len());
        }
    }

    fn may_decide(&self) -> bool {
        let is_free = self.stopping.is_none() && !self.outbox.is_full();
        self.leading && self.unsynced.is_empty() && is_free && self.hold.is_held()
    }

    /// Told to stop, and every binding was answered or had its time.
    fn is_done(&self) -> bool {
        self.stopping.is_some_and(|since| self.outbox.len() == 0 || since.elapsed() > FAREWELL)
    }

    /// Tries the pod whose turn it is; false when none waits.
    fn decide(&mut self) -> bool {
        let Some(mut attempt) = self.tape.step(&mut self.engine) else { return false };
        let effects = std::mem::take(&mut attempt.effects);
        for one in std::iter::once(&attempt).chain(&attempt.others) {
            self.observer.attempted(one, self.clock.now());
        }
        self.hand_out(effects);
        true
    }

    fn hand_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.observer.effect(&effect);
            match effect {
                Effect::Bind { .. } => self.outbox.push(effect),
                other => self.performer.perform(other),
            }
        }
    }

    /// Looks again at a decision whose node others touched meanwhile, then sends the binding.
    fn bind(&mut self, bind: Effect) {
        let Effect::Bind { binding, .. } = &bind else { return };
        if self.tape.still_fits(&mut self.engine, &binding.uid, &binding.node) {
            self.performer.perform(bind);
        } else {
            let uid = Arc::clone(&binding.uid);
            self.outbox.unsent(&uid);
            self.observer.withheld();
        }
    }

    /// Sends the bindings that may go. Returns how long to wait for news.
    ///
    /// None goes while the lease is too old: this thread may have been asleep for any time.
    fn send_bindings(&mut self) -> Duration {
        while self.hold.is_held() {
            match self.outbox.next() {
                Next::Bind(bind) => self.bind(bind),
                Next::Nothing => return TICK,
                Next::After(wait) => return wait.min(TICK),
            }
        }
        TICK
    }
}
