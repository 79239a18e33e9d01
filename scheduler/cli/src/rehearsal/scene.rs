//! A cluster that stands still, without an engine.

use std::sync::Arc;

use longshore_framework::Timestamp;
use longshore_framework::node::Node;
use longshore_framework::node_metrics::Sample;
use longshore_framework::objects::declared::Declarations;
use longshore_framework::objects::{Object, Objects};
use longshore_framework::pod::{Pod, PodMeta};
use longshore_framework::raw::RawObjects;
use longshore_framework::registry::Instance;
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_loader::extenders::Written;
use longshore_manifest::{Manifests, Options, Source};
use longshore_simulation::explain::find;

use crate::console::Console;
use crate::input;

/// The cluster.
#[derive(Clone)]
pub(crate) struct Scene {
    /// Nodes and the pods on them.
    pub(crate) snapshot: Snapshot,
    /// Everything else.
    pub(crate) objects: Objects,
    /// Every pod, on a node or not.
    pub(crate) pods: Vec<Arc<Pod>>,
    /// Whole objects.
    pub(crate) raw: Arc<dyn RawObjects>,
    /// What it was read from.
    pub(crate) sources: Arc<[Source]>,
}

impl Scene {
    /// The cluster of `-f`; what cannot be read of it is reported on the console and left out. The second value says
    /// whether all was read.
    ///
    /// # Errors
    /// A path that is not there.
    pub(crate) fn load(filenames: &[String], console: &mut Console<'_>) -> anyhow::Result<(Self, bool)> {
        let sources = longshore_manifest::collect(filenames)?;
        let mut cluster = longshore_manifest::read(&sources);
        // The plugin may read kinds that scheduling does not.
        cluster.unknown_kinds.clear();
        input::warn_of_cluster(&cluster, console);
        Ok((Self::of(&sources, &cluster), cluster.problems.is_empty()))
    }

    /// The cluster of manifests that were read.
    pub(crate) fn of(sources: &[Source], cluster: &Manifests) -> Self {
        let mut snapshot = Snapshot::default();
        for node in &cluster.nodes {
            snapshot.set_node(Arc::clone(node));
        }
        for pod in &cluster.pods {
            if let Some(slot) = pod.meta.node_name.as_deref().and_then(|name| snapshot.slot(name)) {
                snapshot.add_pod(slot, Arc::clone(pod));
            }
        }
        let mut objects = Objects::default();
        for object in &cluster.objects {
            objects.set(object.clone());
        }
        let raw = Arc::new(Written::of(sources, cluster));
        Self { snapshot, objects, pods: cluster.pods.clone(), raw, sources: Arc::from(sources) }
    }

    /// Adds the objects of the kinds that a plugin declares.
    pub(crate) fn declare(&mut self, declared: &Declarations) {
        if declared.is_empty() {
            return;
        }
        let options = Options { declared: declared.clone(), ..Options::default() };
        for object in longshore_manifest::read_with(&self.sources, options).objects {
            if matches!(object, Object::Declared(_)) {
                self.objects.set(object);
            }
        }
    }

    /// Takes in what is measured on nodes, of which a plugin reads what it declares. `now` is the time by the plugin's clock.
    pub(crate) fn measure(&mut self, instance: &Instance, sample: Option<&Sample>, now: u64) {
        let Some(need) = instance.plugin.metrics() else { return };
        let (source, now) = (Arc::clone(&need.source), i64::try_from(now).unwrap_or(i64::MAX));
        self.objects.metrics.declare([need]);
        self.objects.advance_metrics(Timestamp(now));
        let snapshot = &self.snapshot;
        let capacity = |name: &str| snapshot.slot(name).map(|slot| snapshot.node(slot).capacity);
        if let Some(sample) = sample {
            self.objects.set_metrics(&source, &sample.clone().later_by(now), capacity);
        }
    }

    /// Every node.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> + Clone {
        self.snapshot.live().iter().map(|slot| self.snapshot.node(Slot::from(slot)))
    }

    /// The pod of this name, taken off its node if it is on one: as it was before it was decided.
    ///
    /// # Errors
    /// There is no such pod, with the nearest names; or there are several.
    pub(crate) fn take_pod(&mut self, name: &str) -> anyhow::Result<Arc<Pod>> {
        let pod = find(&self.pods, name, None)?;
        let Some(node) = pod.meta.node_name.clone() else { return Ok(pod) };
        if let Some(slot) = self.snapshot.slot(&node) {
            self.snapshot.remove_pod(slot, &pod.meta.uid);
        }
        Ok(Arc::new(placed(&pod, None)))
    }

    /// Puts a pod on a node, as the scheduler assumes it there.
    pub(crate) fn assume(&mut self, pod: &Pod, slot: Slot) {
        let node = Arc::clone(&self.snapshot.node(slot).name);
        self.snapshot.add_pod(slot, Arc::new(placed(pod, Some(&node))));
    }

    /// All nodes, ascending by slot.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.snapshot.live().iter().map(Slot::from).collect()
    }
}

fn placed(pod: &Pod, node: Option<&Arc<str>>) -> Pod {
    let meta = PodMeta { node_name: node.cloned(), ..pod.meta.clone() };
    Pod { meta, ..pod.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        let text = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {nodeName: n1, containers: [{name: c}]}";
        let sources = [Source { name: "-".to_string(), text: text.as_bytes().to_vec() }];
        Scene::of(&sources, &longshore_manifest::read(&sources))
    }

    #[test]
    fn a_running_pod_is_as_it_was_before() {
        let mut scene = scene();
        assert_eq!(scene.snapshot.pods(Slot(0)).len(), 1);
        let pod = scene.take_pod("p").unwrap();
        assert_eq!((scene.snapshot.pods(Slot(0)).len(), &pod.meta.node_name), (0, &None));
        scene.assume(&pod, Slot(0));
        assert_eq!(scene.snapshot.pods(Slot(0))[0].meta.node_name.as_deref(), Some("n1"));
        assert!(scene.take_pod("q").unwrap_err().to_string().contains("default/p"));
    }
}
