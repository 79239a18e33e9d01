//! Extenders that say what they like, by the pod and the node.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::extender::{Extender, FilterAnswer, MAX_EXTENDER_SCORE, NamedVictims, NodeVictims};
use longshore_framework::node::Node;
use longshore_framework::pod::Pod;
use longshore_framework::verdict::PluginError;

/// One of several: they differ in what they say, and every other one may fail.
#[derive(Debug)]
struct Whim(u64);

impl Whim {
    fn of(&self, about: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.0, about).hash(&mut hasher);
        hasher.finish()
    }

    /// One of several numbers about a pod on a node.
    fn on(&self, what: &str, pod: &Pod, node: &str, of: u64) -> u64 {
        self.of((what, &pod.meta.uid, node)) % of
    }

    fn fails(&self, what: &str, pod: &Pod) -> Result<(), PluginError> {
        let fails = self.is_ignorable() && self.of((what, &pod.meta.uid)).is_multiple_of(5);
        if fails { Err(PluginError::new("not today")) } else { Ok(()) }
    }
}

impl Extender for Whim {
    fn name(&self) -> &str {
        ["first", "second", "third"][self.0 as usize % 3]
    }

    fn is_ignorable(&self) -> bool {
        self.0 % 2 == 1
    }

    fn is_interested(&self, pod: &Pod) -> bool {
        !self.of(&pod.meta.uid).is_multiple_of(4)
    }

    fn is_filter(&self) -> bool {
        self.0 != 2
    }

    fn is_prioritizer(&self) -> bool {
        true
    }

    fn is_binder(&self) -> bool {
        false
    }

    fn supports_preemption(&self) -> bool {
        true
    }

    fn weight(&self) -> i64 {
        7
    }

    fn filter(&self, pod: &Pod, nodes: &[&Node]) -> Result<FilterAnswer, PluginError> {
        self.fails("filter", pod)?;
        let mut answer = FilterAnswer::default();
        for node in nodes {
            let name = Str::clone(&node.name);
            match self.on("filter", pod, &name, 8) {
                0 => answer.failed.push((name, "busy".to_owned())),
                1 => answer.failed_and_unresolvable.push((name, "broken".to_owned())),
                2 => {}
                _ => answer.kept.push(name),
            }
        }
        // What it says of a node need not be about one that it was asked about, and need not come in their order.
        if self.of(("more", &pod.meta.uid)).is_multiple_of(3) {
            answer.failed.push(("n1".into(), "never".to_owned()));
            answer.kept.reverse();
        }
        Ok(answer)
    }

    fn prioritize(&self, pod: &Pod, nodes: &[&Node]) -> Result<Vec<(Str, i64)>, PluginError> {
        self.fails("prioritize", pod)?;
        let most = MAX_EXTENDER_SCORE.unsigned_abs() + 1;
        let score = |node: &&&Node| self.on("leaves out", pod, &node.name, 6) != 0;
        let scored = nodes.iter().filter(score);
        Ok(scored
            .map(|node| (Str::clone(&node.name), self.on("score", pod, &node.name, most) as i64))
            .collect())
    }

    fn preempt(&self, pod: &Pod, candidates: &[NodeVictims]) -> Result<Vec<NamedVictims>, PluginError> {
        self.fails("preempt", pod)?;
        let stays = |candidate: &&NodeVictims| self.on("preempt", pod, &candidate.node, 3) != 0;
        let named = |candidate: &NodeVictims| NamedVictims {
            node: Str::clone(&candidate.node),
            victims: candidate.victims.iter().map(|victim| Str::clone(&victim.meta.uid)).collect(),
            violations: candidate.violations,
        };
        Ok(candidates.iter().filter(stays).map(named).collect())
    }
}

/// Three of them.
pub(super) fn whims() -> Vec<Arc<dyn Extender>> {
    (0..3).map(|number| Arc::new(Whim(number)) as Arc<dyn Extender>).collect()
}
