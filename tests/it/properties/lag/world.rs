//! An engine, an API server, and what is on its way between them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use longshore_engine::{Engine, Evaluation, Options, Outcome};
use longshore_framework::fixture::{node, pod};
use longshore_framework::pod::Pod;
use longshore_framework::port::{Effect, Input};
use longshore_framework::{Str, Timestamp};

use super::server::Server;
use super::{Draft, Happening, Trouble};
use crate::properties::PROFILES;

/// Something the API server was asked to do.
enum Call {
    Bind { uid: Str, node: Str },
    Evict { preemptor: Str, victims: VecDeque<Str> },
}

pub(super) struct World {
    engine: Engine,
    server: Server,
    nodes: BTreeSet<Str>,
    calls: Vec<Call>,
    answers: Vec<Input>,
    /// The nominated node to be written of each pod; a newer wish takes the place of an older one.
    statuses: BTreeMap<Str, Str>,
    now: i64,
}

const PREEMPTOR: &str = "high";

impl World {
    pub(super) fn new(draft: &Draft) -> Self {
        let options = Options { evaluation: Evaluation::Audited, ..Options::default() };
        let mut world = Self {
            engine: Engine::new(PROFILES.clone(), options),
            server: Server::default(),
            nodes: BTreeSet::new(),
            calls: Vec::new(),
            answers: Vec::new(),
            statuses: BTreeMap::new(),
            now: 0,
        };
        for at in 0..draft.nodes {
            let name = format!("n{at}");
            world.tell(Input::Node(node(&name).allocatable("cpu", "2").allocatable("pods", "9").build()));
            for low in 0..draft.low {
                world.server.write(low_pod(draft, at, low));
            }
            world.nodes.insert(name.into());
        }
        world.show_all();
        for (at, priority) in draft.preemptors.iter().enumerate() {
            let pod = pod(&format!("{PREEMPTOR}-{at}")).request("cpu", "2").priority(*priority);
            world.server.write(pod.build());
        }
        world.server.graceful = draft.graceful;
        world
    }

    /// How many pods were deleted for preemptors.
    pub(super) fn evicted(&self) -> usize {
        self.server.evicted
    }

    /// Preemptors without a node.
    pub(super) fn waiting(&self) -> Vec<&str> {
        let pods = self.server.pods().filter(|pod| pod.meta.node_name.is_none());
        pods.map(|pod| &*pod.meta.name).collect()
    }

    pub(super) fn nodes_without_preemptor(&self) -> usize {
        let is_taken = |node: &Str| {
            let mut high = self.server.pods().filter(|pod| pod.meta.name.starts_with(PREEMPTOR));
            high.any(|pod| pod.meta.node_name.as_ref() == Some(node))
        };
        self.nodes.iter().filter(|node| !is_taken(node)).count()
    }

    pub(super) fn happens(&mut self, happening: &Happening) {
        match happening {
            Happening::Shown => {
                if let Some(news) = self.server.show() {
                    self.tell(news);
                }
            }
            Happening::Step => drop(self.step()),
            Happening::Called(at) => self.call(*at, true),
            Happening::Answered(at) => {
                if let Some(at) = nth(self.answers.len(), *at) {
                    let answer = self.answers.remove(at);
                    self.tell(answer);
                }
            }
            Happening::StatusWritten(at) => {
                if let Some(uid) = self.statuses.keys().nth(*at).cloned() {
                    self.write_status(&uid);
                }
            }
            Happening::Ended(at) => {
                let ending = self.server.pods().filter(|pod| pod.meta.terminating).nth(*at);
                if let Some(uid) = ending.map(|pod| Arc::clone(&pod.meta.uid)) {
                    self.server.end(&uid);
                }
            }
            Happening::Second => self.second(),
            Happening::Trouble(trouble) => self.trouble(trouble),
        }
    }

