//! What goes on beside the measured pods: churn, and deletions at a rate.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

use super::Driver;
use crate::objects::{NodeMaker, PodMaker};
use crate::workload::ChurnMode;

/// Something that has its turn again and again.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) every: Duration,
    /// The next turn, in simulated time.
    pub(super) due: Duration,
    pub(super) what: What,
}

/// What a turn does.
#[derive(Debug)]
pub(super) enum What {
    /// Objects come and may go.
    Churn(Churning),
    /// The oldest of these pods is deleted.
    Delete(VecDeque<Str>),
}

/// Objects that come, and may go at the next turn.
#[derive(Debug)]
pub(super) struct Churning {
    pub(super) mode: ChurnMode,
    pub(super) count: usize,
    pub(super) makers: Vec<Maker>,
    pub(super) made: usize,
    pub(super) present: Vec<Came>,
}

/// Makes objects for a churn.
#[derive(Debug)]
pub(super) enum Maker {
    Pod(PodMaker),
    Node(NodeMaker),
    Object(Object),
}

/// Something that came.
#[derive(Clone, Debug)]
pub(super) enum Came {
    Pod(Arc<Pod>),
    Node(Arc<Node>),
    Object(Object),
}

impl Came {
    fn arrival(self) -> Input {
        match self {
            Self::Pod(pod) => Input::Pod(pod),
            Self::Node(node) => Input::Node(node),
            Self::Object(object) => Input::Object(object),
        }
    }
}

impl Churning {
    /// What comes now. Templates were tried when the churn was set up, so that none fails here.
    fn make(&mut self) -> Vec<Came> {
        let (made, count) = (self.made, self.count);
        self.made += count;
        let make = |maker: &Maker, number: usize| match maker {
            Maker::Pod(pods) => pods.pod(number).ok().map(|pod| Came::Pod(Arc::new(pod))),
            Maker::Node(nodes) => nodes.node(number).ok().map(Came::Node),
            Maker::Object(object) => Some(Came::Object(object.clone())),
        };
        let of_maker = |maker| (made..made + count).filter_map(move |number| make(maker, number));
        self.makers.iter().flat_map(of_maker).collect()
    }
}

impl Driver<'_> {
    /// Everything whose turn it is has it.
    pub(super) fn turn(&mut self, real: Instant) {
        let now = self.clock.now(real, self.placed);
        if now < self.due {
            return;
        }
        let mut besides = std::mem::take(&mut self.besides);
        for beside in &mut besides {
            while beside.due <= now {
                beside.due += beside.every;
                self.turn_of(&mut beside.what);
            }
        }
        self.besides = besides;
        self.plan();
    }

    /// Finds out when the next turn is.
    pub(super) fn plan(&mut self) {
        self.due = self.besides.iter().map(|b| b.due).min().unwrap_or(Duration::MAX);
    }

    fn turn_of(&mut self, what: &mut What) {
        match what {
            What::Delete(pods) => {
                if let Some(uid) = pods.pop_front() {
                    self.delete(uid);
                }
            }
            What::Churn(churning) if churning.present.is_empty() => {
                let coming = self.stopwatch.pause(|| churning.make());
                if churning.mode == ChurnMode::Recreate {
                    churning.present.clone_from(&coming);
                }
                for came in coming {
                    self.apply(came.arrival());
                }
            }
            What::Churn(churning) => {
                for came in churning.present.drain(..) {
                    match came {
                        Came::Pod(pod) => self.delete(Arc::clone(&pod.meta.uid)),
                        Came::Node(node) => self.apply(Input::NodeDeleted { name: Arc::clone(&node.name) }),
                        Came::Object(object) => self.apply(Input::ObjectDeleted(object)),
                    }
                }
            }
        }
    }
}
