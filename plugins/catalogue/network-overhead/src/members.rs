//! Pods of AppGroups on nodes, kept for as long as the node does not change. Bounded by the nodes and the pods on them.

use std::collections::BTreeMap;
use std::rc::Rc;

use longshore_plugin::Node;

use crate::PODS;
use crate::group::{name, workload};

/// How often each AppGroup's workload is there.
type There = Rc<BTreeMap<(String, String), i64>>;

/// By row: the node's version, and who is there.
#[derive(Default)]
pub(crate) struct Members(Vec<Option<(u64, There)>>);

impl Members {
    pub(crate) fn on(&mut self, node: Node<'_>) -> There {
        let at = node.row() as usize;
        if self.0.len() <= at {
            self.0.resize(at + 1, None);
        }
        if let Some((version, there)) = &self.0[at]
            && *version == node.version()
        {
            return Rc::clone(there);
        }
        let mut there = BTreeMap::new();
        for pod in node.pods(PODS) {
            if let Some(group) = name(pod) {
                *there.entry((group.to_owned(), workload(pod).to_owned())).or_default() += 1;
            }
        }
        let there = Rc::new(there);
        self.0[at] = Some((node.version(), Rc::clone(&there)));
        there
    }
}
