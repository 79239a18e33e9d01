//! Victims of a preemption: who has to be evicted, and who only has to give up its place in memory.
//!
//! A victim that is not being bound yet is not evicted: it loses its reservation and is tried again. Waiting for Permit
//! it is turned away at once, and so it is while its binding waits to be sent; while its PreBind writes are under way it is
//! turned away when they are over. The preemptor
//! is parked by then and hears of the room like any other pod.

use std::sync::Arc;

use longshore_framework::pod::Pod;
use longshore_framework::port::Effect;

use super::Engine;
use super::failure::Failure;
use crate::reservation::Phase;

impl Engine {
    /// Whether any of the victims has to be evicted and is not on its way out already. Until that is done the preemptor
    /// rests.
    pub(crate) fn has_to_evict(&self, victims: &[Arc<Pod>]) -> bool {
        victims.iter().any(|v| !v.meta.terminating && !self.is_unbound(v))
    }

    /// Victims that give up their place in memory, and the others.
    pub(crate) fn split_victims(&self, victims: Vec<Arc<Pod>>) -> (Vec<Arc<Pod>>, Vec<Arc<Pod>>) {
        victims.into_iter().partition(|v| self.is_unbound(v))
    }

    fn is_unbound(&self, pod: &Pod) -> bool {
        let held = self.reservations.get(&pod.meta.uid);
        held.is_some_and(|h| match h.phase {
            Phase::Waiting(_) | Phase::PreBinding { .. } => true,
            Phase::Binding => self.holds_bindings && !h.sent,
            Phase::Deciding => false,
        })
    }

    /// Takes the place of a victim for `preemptor` on behalf of `plugin`.
    pub(crate) fn preempt_unbound(
        &mut self,
        victim: &Arc<Pod>,
        preemptor: &Arc<Pod>,
        plugin: &str,
        effects: &mut Vec<Effect>,
    ) {
        let uid = &victim.meta.uid;
        let Some(held) = self.reservations.get_mut(uid) else { return };
        let node = Arc::clone(&held.node);
        match &mut held.phase {
            Phase::PreBinding { cancelled: Some(_) } | Phase::Deciding => return,
            Phase::Binding if !self.holds_bindings || held.sent => return,
            Phase::Binding => self.unbind(uid, format!("preempted by {plugin}"), effects),
            Phase::PreBinding { cancelled } => *cancelled = Some(format!("preempted by {plugin}")),
            Phase::Waiting(_) => {
                let failure = Failure::broken("waiting on permit for pod: preempted".to_string());
                self.send_back(uid, failure, effects);
            }
        }
        effects.push(Effect::Preempted {
            victim: Arc::clone(victim),
            preemptor: Arc::clone(preemptor),
            node,
        });
    }

    /// The evictions for a preemptor are over. Victims that are still going wake it when they are gone. It is tried again at
    /// once where no such event will come: when an eviction failed, and when every victim is gone already, for it rested
    /// while they went. A preemptor that had nobody to evict is left alone: it waits for pods that are on their way out.
    pub(crate) fn evicted(&mut self, uid: &str, ok: bool) {
        if let Some(began) = self.marks.evictions.remove(uid) {
            self.meter.tell_since(began, |m, took| m.evicted(ok, took));
        }
        let Some(victims) = self.evicting.remove(uid) else { return };
        self.queue.end_rest(uid);
        if !ok || victims.iter().all(|victim| self.cache.pod(victim).is_none()) {
            self.activate(uid);
        }
    }
}
