//! Runs what was recorded through another engine and compares what comes out.
//!
//! A stretch that begins with an engine that knew nothing comes out the same in everything, ties included: whatever differs is
//! a difference, and the first one ends the replay, because all that follows rests on it. One that begins with a checkpoint
//! does not know what the engine remembered beside the cluster. There the recording is *followed*: pods are tried in the
//! recorded order, among equally good nodes the recorded one is taken, and what is compared is whether each pod got its node.

mod follow;

use std::sync::Arc;

use longshore_engine::{Attempt, Engine};
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;
use longshore_framework::profile::Profile;
use longshore_framework::{Str, Timestamp};
use rustc_hash::FxHashMap;
use thiserror::Error;

use crate::directory::Stretch;
use crate::done::{Done, Tried};
use crate::entry::Entry;
use crate::error::ReadError;
use crate::reader::SegmentReader;
use crate::segment::Header;
use crate::settings::Settings;
use crate::turn::{Turn, What};

pub use follow::Follow;

/// Who gives the replay its engine, and sees what happens.
pub trait Witness {
    /// An engine that knows nothing, with these settings.
    ///
    /// # Errors
    /// The configuration cannot be used here.
    fn engine(&mut self, settings: &Settings) -> Result<Engine, String>;

    /// The profiles of a configuration that was read again.
    ///
    /// # Errors
    /// The configuration cannot be used here.
    fn profiles(&mut self, settings: &Settings) -> Result<Vec<Profile>, String>;

    /// Before a turn: the engine as it is when the turn comes.
    fn before(&mut self, _engine: &mut Engine, _turn: &Turn) {}

    /// An attempt at a pod, as it came out now.
    fn tried(&mut self, _at: Timestamp, _attempt: &Attempt) {}
}

/// Why a replay cannot go on.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What the engine was given cannot be had.
    #[error("what was recorded cannot be run here: {0}")]
    Settings(String),
}

/// What was recorded and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The how-manieth turn of the stretch; the first is 1.
    pub turn: u64,
    /// When.
    pub at: Timestamp,
    /// The pod, as namespace and name where it is known.
    pub pod: String,
    /// The call of the engine.
    pub call: String,
    /// What was recorded of it.
    pub recorded: String,
    /// What came out.
    pub came_out: String,
}

/// How a replay went.
#[derive(Debug, Default)]
pub struct Summary {
    /// Turns that were run.
    pub turns: u64,
    /// Attempts among them.
    pub attempts: u64,
    /// Attempts that gave the pod a node.
    pub placed: u64,
    /// The first thing that differs.
    pub first: Option<Difference>,
    /// How many attempts differ; more than one only where the recording is followed.
    pub differences: u64,
    /// The time of the last turn.
    pub until: Timestamp,
    /// The recording ends in the middle, as it does when the process is killed.
    pub cut: Option<ReadError>,
}

/// A replay of one stretch.
#[derive(Debug)]
pub struct Replay {
    engine: Engine,
    settings: Settings,
    summary: Summary,
    /// Names of pods by UID, for people. As many as there are pods.
    names: FxHashMap<Str, String>,
    /// Pods that were being bound at the checkpoint, as they waited.
    in_flight: FxHashMap<Str, Arc<Pod>>,
    follow: Follow,
}

