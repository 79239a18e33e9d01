//! Preemption as kube-scheduler's default does it, for plugins that choose other victims: which pods of a node are given back,
//! and which node is taken.

mod budget;
mod choose;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use longshore_plugin::object::Object;
use longshore_plugin::{Error, PodInfo, RejectCode};

pub use budget::Budget;
pub use choose::choose;

use crate::RawPod;

/// A pod that may have to go.
#[derive(Clone, Debug)]
pub struct Victim {
    /// The pod.
    pub info: PodInfo,
    /// When kubelet knew of it, in milliseconds; now, when nobody knows.
    pub started: i64,
}

impl Victim {
    /// A pod with what is known of it as a whole.
    pub fn new(info: &PodInfo, raw: Option<&RawPod>) -> Self {
        Self { info: info.clone(), started: raw.and_then(RawPod::started).unwrap_or(i64::MAX) }
    }

    /// The more important pod is less by this: one of higher priority, then one that is longer there.
    fn standing(&self) -> (Reverse<i32>, i64) {
        (Reverse(self.info.priority), self.started)
    }
}

/// Puts the most important pods first.
pub fn most_important_first(victims: &mut [Victim]) {
    victims.sort_by_key(Victim::standing);
}

/// What came of trying to give a pod back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// It stays.
    Stays,
    /// The preemptor would not fit with it.
    Goes,
    /// It would fit, and something else forbids it: its budget is not counted as broken.
    GoesForOther,
    /// The node is of no use.
    Useless,
}

/// Victims on a node.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The node.
    pub node: String,
    /// Who has to go, the most important ones first.
    pub victims: Vec<Victim>,
    /// How many of them a budget protects.
    pub violations: usize,
}

impl Candidate {
    /// Gives back pods of `potential` as long as `back` says so of a pod and of the UIDs that are gone without it: first those
    /// that a budget protects, the most important ones first in each part. `None` when the node is of no use.
    ///
    /// # Errors
    /// Those of `back`.
    pub fn spare(
        node: &str,
        mut potential: Vec<Victim>,
        budgets: &[Rc<Object<Budget>>],
        mut back: impl FnMut(&Victim, &[String]) -> Result<Back, Error>,
    ) -> Result<Option<Self>, Error> {
        most_important_first(&mut potential);
        let mut gone: Vec<String> = potential.iter().map(|victim| victim.info.uid.clone()).collect();
        let (protected, others) = budget::split(potential, budgets);
        let (mut victims, mut violations) = (Vec::new(), 0);
        let parts = protected.into_iter().map(|victim| (victim, true));
        for (victim, is_protected) in parts.chain(others.into_iter().map(|victim| (victim, false))) {
            let without: Vec<String> = gone.iter().filter(|uid| **uid != victim.info.uid).cloned().collect();
            match back(&victim, &without)? {
                Back::Stays => gone = without,
                Back::Useless => return Ok(None),
                outcome => {
                    violations += usize::from(is_protected && outcome == Back::Goes);
                    victims.push(victim);
                }
            }
        }
        most_important_first(&mut victims);
        Ok(Some(Self { node: node.to_owned(), victims, violations }))
    }

    /// The victims' UIDs.
    pub fn uids(&self) -> Vec<String> {
        self.victims.iter().map(|victim| victim.info.uid.clone()).collect()
    }
}

/// The nodes that evictions may help.
pub fn resolvable(rejected: &[(String, RejectCode)]) -> impl Iterator<Item = &str> {
    rejected.iter().filter(|(_, code)| *code == RejectCode::Unschedulable).map(|(node, _)| node.as_str())
}

/// Why evictions help on no node: each reason with the number of its nodes.
#[derive(Debug, Default)]
pub struct Vain(BTreeMap<String, usize>);

impl Vain {
    /// Counts a node.
    pub fn add(&mut self, reason: impl Into<String>) {
        *self.0.entry(reason.into()).or_default() += 1;
    }

    /// As kube-scheduler says it of so many nodes.
    pub fn message(mut self, nodes: usize) -> String {
        let others = nodes.saturating_sub(self.0.values().sum());
        if others > 0 {
            self.0.insert("Preemption is not helpful for scheduling".to_owned(), others);
        }
        let mut reasons: Vec<String> =
            self.0.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        reasons.sort();
        format!("preemption: 0/{nodes} nodes are available: {}.", reasons.join(", "))
    }
}

/// What is said of a node without victims.
pub fn no_victims(node: &str, preemptor: &str) -> String {
    format!("No victims found on node {node} for preemptor pod {preemptor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn victim(name: &str, priority: i32, started: i64) -> Victim {
        let mut info = PodInfo::new("shop", name);
        info.priority = priority;
        Victim { info, started }
    }

    #[test]
    fn the_most_important_pods_are_given_back_first() {
        let potential = vec![victim("low", 1, 5), victim("young", 3, 9), victim("old", 3, 2)];
        let mut asked = Vec::new();
        let found = Candidate::spare("a", potential, &[], |victim, without| {
            asked.push((victim.info.name.clone(), without.len()));
            Ok(if victim.info.name == "old" { Back::Stays } else { Back::Goes })
        });
        let found = found.unwrap().unwrap();
        assert_eq!(asked, [("old".into(), 2), ("young".into(), 1), ("low".into(), 1)]);
        assert_eq!((found.uids(), found.violations), (vec!["shop/young".into(), "shop/low".into()], 0));
    }

    #[test]
    fn a_message_counts_reasons() {
        let mut vain = Vain::default();
        vain.add("x");
        vain.add("x");
        let want = "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 x.";
        assert_eq!(vain.message(3), want);
    }
}
