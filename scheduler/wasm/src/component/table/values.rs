//! The values of one column.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::node::Node;
use longshore_framework::raw::RawObjects;
use longshore_framework::resources::{CPU, MEMORY};
use longshore_framework::snapshot::{Slot, Snapshot};
use longshore_framework::view::NodeView;
use rustc_hash::FxHashMap;

use super::super::bindings::longshore::scheduler::types::{Column, PodInfo, TextLists, Texts, Values};
use super::super::convert::pod_info;

/// Where values are read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) raw: &'a dyn RawObjects,
}

impl Source<'_> {
    /// The values for slots that are in use.
    pub(super) fn values(&self, column: &Column, slots: &[Slot]) -> Values {
        let snapshot = self.snapshot;
        let numbers = |column: &[i64]| Values::Numbers(slots.iter().map(|s| column[s.index()]).collect());
        let nodes = || slots.iter().map(|slot| snapshot.node(*slot));
        match column {
            Column::Name => texts(nodes().map(|n| Some(&n.name))),
            Column::Label(key) => texts(nodes().map(|n| n.labels.get(key))),
            Column::Annotation(key) => texts(nodes().map(|n| n.annotations.get(key))),
            Column::Condition(key) => texts(nodes().map(|n| condition(n, key))),
            Column::Labels => {
                lists(2, nodes().map(|n| n.labels.iter().flat_map(|(k, v)| [Arc::clone(k), Arc::clone(v)])))
            }
            Column::Taints => lists(3, nodes().map(|n| taints(n))),
            Column::Images => lists(2, nodes().map(|n| images(n))),
            Column::Unschedulable => Values::Numbers(nodes().map(|n| i64::from(n.unschedulable)).collect()),
            Column::AllowedPods => numbers(snapshot.allowed_pods()),
            Column::PodCount => numbers(snapshot.pod_counts()),
            Column::NonzeroRequested(name) if name == CPU => numbers(snapshot.nonzero_cpu()),
            Column::NonzeroRequested(name) if name == MEMORY => numbers(snapshot.nonzero_memory()),
            Column::Allocatable(name) => self.resource(name, slots, |has, _| has),
            Column::Requested(name) | Column::NonzeroRequested(name) => {
                self.resource(name, slots, |_, held| held)
            }
            Column::Free(name) => self.resource(name, slots, i64::saturating_sub),
            Column::Pods => Values::Pods(slots.iter().map(|slot| pods(snapshot.view(*slot))).collect()),
            Column::Raw => Values::Blobs(nodes().map(|n| self.raw(n)).collect()),
        }
    }

    fn resource(&self, name: &str, slots: &[Slot], value: impl Fn(i64, i64) -> i64) -> Values {
        let Some(id) = self.snapshot.resource(name) else { return Values::Numbers(vec![0; slots.len()]) };
        let column = self.snapshot.column(id);
        let number = |slot: &Slot| {
            let (has, held) = column.at(*slot);
            value(has, held)
        };
        Values::Numbers(slots.iter().map(number).collect())
    }

    fn raw(&self, node: &Node) -> Vec<u8> {
        self.raw.node(&node.name).map(|raw| raw.get().as_bytes().to_vec()).unwrap_or_default()
    }
}

/// The value of a column that pods change, of a node as it would be.
pub(super) fn supposed(column: &Column, view: NodeView<'_>) -> Values {
    let snapshot = view.snapshot();
    let held = |name: &str| snapshot.resource(name).map_or(0, |id| view.requested(id));
    let has = |name: &str| snapshot.resource(name).map_or(0, |id| view.allocatable(id));
    let nonzero = |pick: fn((i64, i64)) -> i64| {
        view.pods().iter().map(|p| pick(p.resources.nonzero_usage)).fold(0, i64::saturating_add)
    };
    let number = |number| Values::Numbers(vec![number]);
    match column {
        Column::NonzeroRequested(name) if name == CPU => number(nonzero(|usage| usage.0)),
        Column::NonzeroRequested(name) if name == MEMORY => number(nonzero(|usage| usage.1)),
        Column::Requested(name) | Column::NonzeroRequested(name) => number(held(name)),
        Column::Free(name) => number(has(name).saturating_sub(held(name))),
        Column::PodCount => number(view.pod_count()),
        Column::Pods => Values::Pods(vec![pods(view)]),
        // Pods change nothing else.
        _ => number(0),
    }
}

fn pods(view: NodeView<'_>) -> Vec<PodInfo> {
    view.pods().iter().map(|pod| pod_info(pod, Some(view.name()), true)).collect()
}

fn condition<'n>(node: &'n Node, key: &str) -> Option<&'n Str> {
    node.conditions.iter().find(|(name, _)| &**name == key).map(|(_, status)| status)
}

fn taints(node: &Node) -> impl Iterator<Item = Str> + '_ {
    node.taints.iter().flat_map(|t| [Arc::clone(&t.key), Arc::clone(&t.value), t.effect.as_str().into()])
}

fn images(node: &Node) -> impl Iterator<Item = Str> + '_ {
    let sized = node.images.iter().flat_map(|image| image.names.iter().map(move |name| (name, image.size)));
    sized.flat_map(|(name, size)| [Arc::clone(name), size.to_string().into()])
}

/// Words, each once.
#[derive(Default)]
struct Words {
    words: Vec<String>,
    places: FxHashMap<Str, u32>,
}

impl Words {
    fn place(&mut self, word: &Str) -> u32 {
        if let Some(at) = self.places.get(word) {
            return *at;
        }
        let at = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.to_string());
        self.places.insert(Arc::clone(word), at);
        at
    }
}

fn texts<'n>(values: impl Iterator<Item = Option<&'n Str>>) -> Values {
    let mut words = Words::default();
    let at = values.map(|value| value.map_or(0, |word| words.place(word) + 1)).collect();
    Values::Texts(Texts { words: words.words, at })
}

fn lists<L: Iterator<Item = Str>>(width: u32, rows: impl Iterator<Item = L>) -> Values {
    let (mut words, mut at, mut ends) = (Words::default(), Vec::new(), Vec::new());
    for row in rows {
        at.extend(row.map(|word| words.place(&word)));
        ends.push(u32::try_from(at.len()).unwrap_or(u32::MAX));
    }
    Values::Lists(TextLists { words: words.words, width, ends, at })
}
