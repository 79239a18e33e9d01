//! Victims of a preemption: who has to be evicted, and who only has to give up its place in memory.
//!
//! A victim that is not being bound yet is not evicted: it loses its reservation and is tried again. Waiting for Permit
//! it is turned away at once, and so it is while its binding waits to be sent; while its PreBind writes are under way it is
//! turned away when they are over. The preemptor
//! is parked by then and hears of the room like any other pod. For how long it rests is said in
//! [`evictions`](crate::evictions).

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::plugin::Nomination;
use longshore_framework::pod::Pod;
use longshore_framework::port::Effect;

use super::Engine;
use super::failure::Failure;
use super::post_filter::PostFiltered;
use super::preemption::Preemption;
use crate::evictions::{Next, Turn};
use crate::pods::reservation::Phase;

impl Engine {
    /// What PostFilter chose, with the victims as they are known now: what came of trying a node may have been found out
    /// before they were confirmed. `None` when nobody has to go, or for no node.
    pub(crate) fn preemption(&self, post: &mut PostFiltered) -> Option<Preemption> {
        let Nomination::Node(node) = &post.nomination else { return None };
        let on_node = |uid: &str| self.pods.on_node(self.pods.number(uid)?);
        let known = |pod: Arc<Pod>| on_node(&pod.meta.uid).map_or(pod, |on| Arc::clone(&on.pod));
        let victims: Vec<Arc<Pod>> = std::mem::take(&mut post.victims).into_iter().map(known).collect();
        let (unbound, evicted) = victims.into_iter().partition(|victim| self.is_unbound(victim));
        let preemption = Preemption { node: Arc::clone(node), unbound, evicted };
        (preemption.victims() > 0).then_some(preemption)
    }

    /// From now on `preemptor` waits for its victims. Those that give up their place at once are not waited for.
    pub(crate) fn await_victims(&mut self, preemptor: &Pod, preemption: &Preemption) {
        let writing = |victim: &&Arc<Pod>| {
            let number = self.pods.number(&victim.meta.uid);
            let phase = number.and_then(|number| self.pods.phase(number));
            matches!(phase, Some(Phase::PreBinding { .. }))
        };
        let awaited = preemption.evicted.iter().chain(preemption.unbound.iter().filter(writing));
        let (going, unseen) = awaited.partition::<Vec<_>, _>(|victim| victim.meta.terminating);
        let uids = |pods: Vec<&Arc<Pod>>| pods.iter().map(|pod| Arc::clone(&pod.meta.uid)).collect();
        let victims = [uids(unseen), uids(going)];
        let uid = &preemptor.meta.uid;
        self.evictions.begin(uid, &preemption.node, victims, preemption.has_evictions());
    }

    /// Whether the pod need not be evicted: nobody outside knows yet that it is to be on a node, and the watch has not shown
    /// it there.
    fn is_unbound(&self, pod: &Pod) -> bool {
        let Some(number) = self.pods.number(&pod.meta.uid) else { return false };
        match self.pods.phase(number) {
            Some(Phase::Waiting(..) | Phase::PreBinding { .. }) => true,
            Some(Phase::Binding) => self.is_held_back(number),
            Some(Phase::Deciding(_)) | None => false,
        }
    }

    /// Whether the pod's binding waits to be sent.
    fn is_held_back(&self, number: usize) -> bool {
        self.holds_bindings && self.pods.held(number).is_some_and(|(held, _)| !held.sent)
    }

    /// Takes the place of a victim for `preemptor` on behalf of `plugin`.
    pub(crate) fn preempt_unbound(
        &mut self,
        victim: &Arc<Pod>,
        preemptor: &Arc<Pod>,
        plugin: &str,
        effects: &mut Vec<Effect>,
    ) {
        let Some(number) = self.pods.number(&victim.meta.uid) else { return };
        let is_held_back = self.is_held_back(number);
        let Some(node) = self.pods.on_node(number).map(|on| Arc::clone(&on.node)) else { return };
        let Some((phase, _)) = self.pods.reserved_mut(number) else { return };
        match phase {
            Phase::PreBinding { cancelled: Some(_) } | Phase::Deciding(_) => return,
            Phase::Binding if !is_held_back => return,
            Phase::Binding => self.unbind(number, format!("preempted by {plugin}"), effects),
            Phase::PreBinding { cancelled } => *cancelled = Some(format!("preempted by {plugin}").into()),
            Phase::Waiting(..) => {
                let failure = Failure::broken("waiting on permit for pod: preempted".to_string());
                self.send_back(number, failure, effects);
            }
        }
        effects.push(Effect::Preempted {
            victim: Arc::clone(victim),
            preemptor: Arc::clone(preemptor),
            node,
        });
    }

    /// The API server answered to the evictions for a preemptor. Its victims may not have been seen to go yet.
    pub(crate) fn evicted(&mut self, uid: &str, ok: bool) {
        if let Some(began) = self.marks.evictions.remove(uid) {
            self.meter.tell_since(began, |m, took| m.evicted(ok, took));
        }
        let turn = self.evictions.answered(uid, ok, self.now);
        self.take_turns(turn);
    }

    /// The pod is on its node no more.
    pub(crate) fn seen_gone(&mut self, uid: &str) {
        let turns = self.evictions.seen_gone(uid);
        self.take_turns(turns);
    }

    /// Victims that were not seen to go for as long as a pod stays parked are not waited for any more.
    pub(crate) fn give_up_victims(&mut self) {
        let longest = i64::try_from(self.options.max_unschedulable.as_millis()).unwrap_or(i64::MAX);
        let turns = self.evictions.overdue(Timestamp(self.now.0.saturating_sub(longest)));
        self.take_turns(turns);
    }

    /// Preemptors whose rest is over hear of what happens from now on: of victims that are still going when they are gone.
    /// One that has nothing to wait for is tried at once, for it heard of nothing while it rested.
    pub(crate) fn take_turns(&mut self, turns: impl IntoIterator<Item = Next>) {
        for (preemptor, turn) in turns {
            self.queue.end_rest(&mut self.pods, &preemptor);
            if turn == Turn::Due {
                self.activate(&preemptor);
            }
        }
    }
}
