//! PreFilter, Filter, PreScore, Score: the stages about nodes.

use std::sync::Arc;

use longshore_framework::plugin::{
    Cycle, Dependence, Filter, FilterSink, MAX_SCORE, PreFilter, PreScore, Score,
};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, PreFilterVerdict, PreScoreVerdict, Verdict};
use longshore_framework::view::NodeView;

use super::super::bindings::exports::longshore::scheduler::pre_filter::{Outcome, PreFiltered};
use super::super::bindings::exports::longshore::scheduler::pre_score;
use super::super::convert::{self, CycleKey, pod_info};
use super::super::imports::locked;
use super::super::plugin::{Carried, ComponentPlugin, Piece, class_of, full, shared_of};
use super::super::verdicts::{self, FIT, Judged};
use super::Staged;
use crate::failure::Failure;

/// The most that PreFilter may leave, in bytes.
const LARGEST_SHARED: usize = 64 << 10;

/// What PreScore left, which takes the place of what PreFilter left.
#[derive(Clone, Debug)]
struct ScoreCarried(Arc<Vec<u8>>);

impl PreFilter for Staged {
    fn pre_filter(&self, cx: Cycle<'_>, state: &mut PluginState) -> Result<PreFilterVerdict, PluginError> {
        let nothing = (Outcome::All, Arc::default());
        let (outcome, shared) = self.0.excused(self.0.pre_filtered(cx), nothing)?;
        state.put(Carried(shared));
        Ok(match outcome {
            Outcome::All => PreFilterVerdict::Pass(None),
            Outcome::Only(names) => PreFilterVerdict::Pass(Some(names.into_iter().map(Into::into).collect())),
            Outcome::Skip => PreFilterVerdict::Skip,
            Outcome::Reject(no) => PreFilterVerdict::Reject(convert::rejection(no)),
        })
    }

    fn add_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        added: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        self.0.moved(cx, state, added, node, true)
    }

    fn remove_pod(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        removed: &Pod,
        node: Slot,
    ) -> Result<(), PluginError> {
        self.0.moved(cx, state, removed, node, false)
    }
}

impl Filter for Staged {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        let answer = if node.is_supposed() {
            self.0.supposed(cx, &shared_of(state), node)
        } else {
            self.0.judged(cx, &shared_of(state), &[node.slot()]).map(|judged| match judged {
                Judged::Some { mut rejections, verdicts } => match verdicts.first() {
                    Some(verdict) if *verdict != FIT => {
                        Verdict::Reject(rejections.swap_remove(usize::from(verdict - 1)))
                    }
                    _ => Verdict::Pass,
                },
                Judged::All => Verdict::Pass,
            })
        };
        Ok(self.0.excused(answer, Verdict::Pass)?)
    }

    fn filter_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &mut FilterSink<'_>,
    ) -> Result<(), PluginError> {
        let answer = self.0.judged(cx, &shared_of(state), nodes.candidates());
        match self.0.excused(answer, Judged::All)? {
            Judged::All => Ok(()),
            Judged::Some { verdicts, rejections } => {
                let mut verdicts = verdicts.into_iter();
                nodes.retain(|_| {
                    Ok(match verdicts.next() {
                        Some(verdict) if verdict != FIT => {
                            Verdict::Reject(rejections[usize::from(verdict - 1)].clone())
                        }
                        _ => Verdict::Pass,
                    })
                })
            }
        }
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        self.dependence()
    }
}

impl PreScore for Staged {
    fn pre_score(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        feasible: &[Slot],
    ) -> Result<PreScoreVerdict, PluginError> {
        let (pod, shared) = (self.0.loaded.pod(cx.pod), shared_of(state));
        let count = u32::try_from(feasible.len()).unwrap_or(u32::MAX);
        let answer = self.0.control("PreScore", Some(cx.snapshot), true, |live| {
            live.ask("PreScore", |exports, store| match &exports.pre_score {
                Some(stage) => stage.call_pre_score(store, &pod, &shared, count),
                None => Ok(Ok(pre_score::Outcome::Score(shared.to_vec()))),
            })
        });
        match self.0.excused(answer, pre_score::Outcome::Skip)? {
            pre_score::Outcome::Skip => Ok(PreScoreVerdict::Skip),
            pre_score::Outcome::Score(shared) => {
                state.put(ScoreCarried(bounded("PreScore", shared)?));
                Ok(PreScoreVerdict::Score)
            }
        }
    }
}

impl Score for Staged {
    fn score(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        let mut score = [0];
        self.score_range(cx, state, &[node.slot()], &mut score)?;
        Ok(score[0])
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        let shared = state.get::<ScoreCarried>().map_or_else(|_| shared_of(state), |s| Arc::clone(&s.0));
        let answer = self.0.scored(cx, &shared, nodes, scores);
        if answer.is_err() {
            scores.fill(0);
        }
        Ok(self.0.excused(answer, ())?)
    }

