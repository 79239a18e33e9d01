//! Changes, and trying them.

use std::sync::Arc;

use longshore_engine::Engine;
use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::objects::Object;
use longshore_framework::pod::{Pod, PodMeta, PodSpec};
use longshore_framework::resource_claim::ResourceClaim;
use rustc_hash::FxHashSet;

/// Trials, at the most: in each, every filter judges every node.
const TRIALS: usize = 150;

/// What a change does to a pod.
type Edit = Box<dyn Fn(&mut PodMeta, &mut PodSpec)>;

/// A change of the pod.
pub(super) struct PodChange {
    /// What to do.
    pub(super) text: String,
    edit: Edit,
}

impl PodChange {
    /// A change of the spec.
    pub(super) fn new(text: impl Into<String>, edit: impl Fn(&mut PodSpec) + 'static) -> Self {
        Self::of_meta(text, move |_, spec| edit(spec))
    }

    /// A change of the metadata too.
    pub(super) fn of_meta(
        text: impl Into<String>,
        edit: impl Fn(&mut PodMeta, &mut PodSpec) + 'static,
    ) -> Self {
        Self { text: text.into(), edit: Box::new(edit) }
    }
}

/// Tries changes of one pod and of nodes.
pub(super) struct Trial<'e> {
    engine: &'e mut Engine,
    pod: &'e Pod,
    /// Nodes that all filters pass as things are: an extender keeps the pod away, and no change here shows whether it
    /// would still do so.
    passed: FxHashSet<Str>,
    left: usize,
}

impl<'e> Trial<'e> {
    pub(super) fn new(engine: &'e mut Engine, pod: &'e Arc<Pod>) -> Self {
        let passed = engine.feasible_nodes(pod).into_iter().collect();
        Self { engine, pod, passed, left: TRIALS }
    }

    /// The nodes, by name, that the pod with these changes fits on if nodes were as `nodes` says, and does not as it is.
    /// None when so much has been tried that this is not.
    pub(super) fn opened(&mut self, changes: &[&PodChange], nodes: &[Arc<Node>]) -> Vec<String> {
        if self.left == 0 {
            return Vec::new();
        }
        self.left -= 1;
        let pod = self.changed(changes);
        let feasible = self.engine.feasible_nodes_if(&pod, nodes);
        let mut opened: Vec<String> =
            feasible.iter().filter(|n| !self.passed.contains(*n)).map(ToString::to_string).collect();
        opened.sort();
        opened
    }

    /// The nodes, by name, that the pod would fit on if these claims were so, and does not as they are.
    pub(super) fn opened_by(&mut self, claims: &[ResourceClaim]) -> Vec<String> {
        if self.left == 0 {
            return Vec::new();
        }
        self.left -= 1;
        let claims: Vec<Object> =
            claims.iter().map(|claim| Object::ResourceClaim(Arc::new(claim.clone()))).collect();
        let feasible = self.engine.feasible_nodes_with(&Arc::new(self.pod.clone()), &claims);
        let mut opened: Vec<String> =
            feasible.iter().filter(|n| !self.passed.contains(*n)).map(ToString::to_string).collect();
        opened.sort();
        opened
    }

    /// The node as it is.
    pub(super) fn node(&self, name: &str) -> Option<Arc<Node>> {
        let snapshot = self.engine.snapshot();
        snapshot.slot(name).map(|slot| Arc::clone(snapshot.node(slot)))
    }

    fn changed(&self, changes: &[&PodChange]) -> Arc<Pod> {
        let (mut meta, mut spec) = (self.pod.meta.clone(), self.pod.spec.clone());
        for change in changes {
            (change.edit)(&mut meta, Arc::make_mut(&mut spec));
        }
        Arc::new(Pod::new(meta, spec))
    }
}