impl Replay {
    /// Runs a stretch, up to a time if one is given.
    ///
    /// # Errors
    /// The recording cannot be read, or its configuration cannot be used. What was compared until then is lost with it only in
    /// the summary: the witness saw it.
    pub fn run(
        stretch: &Stretch,
        until: Option<Timestamp>,
        witness: &mut dyn Witness,
    ) -> Result<Summary, ReplayError> {
        let mut replay: Option<Self> = None;
        for (at, segment) in stretch.segments.iter().enumerate() {
            let mut reader = SegmentReader::open(&segment.path)?;
            let first = replay.is_none();
            let replay = match &mut replay {
                Some(replay) => replay,
                none => none.insert(Self::new(reader.header(), witness)?),
            };
            let is_last = at + 1 == stretch.segments.len() && !stretch.is_followed;
            match replay.segment(&mut reader, first, until, witness) {
                Ok(true) => {}
                Ok(false) => break,
                Err(ReplayError::Read(error)) if error.is_cut() && is_last => {
                    replay.summary.cut = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(replay.map(|replay| replay.summary).unwrap_or_default())
    }

    fn new(header: &Header, witness: &mut dyn Witness) -> Result<Self, ReplayError> {
        let settings = header.settings.clone();
        let mut engine = witness.engine(&settings).map_err(ReplayError::Settings)?;
        if settings.holds_bindings {
            engine.hold_bindings();
        }
        let exact = header.begins == crate::segment::Begins::Empty && !settings.extenders;
        Ok(Self {
            engine,
            settings,
            summary: Summary { until: Timestamp(header.at), ..Summary::default() },
            names: FxHashMap::default(),
            in_flight: FxHashMap::default(),
            follow: if exact { Follow::Compare } else { Follow::Recording },
        })
    }

    /// Runs a segment. False when there is no use in going on.
    fn segment(
        &mut self,
        reader: &mut SegmentReader,
        first: bool,
        until: Option<Timestamp>,
        witness: &mut dyn Witness,
    ) -> Result<bool, ReplayError> {
        for entry in reader {
            match entry? {
                // The engine knows all of it, but for the one that begins here.
                Entry::Restore(input) if first => self.restore(input),
                Entry::InFlight(pod) if first => {
                    self.in_flight.insert(Arc::clone(&pod.meta.uid), pod);
                }
                Entry::Restore(_) | Entry::InFlight(_) | Entry::Restored => {}
                Entry::Turn(turn) => {
                    if until.is_some_and(|until| turn.at > until) {
                        return Ok(false);
                    }
                    self.turn(turn, witness)?;
                    if self.follow == Follow::Compare && self.summary.first.is_some() {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    fn restore(&mut self, input: Input) {
        self.learn(&input);
        let input = self.with_own_source(input);
        self.engine.apply(input);
    }

    /// Keeps the names of pods.
    fn learn(&mut self, input: &Input) {
        match input {
            Input::Pod(pod) => {
                self.names.entry(Arc::clone(&pod.meta.uid)).or_insert_with(|| pod.key());
            }
            // A pod that is gone is named no more once its last turns are over; they are few.
            Input::PodDeleted { uid } => {
                self.names.remove(uid);
                self.in_flight.remove(uid);
            }
            _ => {}
        }
    }

    /// A source was recorded without its token: the profiles know it by the rest.
    fn with_own_source(&self, input: Input) -> Input {
        let Input::Metrics { source, sample } = input else { return input };
        let own = self.engine.metrics_sources().into_iter().find(|own| own.without_secrets() == *source);
        Input::Metrics { source: own.unwrap_or(source), sample }
    }

    fn turn(&mut self, turn: Turn, witness: &mut dyn Witness) -> Result<(), ReplayError> {
        self.summary.turns += 1;
        self.summary.until = self.summary.until.max(turn.at);
        witness.before(&mut self.engine, &turn);
        let call = turn.what.shown();
        let Turn { at, what, effects } = turn;
        match what {
            What::Told(input) => {
                self.learn(&input);
                let input = self.with_own_source(input);
                let came = self.told(input);
                self.compare(at, &call, &effects, &came);
            }
            What::Tried(recorded) => self.tried(at, &call, &recorded, &effects, witness),
            What::Looked { pod, node, fits } => {
                let came = self.engine.still_fits(&pod, &node);
                if came != fits && self.follow == Follow::Compare {
                    self.differs(at, &pod, &call, fits.to_string(), came.to_string());
                }
            }
            What::Reloaded(settings) => {
                let came = self.reload(*settings, witness)?;
                self.compare(at, &call, &effects, &came);
            }
        }
        Ok(())
    }

    fn reload(&mut self, settings: Settings, witness: &mut dyn Witness) -> Result<Vec<Done>, ReplayError> {
        let profiles = witness.profiles(&settings).map_err(ReplayError::Settings)?;
        let effects = self.engine.set_profiles(profiles, &[]);
        let effects = effects.map_err(|error| ReplayError::Settings(error.to_string()))?;
        self.engine.set_backoff(settings.initial_backoff, settings.max_backoff);
        if settings.extenders {
            self.follow = Follow::Recording;
        }
        self.settings = settings;
        Ok(effects.iter().map(Done::of).collect())
    }

    fn tried(
        &mut self,
        at: Timestamp,
        call: &str,
        recorded: &[Tried],
        effects: &[Done],
        witness: &mut dyn Witness,
    ) {
        self.summary.attempts += recorded.len() as u64;
        let attempt = self.attempt(recorded);
        let pod = recorded.first().map(|first| Arc::clone(&first.pod)).unwrap_or_default();
        let Some(attempt) = attempt else {
            let said = recorded.first().map_or_else(String::new, |first| first.ended.shown());
            self.differs(at, &pod, call, said, "nobody is to be tried".to_string());
            return;
        };
        for one in std::iter::once(&attempt).chain(&attempt.others) {
            self.summary.placed +=
                u64::from(matches!(one.outcome, longshore_engine::Outcome::Assumed { .. }));
            witness.tried(at, one);
        }
        let came = Tried::each(&attempt);
        if let Some((recorded, came)) = self.unlike(recorded, &came) {
            self.differs(at, &pod, call, recorded, came);
            return;
        }
        let came: Vec<Done> = attempt.effects.iter().map(Done::of).collect();
        self.compare(at, call, effects, &came);
    }

    /// Compares what was to be done.
    fn compare(&mut self, at: Timestamp, call: &str, recorded: &[Done], came: &[Done]) {
        if self.follow != Follow::Compare || recorded == came {
            return;
        }
        let place = recorded.iter().zip(came).take_while(|(a, b)| a == b).count();
        let (was, is) = (recorded.get(place), came.get(place));
        let shown = |done: Option<&Done>| done.map_or_else(|| "nothing more to do".to_string(), Done::shown);
        let pod = was.or(is).map(|done| Arc::clone(&done.pod)).unwrap_or_default();
        self.differs(at, &pod, call, shown(was), shown(is));
    }

    fn differs(&mut self, at: Timestamp, pod: &Str, call: &str, recorded: String, came_out: String) {
        self.summary.differences += 1;
        if self.summary.first.is_none() {
            let name = self.names.get(pod).cloned().unwrap_or_else(|| format!("with UID {pod}"));
            let (turn, call) = (self.summary.turns, call.to_string());
            self.summary.first = Some(Difference { turn, at, pod: name, call, recorded, came_out });
        }
    }
}