    fn normalise(
        &self,
        cx: Cycle<'_>,
        state: &PluginState,
        _nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        if !self.0.loaded.indices.normalizes() {
            return Ok(());
        }
        let shared = state.get::<ScoreCarried>().map_or_else(|_| shared_of(state), |s| Arc::clone(&s.0));
        let answer = self.0.control("NormalizeScore", Some(cx.snapshot), true, |live| {
            let given: &[i64] = scores;
            let said = live.ask("NormalizeScore", |exports, store| match &exports.normalize_score {
                Some(stage) => stage.call_normalize(store, &shared, given),
                None => Ok(Ok(given.to_vec())),
            })?;
            in_range("NormalizeScore", &said, given.len())?;
            Ok(said)
        });
        let zeros = vec![0; scores.len()];
        scores.copy_from_slice(&self.0.excused(answer, zeros)?);
        Ok(())
    }

    fn depends_on(&self, _pod: &Pod) -> Dependence {
        self.dependence()
    }
}

impl ComponentPlugin {
    /// What PreFilter says, or said of the same class of pods.
    fn pre_filtered(&self, cx: Cycle<'_>) -> Result<(Outcome, Arc<Vec<u8>>), Failure> {
        let class = self.loaded.pure.then(|| class_of(cx.pod));
        let empty: Arc<Vec<u8>> = Arc::default();
        if let Some(hash) = class
            && let Some((key, said, shared)) = locked(&self.pre_filtered).get(&hash)
            && key.same_class(cx.pod, &empty)
        {
            return Ok((said.outcome.clone(), Arc::clone(shared)));
        }
        let pod = self.loaded.pod(cx.pod);
        let said = self.control("PreFilter", Some(cx.snapshot), true, |live| {
            let said = live.ask("PreFilter", |exports, store| match &exports.pre_filter {
                Some(stage) => stage.call_pre_filter(store, &pod),
                None => Ok(Ok(PreFiltered { outcome: Outcome::All, shared: Vec::new() })),
            })?;
            bounded("PreFilter", said.shared).map(|shared| (said.outcome, shared))
        })?;
        if let Some(hash) = class {
            let mut classes = locked(&self.pre_filtered);
            if full(&classes) {
                classes.clear();
            }
            let answer = PreFiltered { outcome: said.0.clone(), shared: Vec::new() };
            classes.insert(hash, (CycleKey::new(cx.pod, empty), answer, Arc::clone(&said.1)));
        }
        Ok(said)
    }

    fn moved(
        &self,
        cx: Cycle<'_>,
        state: &mut PluginState,
        moved: &Pod,
        node: Slot,
        added: bool,
    ) -> Result<(), PluginError> {
        let stage = if added { "AddPod" } else { "RemovePod" };
        let (name, shared) = (&cx.snapshot.node(node).name, shared_of(state));
        let (pod, moved) = (self.loaded.pod(cx.pod), pod_info(moved, Some(name), true));
        let answer = self.control(stage, Some(cx.snapshot), true, |live| {
            let said = live.ask(stage, |exports, store| match &exports.pre_filter_extensions {
                None => Ok(Ok(None)),
                Some(stage) if added => Ok(stage.call_add_pod(store, &shared, &pod, &moved, name)?.map(Some)),
                Some(stage) => Ok(stage.call_remove_pod(store, &shared, &pod, &moved, name)?.map(Some)),
            })?;
            said.map(|shared| bounded(stage, shared)).transpose()
        });
        if let Some(shared) = self.excused(answer, None)? {
            state.put(Carried(shared));
        }
        Ok(())
    }

    /// Verdicts about nodes as they are, ascending by slot.
    fn judged(&self, cx: Cycle<'_>, shared: &Arc<Vec<u8>>, slots: &[Slot]) -> Result<Judged, Failure> {
        let mut all = Judged::All;
        let mut before = 0;
        for piece in self.pieces(slots) {
            let judged = self.judged_piece(cx, shared, piece)?;
            all = joined(all, before, judged, piece.slots.len());
            before += piece.slots.len();
        }
        Ok(all)
    }

    fn judged_piece(
        &self,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        piece: Piece<'_>,
    ) -> Result<Judged, Failure> {
        self.piece(piece, "Filter", cx.snapshot, |kept, way| {
            let mut judged = Judged::All;
            if !self.loaded.pure {
                way(&mut |live| {
                    judged = self.ask_filter(live, cx, shared, piece.base, piece.slots)?;
                    Ok(())
                })?;
                return Ok(judged);
            }
            let mut known = kept.class(cx.pod, shared, cx.snapshot, (piece.base, self.loaded.rows));
            let unknown = known.unjudged(piece.slots);
            if !unknown.is_empty() {
                way(&mut |live| {
                    judged = self.ask_filter(live, cx, shared, piece.base, &unknown)?;
                    Ok(())
                })?;
                known.judged(&unknown, judged);
            }
            Ok(known.verdicts(piece.slots))
        })
    }

    fn ask_filter(
        &self,
        live: &mut super::super::live::Live,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        base: usize,
        slots: &[Slot],
    ) -> Result<Judged, Failure> {
        live.begin(&self.loaded, cx.pod, shared)?;
        let asked = verdicts::row_set(slots, base, cx.snapshot);
        let answer = live.ask("Filter", |exports, store| match &exports.filter {
            Some(stage) => stage.call_filter(store, &asked),
            None => Err(wasmtime::Error::msg("there is no Filter")),
        })?;
        verdicts::check(&asked, answer)
    }

