//! Questions of a guest to the engine, while PostFilter runs.
//!
//! The engine's half of preemption is lent for one call, and a guest's store outlives it. So the guest is called on a thread
//! of its own, and the thread that has the engine answers what the guest asks until it is done.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use longshore_framework::plugin::{PostFilterContext, PreemptionEngine};
use longshore_framework::pod::Pod;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::verdict::Rejection;

/// What a guest may ask.
pub(crate) enum Question {
    /// Whether the pod would fit on a node without these pods.
    WouldFit { node: String, without: Vec<String> },
    /// In which order it is tried to keep these pods.
    KeepFirst { node: String, pods: Vec<String> },
}

/// What it is told.
pub(crate) enum Answer {
    /// How the pod is rejected, if it is.
    Fits(Option<Rejection>),
    /// UIDs.
    Pods(Vec<String>),
}

/// A question, and the way back.
type Asked = (Question, Sender<Result<Answer, String>>);

/// The guest's end.
#[derive(Clone)]
pub(crate) struct Asker(Sender<Asked>);

impl Asker {
    /// Asks and waits for the answer.
    pub(crate) fn ask(&self, question: Question) -> Result<Answer, String> {
        let (back, answer) = channel();
        let gone = || "the engine is gone".to_string();
        self.0.send((question, back)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

/// Runs `guest` on a thread of its own and answers its questions until it is done. `None` when its thread panicked.
pub(crate) fn answering<T: Send>(
    cx: &PostFilterContext<'_>,
    guest: impl FnOnce(Asker) -> T + Send,
) -> Option<T> {
    let (asker, asked) = channel();
    std::thread::scope(|scope| {
        let running = scope.spawn(move || guest(Asker(asker)));
        answer_all(cx, &asked);
        running.join().ok()
    })
}

/// Every asker is gone when this returns.
fn answer_all(cx: &PostFilterContext<'_>, asked: &Receiver<Asked>) {
    while let Ok((question, back)) = asked.recv() {
        // A guest that was stopped waits for nothing.
        let _ = back.send(answer(cx, question));
    }
}

fn answer(cx: &PostFilterContext<'_>, question: Question) -> Result<Answer, String> {
    let engine: &dyn PreemptionEngine = cx.engine;
    match question {
        Question::WouldFit { node, without } => {
            let slot = slot(cx.snapshot, &node)?;
            let pods = pods(cx.snapshot, slot, &without);
            if pods.len() < without.len() {
                return Err(format!("not all of these pods are on {node}"));
            }
            engine.would_fit(slot, &pods).map(Answer::Fits).map_err(|error| error.to_string())
        }
        Question::KeepFirst { node, pods: uids } => {
            let slot = slot(cx.snapshot, &node)?;
            let kept = engine.keep_first(&pods(cx.snapshot, slot, &uids));
            Ok(Answer::Pods(kept.iter().map(|pod| pod.meta.uid.to_string()).collect()))
        }
    }
}

fn slot(snapshot: &Snapshot, node: &str) -> Result<Slot, String> {
    snapshot.slot(node).ok_or_else(|| format!("there is no node {node:?}"))
}

/// Those of these pods that are on the node, each once.
fn pods(snapshot: &Snapshot, slot: Slot, uids: &[String]) -> Vec<Arc<Pod>> {
    let wanted: std::collections::BTreeSet<&str> = uids.iter().map(String::as_str).collect();
    snapshot.pods(slot).iter().filter(|pod| wanted.contains(&*pod.meta.uid)).cloned().collect()
}
