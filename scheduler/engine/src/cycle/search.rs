//! Which nodes are looked at, and in which order.

use std::collections::BTreeSet;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::reason::Reason;
use longshore_framework::registry::Stage;
use longshore_framework::snapshot::Slot;
use longshore_framework::verdict::Rejection;

use super::room::Room;
use super::state::CycleState;
use super::{Diagnosis, Evaluator, NodeStatus, Stopped};
use crate::meter::{ExtensionPoint, Status};
use crate::trace::Trace;

/// A search for a share of the nodes finds at least this many.
const MIN_FEASIBLE: usize = 100;

/// Why other nodes are left out where the pod's group is tried in one topology domain.
const OUTSIDE_DOMAIN: &str = "node(s) outside the topology domain that the pod group was tried in";

impl Evaluator<'_> {
    /// The nodes the pod can run on, in slot order. With a nominated node that fits, only that one.
    pub(super) fn feasible(
        &self,
        state: &mut CycleState,
        diagnosis: &mut Diagnosis,
        (start, room): (&mut usize, &mut Room),
        mut trace: Option<&mut Trace>,
    ) -> Result<Vec<Slot>, Stopped> {
        let names = self.pre_filter(state, diagnosis).map_err(Stopped::Broken)?;
        if let Some(trace) = trace.as_deref_mut() {
            trace.pre_filter.nodes = names.as_ref().map(|n| n.iter().cloned().collect());
            trace.pre_filter.rejected = diagnosis
                .pre_filter
                .as_ref()
                .map(|(id, r)| (id.map_or_else(Str::default, |id| self.profile.name(id).into()), r.clone()));
        }
        if diagnosis.pre_filter.is_some() {
            return Err(Stopped::Unfit(Box::new(std::mem::take(diagnosis))));
        }
        if let Some(slot) = self.nominated_fits(state, diagnosis) {
            if let Some(trace) = trace {
                trace.tried_nominated = Some(Arc::clone(&self.snapshot.node(slot).name));
            }
            return Ok(vec![slot]);
        }
        let order = self.search_order(names, diagnosis);
        let began = self.watch.start();
        let found = self.search(state, order, diagnosis, (start, room));
        self.watch.point(ExtensionPoint::Filter, Status::of(&found), began);
        self.ask_extenders(found.map_err(Stopped::Broken)?, diagnosis).map_err(Stopped::Broken)
    }

    /// The nodes that PreFilter leaves, for a diagnosis outside a decision.
    pub(crate) fn node_set(
        &self,
        state: &mut CycleState,
        diagnosis: &mut Diagnosis,
    ) -> Result<Option<BTreeSet<Str>>, Stopped> {
        self.pre_filter(state, diagnosis).map_err(Stopped::Broken)
    }

    /// A pod that was promised a node is tried there first. If it does not fit, the verdict stands and the search goes
    /// on; if something breaks, the search finds it again.
    fn nominated_fits(&self, state: &CycleState, diagnosis: &mut Diagnosis) -> Option<Slot> {
        let name = self.nominator.node_of(&self.pod.meta.uid)?;
        let slot = self.snapshot.slot(name).filter(|slot| self.is_within(*slot))?;
        match self.judge(state, slot).ok()? {
            None => self.nominated_passes_extenders(slot, diagnosis),
            Some((plugin, rejection)) => {
                diagnosis.reject(NodeStatus { slot, plugin, rejection });
                None
            }
        }
    }

    /// The nodes of the set that PreFilter left; `None` for all.
    fn search_order(&self, names: Option<BTreeSet<Str>>, diagnosis: &mut Diagnosis) -> Option<Vec<Slot>> {
        let within = self.asking.within.as_deref();
        let Some(names) = names else {
            let domain: Vec<Slot> = within?.iter().map(Slot::from).collect();
            diagnosis.absent = Some(Rejection::unresolvable(Reason::Other(OUTSIDE_DOMAIN.into())));
            return Some(domain);
        };
        let blamed = diagnosis.rejected_by.sorted_names(self.profile);
        diagnosis.absent = Some(Rejection::unresolvable(Reason::OutsideNodeSet(blamed.into())));
        let slots = names.iter().filter_map(|name| self.snapshot.slot(name));
        Some(slots.filter(|slot| self.is_within(*slot)).collect())
    }

    /// Whether the node is one of those that are looked at.
    fn is_within(&self, slot: Slot) -> bool {
        self.asking.within.as_ref().is_none_or(|within| within.contains(slot.index()))
    }

    fn search(
        &self,
        state: &CycleState,
        order: Option<Vec<Slot>>,
        diagnosis: &mut Diagnosis,
        (start, room): (&mut usize, &mut Room),
    ) -> Result<Vec<Slot>, String> {
        let known = std::mem::take(&mut diagnosis.rejected);
        let count = order.as_ref().map_or(self.snapshot.len(), Vec::len);
        let wanted = self.wanted(count);
        let mut found = match order {
            _ if wanted < count => {
                let order = order.as_deref().unwrap_or(self.snapshot.order());
                self.search_some(state, order, wanted, *start)?
            }
            Some(mut slots) => {
                slots.sort_unstable();
                self.filter(state, slots)?
            }
            None => self.filter(state, self.all_slots_in(room.take_slots()))?,
        };
        diagnosis.rejected = found.rejected.drain(..).collect();
        diagnosis.blame_all();
        // The nominated node was judged before; when the search judged it again, the verdict is the same.
        for (slot, group) in known.nodes() {
            if diagnosis.rejected.find(slot).is_none() {
                let (plugin, rejection) = (group.plugin, group.rejection.clone());
                diagnosis.rejected.add(NodeStatus { slot, plugin, rejection });
            }
        }
        let judged = found.feasible.len() + diagnosis.rejected.len();
        *start = (*start + judged) % self.snapshot.len().max(1);
        Ok(found.feasible)
    }

    /// How many feasible nodes end the search.
    fn wanted(&self, nodes: usize) -> usize {
        let scored = !self.profile.stage(Stage::Score).is_empty() || self.extenders.filter_or_score();
        match self.profile.percentage_of_nodes_to_score {
            _ if nodes == 0 => 0,
            Some(_) if !scored => 1,
            Some(percent) if nodes >= MIN_FEASIBLE => (nodes * percent as usize / 100).max(MIN_FEASIBLE),
            _ => nodes,
        }
    }

    /// Piece by piece from `start` on, round the list, until enough are found; what a piece holds beyond is dropped, so
    /// that the answer is that of a search one by one.
    fn search_some(
        &self,
        state: &CycleState,
        order: &[Slot],
        wanted: usize,
        start: usize,
    ) -> Result<super::filter::Filtered, String> {
        let mut all = super::filter::Filtered::default();
        let turned: Vec<Slot> = (0..order.len()).map(|i| order[(start + i) % order.len()]).collect();
        for piece in turned.chunks(wanted.max(MIN_FEASIBLE)) {
            let mut slots = piece.to_vec();
            slots.sort_unstable();
            let part = self.filter(state, slots)?;
            let mut seen = piece.len();
            let mut feasible = all.feasible.len();
            for (at, slot) in piece.iter().enumerate() {
                feasible += usize::from(part.feasible.binary_search(slot).is_ok());
                if feasible == wanted {
                    seen = at + 1;
                    break;
                }
            }
            let seen: BTreeSet<Slot> = piece[..seen].iter().copied().collect();
            all.feasible.extend(part.feasible.into_iter().filter(|s| seen.contains(s)));
            all.rejected.extend(part.rejected.into_iter().filter(|s| seen.contains(&s.slot)));
            if all.feasible.len() >= wanted {
                break;
            }
        }
        all.feasible.sort_unstable();
        all.rejected.sort_unstable_by_key(|s| s.slot);
        Ok(all)
    }
}
