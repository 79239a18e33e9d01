//! Which pods have which GPUs, and what nodes have left.

use std::collections::BTreeMap;

use catalogue_common::{Budget, RawPod};
use longshore_plugin::{Node, PodInfo, host};

use crate::args::Settings;
use crate::fragments::Room;
use crate::shape::{Shape, WHOLE};
use crate::workload::Workload;
use crate::{CPU, GPUS, MODEL, PODS};

/// More GPUs no node has.
const MOST_GPUS: i64 = 1024;
/// So many scores are kept at the most.
const MOST_SCORES: usize = 1 << 20;
/// When the pods on nodes have become this much more or less, they are looked at anew as a workload.
const OTHERS: f64 = 0.1;

/// So many pods are looked at for one that is placed; in a large cluster nodes become known one after the other.
const PODS_FOR_ONE_POD: u32 = 8192;
/// A pod that is read whole counts as so many.
const WHOLE_POD: u32 = 16;
/// The GPUs of so many pods are handed over to another instance at the most. Annotations say those of the others.
const MOST_SAVED: usize = 16_000;

/// A node as it was at a version; 0 when it was not looked at yet.
#[derive(Default)]
struct Row {
    version: u64,
    room: Room,
    /// What of it is in fragments.
    fragments: f64,
    /// The pods on it.
    pods: Vec<(String, Shape)>,
}

/// Everything that is known of nodes. Bounded by the nodes and the pods on them, and by [`MOST_SCORES`].
pub(crate) struct Nodes {
    budget: Budget,
    rows: Vec<Row>,
    /// The GPUs of pods, by UID, those included that are reserved and not seen on their nodes yet.
    devices: BTreeMap<String, Vec<usize>>,
    /// How many pods have a shape.
    counts: BTreeMap<Shape, f64>,
    workload: Workload,
    /// How many pods there were when the workload was made of them.
    counted: f64,
    /// Scores for shapes, by row, with the version of the node.
    scores: BTreeMap<Shape, Vec<(u64, i64)>>,
}

/// What a pod wants; `Err` when no node can give it.
pub(crate) fn wanted(pod: &PodInfo, settings: &Settings) -> Result<Shape, String> {
    let (gpus, milli) = (pod.request(&settings.whole), pod.request(&settings.shared));
    let (whole, shared) = (&settings.whole, &settings.shared);
    if gpus > 0 && milli > 0 {
        return Err(format!("pod requests both {whole} and {shared}"));
    }
    if milli > WHOLE {
        return Err(format!("pod requests {milli} of {shared}, which is more than a GPU; request {whole}"));
    }
    let (gpus, milli) = if milli > 0 { (1, milli) } else { (gpus, if gpus > 0 { WHOLE } else { 0 }) };
    Ok(Shape { cpu: pod.request("cpu"), milli, gpus, models: Vec::new() })
}

