//! The engine as a whole, through scripts: what it is told, and the effects it answers with.
//!
//! The plugins are small fakes that read from the pod's labels what they are to do: `permit.A: reject me` makes the
//! Permit stage of plugin A reject the pod with that reason, `error` makes it break, `wait 10` makes it wait.

mod binding;
mod extenders;
mod fakes;
mod group_domains;
mod group_room;
mod group_words;
mod groups;
mod holding;
mod journey;
mod meter;
mod permit;
mod places;
mod preemption;
mod recheck;
mod reload;
mod requests;
mod search;

use std::sync::{Arc, Mutex};

use longshore_framework::Timestamp;
use longshore_framework::fixture::{self, NodeBuilder, PodBuilder};
use longshore_framework::port::{Effect, Input};
use longshore_framework::profile::Profile;

use super::Engine;
use crate::options::{Options, TieBreak};

/// What Reserve and PostBind plugins were asked, in order.
type Log = Arc<Mutex<Vec<String>>>;

/// One step of a script.
enum Do {
    Tell(Input),
    /// Try the next pod.
    Step,
    /// Where is the pod?
    Where(&'static str),
    /// What was logged since the last time?
    Log,
}

struct World {
    engine: Engine,
    log: Log,
}

fn world() -> World {
    with(|_| {})
}

/// A world with a changed profile. Ties go to the first node by name.
fn with(change: impl FnOnce(&mut Profile)) -> World {
    let log = Log::default();
    let mut profile = fakes::profile(&log);
    change(&mut profile);
    let options = Options { tie_break: TieBreak::First, ..Options::default() };
    World { engine: Engine::new(vec![profile], options), log }
}

impl World {
    fn act(&mut self, step: &Do) -> String {
        match step {
            Do::Tell(input) => described(&self.engine.apply(input.clone())),
            Do::Step => match self.engine.step() {
                Some(attempt) => described(&attempt.effects),
                None => "nobody".to_string(),
            },
            Do::Where(pod) => self.place(&format!("default/{pod}")),
            Do::Log => self.log.lock().unwrap().drain(..).collect::<Vec<_>>().join(", "),
        }
    }

    /// Every pod is where it may be at rest, and the counts and indices of the table are those of a walk over it.
    #[track_caller]
    fn is_sound(&self) {
        self.engine.pods.check();
        let flying = self.engine.pods.reserved().filter(|(number, ..)| self.engine.pods.flies(*number));
        let counts = self.engine.queue_counts();
        let waiting = counts.active + counts.backoff + counts.unschedulable + counts.gated;
        assert_eq!((waiting, counts.in_flight), (self.engine.pods.count_waiting(), flying.count()));
    }

    fn place(&self, uid: &str) -> String {
        let counts = self.engine.queue_counts();
        if let Some((_, node)) = self.engine.cache().pod(uid) {
            let kind = if self.engine.cache().is_assumed(uid) { "assumed" } else { "placed" };
            return format!("{kind} on {node}");
        }
        match self.engine.waiting(uid) {
            None => "gone".to_string(),
            Some(q) if q.gated_by.is_some() => "gated".to_string(),
            // Scripts ask while at most one pod waits in the queue.
            Some(_) if counts.active > 0 => "active".to_string(),
            Some(_) if counts.backoff > 0 => "backoff".to_string(),
            Some(_) if counts.gated > 0 => "gated".to_string(),
            Some(_) => "parked".to_string(),
        }
    }
}

/// Runs a script; each step has to answer with what stands beside it.
#[track_caller]
fn check(mut world: World, script: &[(Do, &str)]) {
    for (at, (step, want)) in script.iter().enumerate() {
        assert_eq!(world.act(step), *want, "step {at}");
    }
    world.is_sound();
}

fn described(effects: &[Effect]) -> String {
    let told = |effect: &&Effect| !matches!(effect, Effect::GroupStatus { .. });
    effects.iter().filter(told).map(describe).collect::<Vec<_>>().join("; ")
}

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::ReleaseClaims { pod, releases } => format!("release {} of {}", releases.len(), pod.meta.name),
        Effect::PreBind { pod, node, writes } => {
            format!("write {} for {} on {node}", writes.len(), pod.meta.name)
        }
        Effect::Bind { pod, binding, extenders } => {
            let by =
                if extenders.is_empty() { String::new() } else { format!(" by {}", extenders.join(", ")) };
            format!("bind {} to {}{by}", pod.meta.name, binding.node)
        }
        Effect::Evict { preemptor, victims, node } => {
            let names: Vec<&str> = victims.iter().map(|v| &*v.meta.name).collect();
            format!("evict {} from {node} for {}", names.join(" "), preemptor.meta.name)
        }
        Effect::Preempted { victim, preemptor, node } => {
            format!("{} leaves {node} to {}", victim.meta.name, preemptor.meta.name)
        }
        Effect::ClearNomination { pod } => format!("clear {}", pod.meta.name),
        Effect::Failed { pod, reason, message, nominated_node } => {
            // A promise that the pod does not show is cleared every time: that is not told here.
            let told =
                |node: &&longshore_framework::Str| !node.is_empty() || pod.meta.nominated_node.is_some();
            let nominated = nominated_node.as_ref().filter(told);
            let nominated = nominated.map_or(String::new(), |n| format!(" [{n}]"));
            format!("{} {}: {message}{nominated}", pod.meta.name, reason.as_str())
        }
        Effect::Waiting { pod, node, until } => {
            format!("{} waits on {node} until {}", pod.meta.name, until.0)
        }
        Effect::Gated { pod, rejection, .. } => format!("{} gated: {}", pod.meta.name, rejection.message()),
        Effect::PluginEvent { pod, plugin, reason, note, .. } => {
            format!("{plugin} of {}: {reason}: {note}", pod.meta.name)
        }
        Effect::GroupStatus { group, standing, .. } => {
            format!("{group} {:?}: {}", standing.state, standing.message)
        }
        Effect::Scheduled { pod, node, .. } => format!("{} scheduled on {node}", pod.meta.name),
    }
}

fn node(name: &str) -> NodeBuilder {
    fixture::node(name)
}

fn pod(name: &str) -> PodBuilder {
    fixture::pod(name)
}

fn node_is(node: NodeBuilder) -> Do {
    Do::Tell(Input::Node(node.build()))
}

fn node_gone(name: &str) -> Do {
    Do::Tell(Input::NodeDeleted { name: name.into() })
}

fn pod_is(pod: PodBuilder) -> Do {
    Do::Tell(Input::Pod(pod.build()))
}

fn pod_gone(name: &str) -> Do {
    Do::Tell(Input::PodDeleted { uid: uid(name) })
}

fn written(pod: &str) -> Do {
    Do::Tell(Input::PreBound { uid: uid(pod), result: Ok(()) })
}

fn bound(pod: &str) -> Do {
    Do::Tell(Input::Bound { uid: uid(pod), result: Ok(()) })
}

fn not_bound(pod: &str, why: &str) -> Do {
    Do::Tell(Input::Bound { uid: uid(pod), result: Err(why.into()) })
}

fn evicted(preemptor: &str) -> Do {
    Do::Tell(Input::Evicted { uid: uid(preemptor), result: Ok(()) })
}

fn second(at: i64) -> Do {
    Do::Tell(Input::Time(Timestamp(at * 1000)))
}

fn uid(pod: &str) -> longshore_framework::Str {
    format!("default/{pod}").into()
}
