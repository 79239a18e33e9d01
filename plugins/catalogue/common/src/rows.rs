//! What is known of the pods of each node: each is read when it comes to its node, some for each pod that is decided.

use std::collections::BTreeMap;

use longshore_plugin::column::Pods;
use longshore_plugin::{Error, Node, PodInfo};

use crate::Budget;

/// The pods of a row, by UID, as they were at a version of the node.
struct Row<T> {
    version: u64,
    pods: BTreeMap<String, T>,
}

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self { version: 0, pods: BTreeMap::new() }
    }
}

/// The pods of all rows. Bounded by the pods that are on nodes.
pub struct Rows<T> {
    rows: Vec<Row<T>>,
    budget: Budget,
}

impl<T> Rows<T> {
    /// So many pods are read for one that is decided.
    pub const fn of(most: u32) -> Self {
        Self { rows: Vec::new(), budget: Budget::of(most) }
    }

    /// A pod has come: some more may be read.
    pub fn refill(&self) {
        self.budget.refill();
    }

    /// What is known of the pods of a node, and whether that is all of them: there may have been no time to read some. `holds` says
    /// whether what is known of a pod still does; `look` reads one.
    ///
    /// # Errors
    /// A pod that cannot be read.
    pub fn follow(
        &mut self,
        node: Node<'_>,
        pods: Pods,
        holds: impl Fn(&T, &PodInfo) -> bool,
        look: impl Fn(&PodInfo) -> Result<T, Error>,
    ) -> Result<(impl Iterator<Item = &T>, bool), Error> {
        let at = node.row() as usize;
        if self.rows.len() <= at {
            self.rows.resize_with(at + 1, Row::default);
        }
        let row = &mut self.rows[at];
        if row.version != node.version() && !self.budget.is_spent() {
            let mut before = std::mem::take(&mut row.pods);
            let mut all = true;
            for pod in node.pods(pods) {
                let known = match before.remove(&pod.uid).filter(|known| holds(known, pod)) {
                    Some(known) => known,
                    None if self.budget.take() => look(pod)?,
                    None => {
                        all = false;
                        continue;
                    }
                };
                row.pods.insert(pod.uid.clone(), known);
            }
            if all {
                row.version = node.version();
            }
        }
        Ok((row.pods.values(), row.version == node.version()))
    }
}
