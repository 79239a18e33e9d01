//! ImageLocality: prefers nodes that already have the pod's images, the more the larger they are and the more nodes
//! have them.
//!
//! It rejects nothing, so no event concerns it.

use std::borrow::Cow;

use longshore_framework::bitset::BitSet;
use longshore_framework::event::EventPattern;
use longshore_framework::features::{Features, Rule};
use longshore_framework::fields::Problems;
use longshore_framework::likeness::Likeness;
use longshore_framework::plugin::{Cycle, Dependence, MAX_SCORE, Plugin, Score};
use longshore_framework::pod::Pod;
use longshore_framework::registry::{FactoryContext, Instance};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::state::PluginState;
use longshore_framework::verdict::PluginError;
use longshore_framework::view::NodeView;
use longshore_framework::volume::VolumeSource;
use serde_json::Value;
use smallvec::SmallVec;

/// The plugin's name.
pub const NAME: &str = "ImageLocality";

const MEBIBYTE: i64 = 1024 * 1024;

/// Images that sum up to less bytes than this do not count.
const LEAST: i64 = 23 * MEBIBYTE;

/// Images that sum up to more bytes than this per image count no more.
const MOST_PER_IMAGE: i64 = 1000 * MEBIBYTE;

/// Of so many images at the most it is told what a node scores that has some of them.
const MOST_TOLD: usize = 3;

/// The plugin.
#[derive(Debug)]
pub struct ImageLocality {
    /// Image volumes raise the bound as containers do.
    counts_volumes: bool,
}

/// Makes the plugin; it has no arguments.
pub fn build(_args: &Value, context: &FactoryContext, _problems: &mut Problems<'_>) -> Instance {
    Instance::of(ImageLocality::new(context.features)).score().build()
}

impl ImageLocality {
    /// The plugin for these rules.
    fn new(features: Features) -> Self {
        Self { counts_volumes: features.follow(Rule::ImageVolumesCount) }
    }

    /// How many images bound the sum.
    fn images(&self, pod: &Pod) -> i64 {
        let containers = pod.spec.init_containers.len() + pod.spec.containers.len();
        let volumes = if self.counts_volumes { volumes(pod).count() } else { 0 };
        (containers + volumes) as i64
    }
}

impl Plugin for ImageLocality {
    fn name(&self) -> &str {
        NAME
    }

    fn events(&self) -> Vec<EventPattern> {
        Vec::new()
    }

    /// What a node scores by which of the pod's images it has. Nodes that come or go, or pull an image, change that only where they
    /// change a score.
    fn images_seen(&self, cx: Cycle<'_>) -> u64 {
        let (images, count) = (present(cx.snapshot, cx.pod), self.images(cx.pod));
        if images.len() > MOST_TOLD {
            return cx.snapshot.images_revision() | 1 << 63;
        }
        let subset = |which: usize| images.iter().enumerate().filter(move |(at, _)| which >> at & 1 == 1);
        let bytes = |which| subset(which).fold(0_i64, |sum, (_, (worth, _))| sum.saturating_add(*worth));
        let score = |which| scaled(bytes(which), count).unsigned_abs();
        // A score takes seven bits, so that a byte for each number of images leaves the highest bit alone.
        let scores = (0..1_usize << images.len()).fold(0, |seen, which| seen << 8 | score(which));
        scores ^ (images.len() as u64) << 56
    }

    /// By the images that lie on some node, and by how many images bound their sum.
    fn tell_apart(&self, cx: Cycle<'_>, likeness: &mut Likeness) {
        if cx.snapshot.images().is_empty() {
            return;
        }
        let lies = |reference: &&str| cx.snapshot.images().get(&normalised(reference)).is_some();
        let images: SmallVec<[&str; 4]> = references(cx.pod).filter(lies).collect();
        if !images.is_empty() {
            likeness.add_numbers(&[self.images(cx.pod).unsigned_abs()]);
            likeness.add_images(images.into_iter());
        }
    }
}

impl Score for ImageLocality {
    fn score(&self, cx: Cycle<'_>, _: &PluginState, node: NodeView<'_>) -> Result<i64, PluginError> {
        Ok(score(&present(cx.snapshot, cx.pod), node.slot(), self.images(cx.pod)))
    }

