//! PreEnqueue and PostFilter: the stages before a pod is decided and after no node was found.

use std::sync::Arc;
use std::time::Instant;

use longshore_framework::plugin::{
    EnqueueContext, Nomination, PostFilter, PostFilterContext, PostFilterOutcome, PreEnqueue, QueueSort,
    Queued, Rank,
};
use longshore_framework::pod::Pod;
use longshore_framework::port::Request;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::{PluginError, Verdict};
use rustc_hash::FxHashMap;

use super::super::asking::{Asker, answering};
use super::super::bindings::exports::longshore::scheduler::post_filter;
use super::super::cluster::Cluster;
use super::super::convert;
use super::super::imports::locked;
use super::super::plugin::{ComponentPlugin, shared_of};
use super::Staged;
use crate::args::Capability;
use crate::failure::{Failure, FailureKind, cut, one_line};

impl PreEnqueue for Staged {
    fn pre_enqueue(&self, cx: EnqueueContext<'_>) -> Verdict {
        let said = self.0.loaded.pod(cx.pod);
        let answer =
            self.0.control(("PreEnqueue", Some(cx.pod)), Cluster::of_objects(cx.objects), true, |live| {
                live.ask("PreEnqueue", |exports, store| match &exports.pre_enqueue {
                    Some(stage) => stage.call_pre_enqueue(store, &said),
                    None => Ok(Ok(None)),
                })
            });
        match self.0.excused(answer, None) {
            Ok(None) => Verdict::Pass,
            Ok(Some(no)) => Verdict::Reject(convert::rejection(no)),
            // The stage knows no errors: the pod stays out until an event lets the plugin be asked again.
            Err(failure) => {
                self.0.kept_out(cx.pod, &failure);
                Verdict::unschedulable(failure.to_string())
            }
        }
    }
}

impl QueueSort for Staged {
    fn rank(&self, queued: Queued<'_>) -> Rank {
        let said = self.0.loaded.pod(queued.pod);
        let since = u64::try_from(queued.since.0).unwrap_or(0);
        let cluster = Cluster::of_objects(queued.objects);
        let answer = self.0.control(("QueueSort", Some(queued.pod)), cluster, true, |live| {
            live.ask("QueueSort", |exports, store| match &exports.queue_sort {
                Some(stage) => stage.call_rank(store, &said, since),
                None => Err(wasmtime::Error::msg("there is no QueueSort")),
            })
        });
        // As PrioritySort: a plugin that fails must not keep pods out of the queue.
        answer.map_or_else(|_| Rank::by_priority(queued), |(first, second)| Rank([first, second]))
    }
}

impl ComponentPlugin {
    /// Nothing is written of gated pods; of one that only a failure keeps out people have to hear.
    fn kept_out(&self, pod: &Pod, failure: &Failure) {
        let common = &self.loaded.common;
        if !locked(&common.lines).1.take(Instant::now()) {
            return;
        }
        let (uid, plugin) = (Arc::clone(&pod.meta.uid), Arc::clone(&common.plugin));
        let (reason, note) = ("PluginFailed".into(), one_line(failure.to_string()).into());
        common.services.requests.push(Request::Event { uid, plugin, warning: true, reason, note });
    }
}

