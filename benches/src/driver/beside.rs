//! What goes on by the simulated clock: churn, arrivals, and changes at a rate.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::port::Input;

use super::Driver;
use super::manner::Manner;
use crate::objects::{NodeMaker, ObjectMaker, PodMaker, PodSource};
use crate::workload::ChurnMode;

/// Something that is done at its time.
#[derive(Debug)]
pub(super) enum What {
    /// Objects come and may go, again and again.
    Churn(Churning, Duration),
    /// The oldest of these pods is deleted, then the next.
    Delete(VecDeque<Str>, Duration),
    /// The first of these takes the place of what it is a version of, then the next.
    Update(VecDeque<Came>, Duration),
    /// Some of these pods come, then others.
    Arrive(Arriving, Duration),
    /// A pod is done, or its time to terminate is over.
    Gone(Str),
}

impl What {
    /// Whether it comes to an end by itself, and pods may wait for that.
    pub(super) fn is_awaited(&self) -> bool {
        !matches!(self, Self::Churn(..))
    }
}

/// Pods that come a few at a time.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) source: PodSource,
    pub(super) count: usize,
    pub(super) manner: Manner,
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
    Object(ObjectMaker, String),
}

/// Something that came.
#[derive(Clone, Debug)]
pub(super) enum Came {
    Pod(Arc<Pod>),
    Node(Arc<Node>),
    Object(Object),
}

impl Maker {
    /// The object with this number.
    pub(super) fn make(&self, number: usize) -> anyhow::Result<Came> {
        Ok(match self {
            Self::Pod(pods) => Came::Pod(Arc::new(pods.pod(number)?)),
            Self::Node(nodes) => Came::Node(nodes.node(number)?),
            Self::Object(objects, name) => Came::Object(objects.numbered(name, number)?),
        })
    }
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
        let of_maker =
            |maker: &Maker| (made..made + count).filter_map(|number| maker.make(number).ok()).collect();
        self.makers.iter().flat_map(|maker| -> Vec<Came> { of_maker(maker) }).collect()
    }
}

impl Driver<'_> {
    /// Everything is done that is due.
    pub(super) fn turn(&mut self, real: Instant) -> anyhow::Result<()> {
        let now = self.clock.now(real, self.placed);
        while let Some((due, what)) = self.agenda.take(now) {
            if let Some((after, what)) = self.turn_of(what)? {
                self.agenda.plan(due + after, what);
            }
        }
        Ok(())
    }

    /// Does it once; what is left of it, and how much later.
    fn turn_of(&mut self, what: What) -> anyhow::Result<Option<(Duration, What)>> {
        match what {
            What::Gone(uid) => self.remove_pod(&uid),
            What::Delete(mut pods, every) => {
                if let Some(uid) = pods.pop_front() {
                    self.delete(&uid);
                    return Ok(Some((every, What::Delete(pods, every))));
                }
            }
            What::Update(mut versions, every) => {
                if let Some(version) = versions.pop_front() {
                    self.update(version);
                    return Ok(Some((every, What::Update(versions, every))));
                }
            }
            What::Arrive(mut arriving, every) => {
                if self.arrive(&mut arriving)? {
                    return Ok(Some((every, What::Arrive(arriving, every))));
                }
            }
            What::Churn(mut churning, every) => {
                self.churn(&mut churning);
                return Ok(Some((every, What::Churn(churning, every))));
            }
        }
        Ok(None)
    }

    fn churn(&mut self, churning: &mut Churning) {
        if churning.present.is_empty() {
            let coming = self.stopwatch.pause(|| churning.make());
            if churning.mode == ChurnMode::Recreate {
                churning.present.clone_from(&coming);
            }
            for came in coming {
                self.apply(came.arrival());
            }
            return;
        }
        for came in std::mem::take(&mut churning.present) {
            match came {
                Came::Pod(pod) => self.remove_pod(&pod.meta.uid),
                Came::Node(node) => self.remove_node(&node.name),
                Came::Object(object) => self.apply(Input::ObjectDeleted(object)),
            }
        }
    }

    /// The next pods come; whether there were any.
    fn arrive(&mut self, arriving: &mut Arriving) -> anyhow::Result<bool> {
        self.stopwatch.stop();
        let made: Vec<_> = arriving.source.by_ref().take(arriving.count).collect::<anyhow::Result<_>>()?;
        let coming: Vec<_> = made.into_iter().map(|made| self.get_to_know(made, &arriving.manner)).collect();
        if self.measuring {
            self.stopwatch.start();
        }
        let came = !coming.is_empty();
        for (objects, pod) in coming {
            for object in objects {
                self.apply(Input::Object(object));
            }
            self.apply(Input::Pod(Arc::new(pod)));
        }
        Ok(came)
    }

    /// The watch tells of another version. A pod that is on a node stays there.
    fn update(&mut self, version: Came) {
        self.show_bound();
        let version = match version {
            Came::Pod(pod) => Came::Pod(self.where_it_is(&pod)),
            other => other,
        };
        self.apply(version.arrival());
    }

    fn where_it_is(&mut self, pod: &Arc<Pod>) -> Arc<Pod> {
        match self.engine.cache().pod(&pod.meta.uid).map(|(_, node)| Arc::clone(node)) {
            Some(node) => self.stopwatch.pause(|| Arc::new(crate::objects::on_node(pod, &node))),
            None => Arc::clone(pod),
        }
    }
}