    fn score_range(
        &self,
        cx: Cycle<'_>,
        _: &PluginState,
        nodes: &[Slot],
        scores: &mut [i64],
    ) -> Result<(), PluginError> {
        let (images, count) = (present(cx.snapshot, cx.pod), self.images(cx.pod));
        for (slot, out) in nodes.iter().zip(scores) {
            *out = score(&images, *slot, count);
        }
        Ok(())
    }

    fn even_score(&self, cx: Cycle<'_>, _: &PluginState) -> Option<i64> {
        present(cx.snapshot, cx.pod).is_empty().then_some(0)
    }

    fn is_absolute(&self) -> bool {
        true
    }

    fn depends_on(&self, pod: &Pod) -> Dependence {
        // An image counts by its share of all nodes, so the answer for a node changes with the other nodes, too.
        if references(pod).all(str::is_empty) { Dependence::Static } else { Dependence::Images }
    }
}

/// Images of the pod that lie on some node: what each is worth, and where it lies.
type Present<'a> = SmallVec<[(i64, &'a BitSet); 4]>;

fn present<'a>(snapshot: &'a Snapshot, pod: &Pod) -> Present<'a> {
    if snapshot.images().is_empty() {
        return Present::new();
    }
    let nodes = snapshot.len() as f64;
    let find = |reference: &str| {
        let image = snapshot.images().get(&normalised(reference))?;
        let spread = image.nodes.len() as f64 / nodes;
        Some(((image.size as f64 * spread) as i64, &image.nodes))
    };
    references(pod).filter_map(find).collect()
}

/// The image references of the pod's containers and image volumes, repetitions included.
fn references(pod: &Pod) -> impl Iterator<Item = &str> {
    let spec = &pod.spec;
    let containers = spec.init_containers.iter().chain(&spec.containers).map(|c| &*c.image);
    containers.chain(volumes(pod))
}

/// The image references of the pod's image volumes.
fn volumes(pod: &Pod) -> impl Iterator<Item = &str> {
    pod.spec.volumes.iter().filter_map(|volume| match &volume.source {
        VolumeSource::Image { reference } => Some(&**reference),
        _ => None,
    })
}

fn score(images: &Present<'_>, slot: Slot, count: i64) -> i64 {
    let here = images.iter().filter(|(_, nodes)| nodes.contains(slot.index()));
    scaled(here.fold(0, |sum, (worth, _)| sum.saturating_add(*worth)), count)
}

/// Bytes as a score; a pod without images has the bounds the wrong way round and gets 0 or 100.
fn scaled(bytes: i64, count: i64) -> i64 {
    let most = MOST_PER_IMAGE.saturating_mul(count);
    let bytes = if bytes < LEAST { LEAST } else { bytes.min(most) };
    MAX_SCORE * (bytes - LEAST) / (most - LEAST)
}