impl PostFilter for Staged {
    fn post_filter(
        &self,
        cx: &mut PostFilterContext<'_>,
        state: &PluginState,
    ) -> Result<PostFilterOutcome, PluginError> {
        let (said, shared, snapshot) = (self.0.loaded.pod(cx.pod), shared_of(state), cx.snapshot);
        let rejected: Vec<_> = snapshot
            .live()
            .iter()
            .filter_map(|at| {
                let slot = Slot::from(at);
                let code = cx.engine.rejection(slot)?;
                Some((snapshot.node(slot).name.to_string(), convert::code_of(code)))
            })
            .collect();
        let may_evict = self.0.loaded.granted(Capability::Evict);
        let (cluster, pod) = (Cluster::of(snapshot, cx.objects), cx.pod);
        let ask = |asker: Option<Asker>| {
            self.0.control(("PostFilter", Some(pod)), cluster, true, |live| {
                live.lend_engine(asker.clone());
                let outcome = live.ask("PostFilter", |exports, store| match &exports.post_filter {
                    Some(stage) => stage.call_post_filter(store, &said, &shared, &rejected),
                    None => Err(wasmtime::Error::msg("there is no PostFilter")),
                });
                live.lend_engine(None);
                match outcome? {
                    post_filter::Outcome::Reject(no) => Ok(Err(no)),
                    post_filter::Outcome::Nominate(nomination) => {
                        nominated(snapshot, nomination, may_evict).map(Ok)
                    }
                }
            })
        };
        let answer = match self.0.loaded.asks_engine {
            false => ask(None),
            true => {
                let _asking = self.0.asking_engine();
                let broken = || Err(Failure::new("PostFilter", FailureKind::Trap, "its thread ended"));
                answering(cx, |asker| ask(Some(asker))).unwrap_or_else(broken)
            }
        };
        let nothing = PostFilterOutcome {
            rejected: Some(longshore_framework::verdict::Rejection::unschedulable(String::new())),
            ..PostFilterOutcome::default()
        };
        match self.0.excused(answer.map(Some), None)? {
            None => Ok(nothing),
            Some(Err(no)) => Ok(PostFilterOutcome {
                rejected: Some(convert::rejection(no)),
                ..PostFilterOutcome::default()
            }),
            Some(Ok((slot, victims))) => Ok(PostFilterOutcome {
                rejected: None,
                told: None,
                nomination: Nomination::Node(Arc::clone(&snapshot.node(slot).name)),
                victims,
                lapsed: cx.engine.lower_nominations(slot),
                releases: Vec::new(),
                tried: Vec::new(),
                acceptable: vec![slot],
            }),
        }
    }
}

/// A nomination that can be carried out.
fn nominated(
    snapshot: &Snapshot,
    nomination: post_filter::Nomination,
    may_evict: bool,
) -> Result<(Slot, Vec<Arc<Pod>>), Failure> {
    let wrong = |what: String| Failure::answer("PostFilter", what);
    let slot = snapshot.slot(&nomination.node);
    let slot = slot
        .ok_or_else(|| wrong(format!("it nominates the node {:?}, which there is not", nomination.node)))?;
    if !nomination.victims.is_empty() && !may_evict {
        return Err(wrong(
            "it evicts pods, which it is not granted; add evict to capabilities if it may".to_string(),
        ));
    }
    let victims = victims(snapshot, slot, &nomination.victims).map_err(wrong)?;
    Ok((slot, victims))
}

/// The pods to be evicted, in the order that was said. Most are on the node itself.
fn victims(snapshot: &Snapshot, slot: Slot, uids: &[String]) -> Result<Vec<Arc<Pod>>, String> {
    let wanted: FxHashMap<&str, usize> = uids.iter().enumerate().map(|(at, uid)| (&**uid, at)).collect();
    if wanted.len() < uids.len() {
        return Err("it evicts a pod twice".to_string());
    }
    let mut found: Vec<Option<Arc<Pod>>> = vec![None; uids.len()];
    let mut missing = uids.len();
    let others = snapshot.live().iter().map(Slot::from).filter(|other| *other != slot);
    for slot in std::iter::once(slot).chain(others) {
        if missing == 0 {
            break;
        }
        for pod in snapshot.pods(slot) {
            if let Some(at) = wanted.get(&*pod.meta.uid) {
                found[*at] = Some(Arc::clone(pod));
                missing -= 1;
            }
        }
    }
    let of = |(pod, uid): (Option<Arc<Pod>>, &String)| {
        pod.ok_or_else(|| format!("it evicts a pod with the UID {:?}, which is on no node", cut(uid.clone())))
    };
    found.into_iter().zip(uids).map(of).collect()
}