    fn trouble(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::EvictionFails(at) => self.call(*at, false),
            Trouble::LowDeleted(at) => {
                if let Some(uid) = self.some_pod("low", *at) {
                    self.server.delete(&uid);
                }
            }
            Trouble::PreemptorDeleted(at) => {
                if let Some(uid) = self.some_pod(PREEMPTOR, *at) {
                    self.server.delete(&uid);
                }
            }
            Trouble::PreemptorChanged(at) => {
                if let Some(uid) = self.some_pod(PREEMPTOR, *at) {
                    self.server.change(&uid, |meta| meta.labels = [("changed", "yes")].into_iter().collect());
                }
            }
            Trouble::NodeDeleted(at) => {
                if let Some(name) = self.nodes.iter().nth(*at).cloned() {
                    self.nodes.remove(&name);
                    self.tell(Input::NodeDeleted { name });
                }
            }
            Trouble::Relisted => self.show_all(),
        }
    }

    fn some_pod(&self, prefix: &str, at: usize) -> Option<Str> {
        let mut pods = self.server.pods().filter(|pod| pod.meta.name.starts_with(prefix));
        pods.nth(at).map(|pod| Arc::clone(&pod.meta.uid))
    }

    /// Everything that is on its way arrives, until nothing happens any more.
    pub(super) fn settle(&mut self) {
        for _ in 0..60 {
            while !self.calls.is_empty() {
                self.call(0, true);
            }
            while let Some(answer) = self.answers.pop() {
                self.tell(answer);
            }
            let statuses: Vec<Str> = self.statuses.keys().cloned().collect();
            statuses.iter().for_each(|uid| self.write_status(uid));
            self.collect_garbage();
            while let Some(news) = self.server.show() {
                self.tell(news);
            }
            while self.step() {}
            self.second();
        }
    }

    /// Pods end that are terminating, or whose node is gone.
    fn collect_garbage(&mut self) {
        let lost = |node: &Option<Str>| node.as_ref().is_some_and(|node| !self.nodes.contains(node));
        let ends = self.server.pods().filter(|pod| pod.meta.terminating || lost(&pod.meta.node_name));
        let uids: Vec<Str> = ends.map(|pod| Arc::clone(&pod.meta.uid)).collect();
        uids.iter().for_each(|uid| self.server.end(uid));
    }

    fn show_all(&mut self) {
        for news in self.server.relist() {
            self.tell(news);
        }
    }

    fn second(&mut self) {
        self.now += 1000;
        self.tell(Input::Time(Timestamp(self.now)));
    }

    fn tell(&mut self, input: Input) {
        let effects = self.engine.apply(input);
        self.take(effects);
    }

    fn step(&mut self) -> bool {
        let Some(attempt) = self.engine.step() else { return false };
        if let Outcome::Broken { message } = &attempt.outcome {
            panic!("{}: {message}", attempt.pod.key());
        }
        self.take(attempt.effects);
        true
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Bind { pod, binding, .. } => {
                    self.calls.push(Call::Bind { uid: Arc::clone(&pod.meta.uid), node: binding.node });
                }
                Effect::Evict { preemptor, victims, .. } => {
                    let victims = victims.iter().map(|victim| Arc::clone(&victim.meta.uid)).collect();
                    self.calls.push(Call::Evict { preemptor: Arc::clone(&preemptor.meta.uid), victims });
                }
                Effect::Failed { pod, nominated_node: Some(node), .. } => {
                    self.statuses.insert(Arc::clone(&pod.meta.uid), node);
                }
                Effect::ClearNomination { pod } => {
                    self.statuses.insert(Arc::clone(&pod.meta.uid), Str::default());
                }
                _ => {}
            }
        }
    }

    /// One binding or one victim of an eviction. Only evictions fail.
    fn call(&mut self, at: usize, well: bool) {
        let Some(at) = nth(self.calls.len(), at) else { return };
        match &mut self.calls[at] {
            Call::Bind { uid, node } => {
                let (uid, node) = (Arc::clone(uid), Arc::clone(node));
                let done = self.nodes.contains(&node) && self.server.bind(&uid, &node);
                let result = if done { Ok(()) } else { Err("the API server said no".into()) };
                self.answers.push(Input::Bound { uid, result });
                self.calls.remove(at);
            }
            Call::Evict { preemptor, victims } => {
                let uid = Arc::clone(preemptor);
                let next = victims.pop_front().filter(|_| well);
                if let Some(victim) = &next {
                    self.server.evict(victim);
                }
                if !well || victims.is_empty() {
                    let result = if well { Ok(()) } else { Err("the API server said no".into()) };
                    self.answers.push(Input::Evicted { uid, result });
                    self.calls.remove(at);
                }
            }
        }
    }

    fn write_status(&mut self, uid: &Str) {
        if let Some(node) = self.statuses.remove(uid)
            && self.server.pod(uid).is_some_and(|pod| pod.meta.node_name.is_none())
        {
            let node = Some(node).filter(|node| !node.is_empty());
            self.server.change(uid, |meta| meta.nominated_node = node);
        }
    }
}

/// A pod of little importance on the node with this number.
fn low_pod(draft: &Draft, node: usize, number: usize) -> Arc<Pod> {
    let cpu = if draft.low == 1 { "2" } else { "1" };
    let pod = pod(&format!("low-{node}-{number}")).request("cpu", cpu).on(&format!("n{node}"));
    if !draft.unlike {
        return pod.build();
    }
    let number = i32::try_from(node * 5 % 7).unwrap_or_default();
    pod.priority(number / 2).meta(|meta| meta.started = Some(Timestamp(number.into()))).build()
}

fn nth(len: usize, at: usize) -> Option<usize> {
    (len > 0).then(|| at % len)
}