impl Nodes {
    /// With the workload that the arguments give.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            budget: Budget::of(PODS_FOR_ONE_POD),
            rows: Vec::new(),
            devices: BTreeMap::new(),
            counts: BTreeMap::new(),
            workload: settings.workload.as_ref().map(Workload::of).unwrap_or_default(),
            counted: 0.0,
            scores: BTreeMap::new(),
        }
    }

    /// Takes in every node that changed, as far as there is time.
    pub(crate) fn refresh<'t>(&mut self, nodes: impl Iterator<Item = Node<'t>>, settings: &Settings) {
        self.budget.refill();
        for node in nodes {
            let row = node.row() as usize;
            if self.rows.len() <= row {
                self.rows.resize_with(row + 1, Row::default);
            }
            if self.rows[row].version != node.version() {
                let pods = u32::try_from(node.pods(PODS).len()).unwrap_or(u32::MAX);
                if self.budget.spend(pods.saturating_add(1)) {
                    self.look(node, settings);
                }
            }
        }
        if settings.workload.is_none() {
            self.learn();
        }
    }

    fn look(&mut self, node: Node<'_>, settings: &Settings) {
        let row = node.row() as usize;
        let pods: Vec<(String, Shape)> = node
            .pods(PODS)
            .iter()
            .map(|pod| (pod.uid.clone(), wanted(pod, settings).unwrap_or_default()))
            .collect();
        let before = std::mem::take(&mut self.rows[row].pods);
        for (uid, shape) in &before {
            count(&mut self.counts, shape, -1.0);
            if !pods.iter().any(|(other, _)| other == uid) {
                self.devices.remove(uid);
            }
        }
        pods.iter().for_each(|(_, shape)| count(&mut self.counts, shape, 1.0));
        let (room, found) = self.room(node, &pods, settings);
        self.devices.extend(found);
        let fragments = room.fragments(&self.workload);
        self.rows[row] = Row { version: node.version(), room, fragments, pods };
    }

    /// What a node has left beside these pods; and GPUs for those of them of which nobody says which ones they have.
    fn room(
        &self,
        node: Node<'_>,
        pods: &[(String, Shape)],
        settings: &Settings,
    ) -> (Room, Vec<(String, Vec<usize>)>) {
        let gpus = usize::try_from(node.number(GPUS).clamp(0, MOST_GPUS)).unwrap_or(0);
        let model = node.text(MODEL).unwrap_or_default().to_owned();
        let mut room = Room { cpu: node.number(CPU), gpus: vec![WHOLE; gpus], model };
        let (known, unknown): (Vec<_>, Vec<_>) =
            pods.iter().partition(|(uid, shape)| shape.gpus == 0 || self.devices.contains_key(uid));
        for (uid, shape) in known {
            room.place(shape, self.devices.get(uid).map_or(&[], Vec::as_slice));
        }
        let (mut found, mut guessed) = (Vec::new(), Vec::new());
        for (uid, shape) in unknown {
            self.budget.spend(WHOLE_POD);
            match written(uid, settings) {
                Some(devices) => {
                    room.place(shape, &devices);
                    found.push((uid.clone(), devices));
                }
                None => guessed.push((uid, shape)),
            }
        }
        for (uid, shape) in guessed {
            let devices = room.tightest(shape);
            room.place(shape, &devices);
            found.push((uid.clone(), devices));
        }
        (room, found)
    }

    /// Makes a workload of the pods on nodes, when there are many more or less than before.
    fn learn(&mut self) {
        let now: f64 = self.counts.values().sum();
        if (now - self.counted).abs() <= self.counted * OTHERS {
            return;
        }
        self.counted = now;
        self.workload = Workload::of(&self.counts);
        self.scores.clear();
        for row in &mut self.rows {
            row.fragments = row.room.fragments(&self.workload);
        }
    }

    /// Whether a node has the GPUs; also one that is supposed to have other pods. One that was not looked at yet may have them:
    /// Reserve will see.
    pub(crate) fn has(&self, node: Node<'_>, shape: &Shape, settings: &Settings) -> bool {
        match self.rows.get(node.row() as usize) {
            Some(row) if row.version == node.version() => return row.room.has(shape),
            Some(row) if row.version == 0 => return true,
            _ => {}
        }
        let pods = node.pods(PODS).iter();
        let pods: Vec<_> =
            pods.map(|pod| (pod.uid.clone(), wanted(pod, settings).unwrap_or_default())).collect();
        self.room(node, &pods, settings).0.has(shape)
    }

    /// How good each node is, from 0 to 100. One that was not looked at yet is not.
    pub(crate) fn score<'t>(
        &mut self,
        nodes: impl Iterator<Item = Node<'t>>,
        shape: &Shape,
        scores: &mut Vec<i64>,
    ) {
        let rows = self.rows.len();
        if !self.scores.contains_key(shape) && (self.scores.len() + 1) * rows > MOST_SCORES {
            self.scores.clear();
        }
        let known = self.scores.entry(shape.clone()).or_default();
        known.resize(rows, (0, 0));
        for node in nodes {
            let at = node.row() as usize;
            let Some(row) = self.rows.get(at).filter(|row| row.version == node.version()) else {
                scores.push(0);
                continue;
            };
            if known[at].0 != row.version {
                known[at] = (row.version, row.room.choose(shape, &self.workload, row.fragments).0);
            }
            scores.push(known[at].1);
        }
    }

    /// Sets GPUs of a node aside for a pod; `false` when it has none.
    pub(crate) fn reserve(&mut self, node: Node<'_>, uid: &str, shape: &Shape, settings: &Settings) -> bool {
        if self.devices.contains_key(uid) {
            return true;
        }
        let others = node.pods(PODS).iter().filter(|pod| pod.uid != uid);
        let others: Vec<_> =
            others.map(|pod| (pod.uid.clone(), wanted(pod, settings).unwrap_or_default())).collect();
        let (room, found) = self.room(node, &others, settings);
        self.devices.extend(found);
        if !room.has(shape) {
            return false;
        }
        let before = room.fragments(&self.workload);
        let (_, devices) = room.choose(shape, &self.workload, before);
        self.devices.insert(uid.to_owned(), devices);
        true
    }

    pub(crate) fn unreserve(&mut self, uid: &str) {
        self.devices.remove(uid);
    }

    /// The GPUs of a pod, as its annotation says them.
    pub(crate) fn devices(&self, uid: &str) -> Option<String> {
        let devices: Vec<String> = self.devices.get(uid)?.iter().map(usize::to_string).collect();
        Some(devices.join(","))
    }

    /// The GPUs of all pods, for an instance that replaces this one.
    pub(crate) fn saved(&self) -> BTreeMap<String, Vec<usize>> {
        self.devices.iter().take(MOST_SAVED).map(|(uid, devices)| (uid.clone(), devices.clone())).collect()
    }

    pub(crate) fn restore(&mut self, devices: BTreeMap<String, Vec<usize>>) {
        self.devices = devices;
    }
}

fn count(counts: &mut BTreeMap<Shape, f64>, shape: &Shape, more: f64) {
    let known = counts.entry(shape.clone()).or_insert(0.0);
    *known += more;
    if *known <= 0.0 {
        counts.remove(shape);
    }
}

/// The GPUs that a pod's annotation names.
fn written(uid: &str, settings: &Settings) -> Option<Vec<usize>> {
    let raw = RawPod::read(&host::raw::pod(uid)?).ok()?;
    let text = raw.metadata.annotations?.remove(&settings.annotation)?;
    text.split(',').map(|device| device.trim().parse().ok()).collect()
}