/// The reference with `:latest` when it has neither tag nor digest.
fn normalised(reference: &str) -> Cow<'_, str> {
    match (reference.rfind(':'), reference.rfind('/')) {
        (Some(colon), slash) if slash.is_none_or(|slash| colon > slash) => Cow::Borrowed(reference),
        _ => Cow::Owned(format!("{reference}:latest")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_framework::fixture::{node, pod};
    use longshore_framework::node::NodeImage;
    use longshore_framework::objects::Objects;
    use longshore_framework::pod::Container;

    /// Nodes with these images (name, MiB); scores of a pod whose containers have `wants`.
    #[track_caller]
    fn check(nodes: &[&[(&str, i64)]], wants: &[&str], want: &[i64]) {
        let mut snapshot = Snapshot::default();
        let mut slots = Vec::new();
        for (at, images) in nodes.iter().enumerate() {
            let image =
                |(name, size): &(&str, i64)| NodeImage { names: vec![(*name).into()], size: size * MEBIBYTE };
            let images = images.iter().map(image).collect();
            slots.push(snapshot.set_node(node(&format!("n{at}")).with(|n| n.images = images).build()));
        }
        let container = |image: &&str| Container { image: (*image).into(), ..Default::default() };
        let pod = pod("p").spec(|s| s.containers = wants.iter().map(container).collect()).build();
        let objects = Objects::default();
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        let (state, mut scores) = (PluginState::default(), vec![-1; slots.len()]);
        let plugin = ImageLocality::new(Features::default());
        plugin.score_range(cx, &state, &slots, &mut scores).unwrap();
        assert_eq!(scores, want);
        assert!(plugin.even_score(cx, &state).is_none_or(|even| scores.iter().all(|s| *s == even)));
        for (slot, score) in slots.iter().zip(scores) {
            assert_eq!(plugin.score(cx, &state, snapshot.view(*slot)), Ok(score));
        }
    }

    #[test]
    fn size_and_spread_decide_within_bounds_per_container() {
        let app: &[(&str, i64)] = &[("app:1", 300)];
        check(&[app, app, &[]], &["app:1"], &[18, 18, 0]);
        check(&[app, app, &[]], &["app:1", "other:1"], &[8, 8, 0]);
        check(&[&[("app:1", 23)]], &["app:1"], &[0]);
        check(&[&[("app:1", 1000)]], &["app:1"], &[100]);
        check(&[&[("app:1", 8_000_000_000_000)]], &["app:1"], &[100]);
        check(&[&[("app:1", 1000)]], &["app:1", "app:1"], &[100]);
    }

    /// What is seen of images by a pod with images of these sizes, each of which lies on so many nodes.
    fn seen(nodes_with: &[usize], sizes: &[i64], nodes: usize) -> u64 {
        let mut snapshot = Snapshot::default();
        let images = || (0..).zip(nodes_with).zip(sizes);
        for at in 0..nodes {
            let here = images().filter(|((_, with), _)| at < **with);
            let image = |((number, _), size): ((u32, &usize), &i64)| NodeImage {
                names: vec![format!("app:{number}").into()],
                size: size * MEBIBYTE,
            };
            let images = here.map(image).collect();
            snapshot.set_node(node(&format!("n{at}")).with(|n| n.images = images).build());
        }
        let container =
            |((number, _), _)| Container { image: format!("app:{number}").into(), ..Default::default() };
        let pod = pod("p").spec(|s| s.containers = images().map(container).collect()).build();
        let objects = Objects::default();
        let cx = Cycle { snapshot: &snapshot, objects: &objects, pod: &pod };
        ImageLocality::new(Features::default()).images_seen(cx)
    }

    #[test]
    fn what_is_seen_of_images_changes_with_what_nodes_score() {
        let one = seen(&[5], &[400], 10);
        assert_ne!(one, seen(&[6], &[400], 10), "the image is worth more");
        assert_ne!(one, seen(&[5], &[400], 12), "there are more nodes");
        assert_eq!(seen(&[500], &[400], 1000), seen(&[501], &[400], 1000), "no score is another");
        assert_eq!(seen(&[], &[], 10), seen(&[], &[], 11), "the pod has no image");
        assert_eq!(seen(&[0], &[400], 10), seen(&[0], &[400], 11), "no node has it");
        // 40 MiB are too little by themselves and something together.
        assert_ne!(seen(&[5, 0], &[40, 40], 10), seen(&[5, 5], &[40, 40], 10));
        assert_ne!(seen(&[10, 10], &[20, 20], 10), seen(&[10, 10], &[20, 90], 10));
        let many = |nodes| seen(&[1; 4], &[100; 4], nodes);
        assert_ne!(many(10), many(11), "of many images every change is seen");
    }

    #[test]
    fn image_volumes_bound_the_sum_since_1_37() {
        use longshore_framework::features::Minor;
        use longshore_framework::volume::Volume;
        let source = VolumeSource::Image { reference: "data:1".into() };
        let volume = Volume { name: "data".into(), source };
        let pod =
            pod("p").spec(|s| (s.containers, s.volumes) = (vec![Container::default()], vec![volume])).build();
        let count = |minor| ImageLocality::new(Features::of(minor)).images(&pod);
        assert_eq!((count(Minor::V1_36), count(Minor::V1_37)), (1, 2));
    }

    #[test]
    fn images_on_no_node_count_nothing() {
        check(&[&[("app:1", 300)], &[]], &["other"], &[0, 0]);
        check(&[&[("app:1", 300)], &[]], &[], &[0, 0]);
    }

    #[test]
    fn a_reference_without_tag_means_latest() {
        for (reference, want) in [
            ("app", "app:latest"),
            ("registry:5000/app", "registry:5000/app:latest"),
            ("registry:5000/app:2", "registry:5000/app:2"),
            ("app@sha256:00", "app@sha256:00"),
            ("app:2", "app:2"),
        ] {
            assert_eq!(normalised(reference), want);
        }
    }
}
