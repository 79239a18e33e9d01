//! Filter: can the pod run there?

use std::sync::Arc;

use longshore_framework::plugin::{Cycle, Dependence, Filter, FilterSink};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::Slot;
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};
use longshore_framework::view::NodeView;

use super::super::convert;
use super::super::live::Live;
use super::super::plugin::{ComponentPlugin, Piece, shared_of};
use super::super::pure::FEW;
use super::super::table::row;
use super::super::verdicts::{self, FIT, Judged};
use super::Staged;
use crate::failure::Failure;

impl Filter for Staged {
    fn filter(&self, cx: Cycle<'_>, state: &PluginState, node: NodeView<'_>) -> Result<Verdict, PluginError> {
        if self.0.is_asking() {
            return Ok(Verdict::Pass);
        }
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
        self.filter_dependence()
    }
}

impl ComponentPlugin {
    /// Verdicts about nodes as they are, ascending by slot.
    fn judged(&self, cx: Cycle<'_>, shared: &Arc<Vec<u8>>, slots: &[Slot]) -> Result<Judged, Failure> {
        self.measured("Filter", cx.objects)?;
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
        self.piece(piece, "Filter", cx, |kept, way| {
            let mut judged = Judged::All;
            if !self.loaded.pure || piece.slots.len() <= FEW {
                way(&mut |live| {
                    judged = self.ask_filter(live, cx, shared, piece.base, piece.slots)?;
                    Ok(())
                })?;
                return Ok(judged);
            }
            let mut known =
                kept.class(cx, shared, self.loaded.objects_seen(cx.objects), (piece.base, self.loaded.rows));
            let unknown = known.unjudged(piece.slots);
            if unknown.is_empty() && self.samples() {
                way(&mut |live| {
                    judged = self.ask_filter(live, cx, shared, piece.base, piece.slots)?;
                    Ok(())
                })?;
                if !judged.agrees_with(&known.verdicts(piece.slots)) {
                    self.unsteady("Filter", cx.pod);
                }
            } else if !unknown.is_empty() {
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
        live: &mut Live,
        cx: Cycle<'_>,
        shared: &Arc<Vec<u8>>,
        base: usize,
        slots: &[Slot],
    ) -> Result<Judged, Failure> {
        live.begin(&self.loaded, cx, shared)?;
        let asked = verdicts::row_set(slots, base, cx.snapshot);
        let mut judge = || {
            let answer = live.ask("Filter", |exports, store| match &exports.filter {
                Some(stage) => stage.call_filter(store, &asked),
                None => Err(wasmtime::Error::msg("there is no Filter")),
            })?;
            verdicts::check(&asked, answer)
        };
        let judged = judge()?;
        if self.samples() && !judge()?.agrees_with(&judged) {
            self.unsteady("Filter", cx.pod);
        }
        Ok(judged)
    }

    /// The verdict about a node as it would be.
    fn supposed(&self, cx: Cycle<'_>, shared: &Arc<Vec<u8>>, node: NodeView<'_>) -> Result<Verdict, Failure> {
        self.measured("Filter", cx.objects)?;
        let slots = [node.slot()];
        let Some(piece) = self.pieces(&slots).next() else { return Ok(Verdict::Pass) };
        let (row, patch) = (row(node.slot(), piece.base), self.loaded.columns.supposed(node, piece.base));
        self.piece(piece, "Filter", cx, |_, way| {
            let mut verdict = Verdict::Pass;
            way(&mut |live| {
                live.begin(&self.loaded, cx, shared)?;
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
