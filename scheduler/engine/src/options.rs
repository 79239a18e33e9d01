//! What can be set of an engine.

use std::sync::Arc;
use std::time::Duration;

use crate::meter::Meter;
use longshore_framework::Str;
use longshore_framework::extender::Extender;
use longshore_framework::features::Features;
use longshore_framework::port::Requests;

/// Which of equally good nodes is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieBreak {
    /// Any of them, each as likely, by the seeded generator.
    #[default]
    Random,
    /// The first by name.
    First,
}

/// How a decision is come to. Which of equally good nodes is taken may differ, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evaluation {
    /// What is known of a class of pods is kept, and only what changed is looked at.
    #[default]
    Incremental,
    /// Every plugin is asked about every node for every pod: what the other is measured by.
    Literal,
    /// Incrementally, and each decision is held against the literal one. A difference fails the attempt as broken: a
    /// decision that cannot be trusted is not carried out. As slow as both together.
    Audited,
}

/// How work over nodes is split.
#[derive(Clone, Debug)]
pub struct Parallelism {
    /// Nodes in one piece of work. Pieces of 4,096 to 50,000 nodes cost the same within what can be measured; small
    /// ones leave work for many threads.
    pub chunk: usize,
    /// Work is split only when there are at least this many nodes: waking the other threads, twice for each decision,
    /// has to be paid for. A decision about every node by the default profile, in µs with one thread and with two, each
    /// the least of several runs on two cores that had other work besides: 15 and 30 for 1,000 nodes, 57 and 83 for
    /// 5,000, 240 and 340 for 20,000, 430 and 540 for 32,768, 650 and 870 for 50,000, 2,160 and 1,760 for 100,000.
    pub threshold: usize,
    /// The threads; `None` uses rayon's global pool.
    pub pool: Option<Arc<rayon::ThreadPool>>,
}

impl Parallelism {
    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or_else(rayon::current_num_threads, |pool| pool.current_num_threads())
    }

    /// Runs `work` on the threads.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

impl Default for Parallelism {
    fn default() -> Self {
        Self { chunk: 4096, threshold: 65_536, pool: None }
    }
}

/// Options of an engine. The defaults are those of kube-scheduler.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seed of the generator that breaks ties.
    pub seed: u64,
    /// How ties are broken.
    pub tie_break: TieBreak,
    /// The node that is taken where it is among the best, whatever breaks ties.
    pub preferred: Option<Str>,
    /// Keep the verdict and the scores of every node with each attempt.
    pub trace: bool,
    /// Pods whose scheduler name no profile has go to the first profile.
    pub adopt_all: bool,
    /// Failed pods are tried again after events and backoff. Without it they stay where they are until they are
    /// [activated](crate::Engine::activate): the sequential mode of a simulation.
    pub retry: bool,
    /// First backoff of a failed pod.
    pub initial_backoff: Duration,
    /// Longest backoff of a failed pod; zero switches backoff off.
    pub max_backoff: Duration,
    /// A pod that no event woke for this long is tried anyway.
    pub max_unschedulable: Duration,
    /// How work over nodes is split.
    pub parallelism: Parallelism,
    /// Who is told what takes how long.
    pub meter: Option<Arc<dyn Meter>>,
    /// Keep with each failed attempt why nodes were rejected, with the names of so many nodes for each reason, and what a
    /// preemption weighed; `None` keeps nothing.
    pub example_nodes: Option<usize>,
    /// Keep with each node that is chosen what so many of the best nodes scored, for as many decisions as can be had for an
    /// eightieth of the time, by the meter's clock; 0 keeps nothing.
    pub described_nodes: usize,
    /// Extenders in the order of the configuration; those that are ignorable are asked after the others.
    pub extenders: Vec<Arc<dyn Extender>>,
    /// How a decision is come to.
    pub evaluation: Evaluation,
    /// Where plugins put what they want of the engine. It is looked at after every input and every attempt.
    pub requests: Requests,
    /// The rules that decisions follow; those that the profiles' plugins were made with.
    pub features: Features,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            tie_break: TieBreak::Random,
            preferred: None,
            trace: false,
            adopt_all: false,
            retry: true,
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(10),
            max_unschedulable: Duration::from_secs(300),
            parallelism: Parallelism::default(),
            meter: None,
            example_nodes: None,
            described_nodes: 0,
            extenders: Vec::new(),
            evaluation: Evaluation::default(),
            requests: Requests::default(),
            features: Features::default(),
        }
    }
}
