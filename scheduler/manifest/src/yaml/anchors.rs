//! Anchors and aliases, within a budget: whatever is written out may be read, what aliases multiply may not.

use std::collections::BTreeMap;

use crate::tree::{Content, Node};

/// Nodes that aliases may repeat, beside two for each byte of the document.
const ALIASED_NODES: usize = 64;

/// What has been anchored so far.
#[derive(Debug)]
pub(super) struct Anchors {
    nodes: BTreeMap<usize, Node>,
    left: usize,
}

impl Anchors {
    /// For a text of that many bytes.
    pub(super) fn of(size: usize) -> Self {
        Self { nodes: BTreeMap::new(), left: size.saturating_mul(2).saturating_add(ALIASED_NODES) }
    }

    /// Keeps a node; anchor 0 is none.
    pub(super) fn keep(&mut self, anchor: usize, node: &Node) -> Result<(), &'static str> {
        if anchor > 0 {
            self.pay(node)?;
            self.nodes.insert(anchor, node.clone());
        }
        Ok(())
    }

    /// A copy of what is anchored.
    pub(super) fn copy(&mut self, anchor: usize) -> Result<Node, &'static str> {
        let node =
            self.nodes.remove(&anchor).ok_or("an alias stands for what it is part of; write it out")?;
        self.pay(&node)?;
        self.nodes.insert(anchor, node.clone());
        Ok(node)
    }

    fn pay(&mut self, node: &Node) -> Result<(), &'static str> {
        self.left = self.left.checked_sub(1).ok_or("aliases make too much of the text; write them out")?;
        match &node.content {
            Content::Scalar(_) => Ok(()),
            Content::List(elements) => elements.iter().try_for_each(|e| self.pay(e)),
            Content::Map(fields) => fields.values().try_for_each(|(_, node)| self.pay(node)),
        }
    }
}
