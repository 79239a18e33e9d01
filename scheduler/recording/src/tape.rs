//! What the scheduling thread calls in place of its engine, so that each call is kept.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};

use longshore_engine::{Attempt, Engine};
use longshore_framework::node_metrics::{MetricsSource, Sample};
use longshore_framework::port::{Effect, Input};

use crate::checkpoint::Checkpoint;
use crate::done::{Done, Tried};
use crate::settings::Settings;
use crate::status::{BATCH, Parcel, Status};
use crate::turn::{Turn, What};

/// Calls an engine and keeps what it was told and what it wanted, if there is somebody to keep it. It never waits: what the
/// writer cannot follow is counted and missing, and the recording goes on with a checkpoint.
#[derive(Debug, Default)]
pub struct Tape(Option<Link>);

#[derive(Debug)]
pub(crate) struct Link {
    to: SyncSender<Parcel>,
    status: Arc<Status>,
    /// Settings that were put in force since the last look.
    reloaded: Arc<Mutex<Option<Box<Settings>>>>,
    batch: Vec<Turn>,
    /// How many turns are missing since the last one that was kept.
    hole: Option<u64>,
    /// How many segments there were when the last checkpoint was sent: until there is one more it is on its way.
    sent: Option<u64>,
    /// What each source said last.
    measured: Vec<(Arc<MetricsSource>, Arc<Sample>)>,
}

impl Link {
    pub(crate) fn new(
        to: SyncSender<Parcel>,
        status: Arc<Status>,
        reloaded: Arc<Mutex<Option<Box<Settings>>>>,
    ) -> Self {
        Self {
            to,
            status,
            reloaded,
            batch: Vec::with_capacity(BATCH),
            hole: None,
            sent: None,
            measured: Vec::new(),
        }
    }
}

impl Tape {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self(None)
    }

    pub(crate) fn new(link: Link) -> Self {
        Self(Some(link))
    }

    /// Tells the engine something.
    pub fn apply(&mut self, engine: &mut Engine, input: Input) -> Vec<Effect> {
        let Some(link) = &mut self.0 else { return engine.apply(input) };
        if let Input::Metrics { source, sample } = &input {
            link.measured.retain(|(other, _)| other != source);
            link.measured.push((Arc::clone(source), Arc::clone(sample)));
        }
        let is_time = matches!(input, Input::Time(_));
        let kept = input.clone();
        let effects = engine.apply(input);
        link.add(engine, What::Told(kept), &effects);
        if is_time && !link.tick(engine) {
            self.0 = None;
        }
        effects
    }

    /// Lets the engine try the pod whose turn it is.
    pub fn step(&mut self, engine: &mut Engine) -> Option<Attempt> {
        let attempt = engine.step()?;
        if let Some(link) = &mut self.0 {
            link.add(engine, What::Tried(Tried::each(&attempt)), &attempt.effects);
        }
        Some(attempt)
    }

    /// Asks the engine whether a binding [still fits](Engine::still_fits).
    pub fn still_fits(&mut self, engine: &mut Engine, uid: &str, node: &str) -> bool {
        let fits = engine.still_fits(uid, node);
        if let Some(link) = &mut self.0 {
            link.add(engine, What::Looked { pod: uid.into(), node: node.into(), fits }, &[]);
        }
        fits
    }

    /// Begins a segment here, with a checkpoint. It is done of itself from time to time. False when it cannot be done now.
    pub fn checkpoint(&mut self, engine: &Engine) -> bool {
        let Some(link) = &mut self.0 else { return false };
        link.hand_over();
        link.checkpoint(engine)
    }

    /// Something else was done with the engine, and this is what it wants done. Only other profiles are kept: everything
    /// else changes nothing.
    pub fn visited(&mut self, engine: &Engine, effects: &[Effect]) {
        let Some(link) = &mut self.0 else { return };
        let settings = link.reloaded.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(settings) = settings {
            link.add(engine, What::Reloaded(settings), effects);
        }
    }
}

impl Link {
    fn add(&mut self, engine: &Engine, what: What, effects: &[Effect]) {
        if let Some(missing) = &mut self.hole {
            *missing += 1;
            self.status.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let effects = effects.iter().map(Done::of).collect();
        self.batch.push(Turn { at: engine.now(), what, effects });
        if self.batch.len() >= BATCH {
            self.hand_over();
        }
    }

    /// Several times a second. False when nobody writes any more.
    fn tick(&mut self, engine: &Engine) -> bool {
        self.hand_over();
        let wanted = self.status.wants_checkpoint.load(Ordering::Relaxed)
            && self.sent != Some(self.status.segments.load(Ordering::Relaxed));
        // A writer that is far behind would only be kept longer.
        let has_room = self.status.waiting.load(Ordering::Relaxed) * 2 <= self.status.most;
        if (self.hole.is_some() && has_room) || (self.hole.is_none() && wanted) {
            self.checkpoint(engine);
        }
        !self.status.has_stopped()
    }

    fn checkpoint(&mut self, engine: &Engine) -> bool {
        let checkpoint = Box::new(Checkpoint::of(engine, &self.measured));
        let (missing, at) = (self.hole, engine.now());
        let sent = self.send(Parcel::Checkpoint { checkpoint, missing, at }).is_ok();
        if sent {
            self.hole = None;
            self.sent = Some(self.status.segments.load(Ordering::Relaxed));
        }
        sent
    }

    fn hand_over(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        if let Err(Parcel::Turns(lost)) = self.send(Parcel::Turns(batch)) {
            let lost = lost.len() as u64;
            self.hole = Some(self.hole.unwrap_or(0) + lost);
            self.status.dropped.fetch_add(lost, Ordering::Relaxed);
        }
    }

    fn send(&mut self, parcel: Parcel) -> Result<(), Parcel> {
        self.status.waiting.fetch_add(1, Ordering::Relaxed);
        self.to.try_send(parcel).map_err(|error| {
            self.status.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(parcel) | TrySendError::Disconnected(parcel) => parcel,
            }
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // At the end of the scheduler the last turns may wait for room: nothing is decided any more.
        if !self.batch.is_empty() {
            self.status.waiting.fetch_add(1, Ordering::Relaxed);
            // A writer that is gone has said why.
            let _ = self.to.send(Parcel::Turns(std::mem::take(&mut self.batch)));
        }
    }
}