    /// The verdict about a node as it would be.
    fn supposed(&self, cx: Cycle<'_>, shared: &Arc<Vec<u8>>, node: NodeView<'_>) -> Result<Verdict, Failure> {
        let slots = [node.slot()];
        let Some(piece) = self.pieces(&slots).next() else { return Ok(Verdict::Pass) };
        let (row, patch) = (
            super::super::table::row(node.slot(), piece.base),
            self.loaded.columns.supposed(node, piece.base),
        );
        self.piece(piece, "Filter", cx.snapshot, |_, way| {
            let mut verdict = Verdict::Pass;
            way(&mut |live| {
                live.begin(&self.loaded, cx.pod, shared)?;
                let said = live.ask("Filter", |exports, store| match &exports.filter {
                    Some(stage) => stage.call_filter_supposed(store, row, &patch),
                    None => Ok(Ok(None)),
                })?;
                verdict = said.map_or(Verdict::Pass, |no| Verdict::Reject(convert::rejection(no)));
                Ok(())
            })?;
            Ok(verdict)
        })
    }

    fn scored(
        &self,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        slots: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), Failure> {
        let mut done = 0;
        for piece in self.pieces(slots) {
            let out = &mut scores[done..done + piece.slots.len()];
            done += piece.slots.len();
            self.scored_piece(cx, shared, piece, out)?;
        }
        Ok(())
    }

    fn scored_piece(
        &self,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        piece: Piece<'_>,
        scores: &mut [i64],
    ) -> Result<(), Failure> {
        self.piece(piece, "Score", cx.snapshot, |kept, way| {
            if !self.loaded.pure {
                return way(&mut |live| {
                    scores.copy_from_slice(&self.ask_score(live, cx, shared, piece.base, piece.slots)?);
                    Ok(())
                });
            }
            let mut known = kept.class(cx.pod, shared, cx.snapshot, (piece.base, self.loaded.rows));
            let unknown = known.unscored(piece.slots);
            if !unknown.is_empty() {
                let mut new = Vec::new();
                way(&mut |live| {
                    new = self.ask_score(live, cx, shared, piece.base, &unknown)?;
                    Ok(())
                })?;
                known.scored(&unknown, &new);
            }
            known.scores(piece.slots, scores);
            Ok(())
        })
    }

    fn ask_score(
        &self,
        live: &mut super::super::live::Live,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        base: usize,
        slots: &[Slot],
    ) -> Result<Vec<i64>, Failure> {
        live.begin(&self.loaded, cx.pod, shared)?;
        let asked = verdicts::row_set(slots, base, cx.snapshot);
        let scores = live.ask("Score", |exports, store| match &exports.score {
            Some(stage) => stage.call_score(store, &asked),
            None => Err(wasmtime::Error::msg("there is no Score")),
        })?;
        if self.loaded.indices.normalizes() {
            right_length("Score", &scores, slots.len())?;
        } else {
            in_range("Score", &scores, slots.len())?;
        }
        Ok(scores)
    }
}

/// The verdicts of two pieces in a row, of `before` and `more` nodes.
fn joined(first: Judged, before: usize, second: Judged, more: usize) -> Judged {
    if before == 0 {
        return second;
    }
    let open = |judged, count| match judged {
        Judged::All => (vec![FIT; count], Vec::new()),
        Judged::Some { verdicts, rejections } => (verdicts, rejections),
    };
    if matches!((&first, &second), (Judged::All, Judged::All)) {
        return Judged::All;
    }
    let ((mut verdicts, mut rejections), (next, other)) = (open(first, before), open(second, more));
    let shift = u16::try_from(rejections.len()).unwrap_or(u16::MAX);
    verdicts.extend(next.into_iter().map(|v| if v == FIT { FIT } else { v.saturating_add(shift) }));
    rejections.extend(other);
    Judged::Some { verdicts, rejections }
}

fn bounded(stage: &'static str, shared: Vec<u8>) -> Result<Arc<Vec<u8>>, Failure> {
    if shared.len() > LARGEST_SHARED {
        let message =
            format!("it left {} bytes for later stages, {LARGEST_SHARED} are allowed", shared.len());
        return Err(Failure::answer(stage, message));
    }
    Ok(Arc::new(shared))
}

fn right_length(stage: &'static str, scores: &[i64], wanted: usize) -> Result<(), Failure> {
    if scores.len() == wanted {
        return Ok(());
    }
    Err(Failure::answer(stage, format!("it gave {} scores for {wanted} nodes", scores.len())))
}

fn in_range(stage: &'static str, scores: &[i64], wanted: usize) -> Result<(), Failure> {
    right_length(stage, scores, wanted)?;
    match scores.iter().find(|score| !(0..=MAX_SCORE).contains(*score)) {
        None => Ok(()),
        Some(score) => Err(Failure::answer(
            stage,
            format!("it gave a score of {score}, which is not in 0 to {MAX_SCORE}"),
        )),
    }
}
