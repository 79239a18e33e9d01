//! A cluster under a storm of pods, as simple as can be: what the engine wants is done at once, and seen a while later.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use longshore_engine::{Engine, Options, Outcome};
use longshore_framework::Timestamp;
use longshore_framework::fixture::{node, pod};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};
use longshore_recording::{Limits, Recorder, Settings, Tape};
use serde_json::Value;

use crate::properties::new_profiles;

/// When the first pod comes, in milliseconds.
pub(super) const BEGAN: i64 = 1_700_000_000_000;

/// What came of a storm.
#[derive(Default)]
pub(super) struct Storm {
    pub(super) pods: u64,
    pub(super) attempts: u64,
    pub(super) placed: u64,
    pub(super) evicted: u64,
    /// What is still to be seen.
    unseen: VecDeque<Input>,
}

impl Storm {
    /// So many pods on so many nodes, recorded, with checkpoints before some of the pods. Every third pod is important, and
    /// there is not room for all.
    pub(super) fn recorded(folder: &Path, nodes: usize, pods: usize, checkpoints: &[usize]) -> Self {
        let mut engine = Engine::new(new_profiles(), Options { seed: 41, ..Options::default() });
        engine.hold_bindings();
        let settings = Settings::of(&engine, Value::Null, Vec::new());
        let session = (Timestamp(BEGAN), 3);
        let (recorder, mut tape) =
            Recorder::start(folder, Limits::default(), settings, session, |why| panic!("{why}")).unwrap();
        let mut storm = Self { pods: pods as u64, ..Self::default() };
        tape.apply(&mut engine, Input::Time(Timestamp(BEGAN)));
        let cores = (pods / nodes).saturating_sub(1).max(2);
        for at in 0..nodes {
            let made = node(&format!("n{at}")).label("topology.kubernetes.io/zone", ["a", "b", "c"][at % 3]);
            let made = made.allocatable("cpu", &cores.to_string()).allocatable("memory", "64Gi");
            tape.apply(&mut engine, Input::Node(made.allocatable("pods", "110").build()));
        }
        for at in 0..pods {
            if checkpoints.contains(&at) {
                assert!(tape.checkpoint(&engine));
            }
            let now = Timestamp(BEGAN + 100 * at as i64);
            storm.tell(&mut engine, &mut tape, Input::Time(now));
            let made = pod(&format!("p{at}")).label("app", ["web", "db"][at % 2]).request("cpu", "1");
            let made = made.priority(if at % 3 == 2 { 100 } else { 0 }).meta(|meta| meta.created = Some(now));
            storm.tell(&mut engine, &mut tape, Input::Pod(made.build()));
            storm.decide(&mut engine, &mut tape);
            // The watch is a little behind.
            while storm.unseen.len() > 3 {
                storm.see(&mut engine, &mut tape);
            }
        }
        while !storm.unseen.is_empty() {
            storm.see(&mut engine, &mut tape);
            storm.decide(&mut engine, &mut tape);
        }
        drop(tape);
        recorder.finish();
        storm
    }

    fn decide(&mut self, engine: &mut Engine, tape: &mut Tape) {
        for _ in 0..50 {
            let Some(attempt) = tape.step(engine) else { return };
            self.attempts += 1;
            self.placed += u64::from(matches!(attempt.outcome, Outcome::Assumed { .. }));
            self.perform(engine, tape, attempt.effects);
        }
    }

    fn see(&mut self, engine: &mut Engine, tape: &mut Tape) {
        if let Some(input) = self.unseen.pop_front() {
            self.tell(engine, tape, input);
        }
    }

    fn tell(&mut self, engine: &mut Engine, tape: &mut Tape, input: Input) {
        let effects = tape.apply(engine, input);
        self.perform(engine, tape, effects);
    }

    fn perform(&mut self, engine: &mut Engine, tape: &mut Tape, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Bind { pod, binding, .. } => {
                    if !tape.still_fits(engine, &binding.uid, &binding.node) {
                        continue;
                    }
                    let mut bound = Pod::clone(&pod);
                    bound.meta.node_name = Some(binding.node);
                    self.unseen.push_back(Input::Bound { uid: Arc::clone(&pod.meta.uid), result: Ok(()) });
                    self.unseen.push_back(Input::Pod(Arc::new(bound)));
                }
                Effect::Evict { preemptor, victims, .. } => {
                    self.evicted += victims.len() as u64;
                    let uid = Arc::clone(&preemptor.meta.uid);
                    self.unseen.push_back(Input::Evicted { uid, result: Ok(()) });
                    let gone = victims.iter().map(|v| Input::PodDeleted { uid: Arc::clone(&v.meta.uid) });
                    self.unseen.extend(gone);
                }
                _ => {}
            }
        }
    }
}
