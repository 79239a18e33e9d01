//! Pods, and the objects that belong to them.

use anyhow::{Context, anyhow};
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use serde_json::Value;

use super::grouping::{Grouping, kind};
use super::hole::{Hole, Text, Who, values};
use super::others::ObjectMaker;
use super::{Batch, CREATED, Mark, uid};
use crate::workload::{CreatePods, Expect, Part, Workload};

/// Makes pods of one kind in one namespace.
#[derive(Debug)]
pub struct PodMaker {
    text: Text,
    namespace: String,
    own_name: Option<String>,
    finalized: bool,
    batch: Batch,
    grouping: Grouping,
    with: Vec<ObjectMaker>,
}

/// A pod that was made.
#[derive(Debug)]
pub struct Made {
    /// Objects that are there before it.
    pub objects: Vec<Object>,
    /// The pod.
    pub pod: Pod,
    /// Its place among the pods of its operation in its namespace.
    pub place: usize,
    /// Whether its name is that of its template.
    pub named: bool,
    /// Whether it has finalizers, so that it stays when it is deleted.
    pub finalized: bool,
}

impl PodMaker {
    /// Pods of one part of an operation in `namespace`.
    ///
    /// # Errors
    /// A template that is not an object, or a path that leads nowhere.
    pub fn new(workload: &Workload, part: &Part, namespace: &str, batch: Batch) -> anyhow::Result<Self> {
        let mut template = workload.templates[&part.template].clone();
        let mut text = Text::default();
        for (path, written) in &part.per_pod {
            put(&mut text, &mut template, path, Hole::PerPod(values(written)))?;
        }
        for (path, written) in &part.per_group {
            put(&mut text, &mut template, path, Hole::PerGroup(values(written)))?;
        }
        let with = part.with.iter().map(|name| ObjectMaker::new(&workload.templates[name])).collect();
        let grouping = Grouping::new(part.groups.as_ref());
        Self::finish(template, text, namespace, batch).map(|maker| Self { grouping, with, ..maker })
    }

    /// Copies of a template in the namespace `default`.
    ///
    /// # Errors
    /// A template that is not an object.
    pub fn copies(template: &Value, batch: Batch) -> anyhow::Result<Self> {
        Self::finish(template.clone(), Text::default(), "default", batch)
    }

    /// Versions of the pods of a template in `namespace`, whose names are those of the template.
    ///
    /// # Errors
    /// A template that is not an object.
    pub fn named(template: &Value, namespace: &str) -> anyhow::Result<Self> {
        Self::finish(template.clone(), Text::default(), namespace, Batch::default())
    }

    fn finish(mut template: Value, mut text: Text, namespace: &str, batch: Batch) -> anyhow::Result<Self> {
        let own_name = template["metadata"]["name"].as_str().map(str::to_owned);
        let finalized = template["metadata"]["finalizers"].is_array();
        text.hole(&mut template, &["metadata", "name"], Hole::Name)?;
        text.hole(&mut template, &["metadata", "uid"], Hole::Uid)?;
        template["metadata"]["namespace"] = namespace.into();
        template["metadata"]["creationTimestamp"] = CREATED.into();
        let (text, namespace) = (text.of(&template), namespace.to_owned());
        Ok(Self { text, namespace, own_name, finalized, batch, grouping: Grouping::One, with: Vec::new() })
    }

    /// The pod with this number.
    ///
    /// # Errors
    /// A template that is not a pod.
    pub fn pod(&self, number: usize) -> anyhow::Result<Pod> {
        self.made(number, &uid(self.batch, number)).map(|made| made.pod)
    }

    /// What becomes of the pod with this number and UID: it has the same name.
    ///
    /// # Errors
    /// A template that is not a pod.
    pub fn version(&self, number: usize, uid: &str) -> anyhow::Result<Pod> {
        self.made(number, uid).map(|made| made.pod)
    }

    /// The name of the pod with this number.
    pub fn name(&self, number: usize) -> String {
        let (group, place) = self.grouping.of(number);
        match &self.own_name {
            Some(own) => Who { number, group, place, ..Who::default() }.filled(own),
            None => format!("pod-{}-{number}", self.batch.number),
        }
    }

    fn made(&self, number: usize, uid: &str) -> anyhow::Result<Made> {
        let name = self.name(number);
        let (group, place) = self.grouping.of(number);
        let who = Who { namespace: &self.namespace, name: &name, uid, number, group, place };
        let (_, read) = longshore_manifest::watched_pod(&self.text.fill(&who));
        let pod = read.map_err(|e| anyhow!("{name}: {e}"))?.pod;
        let objects = self.with.iter().map(|maker| maker.of(&who)).collect::<anyhow::Result<_>>()?;
        Ok(Made { objects, pod, place: number, named: self.own_name.is_some(), finalized: self.finalized })
    }
}

/// The parts between the dots; a dot with a backslash before it belongs to a part.
fn keys(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    for piece in path.split_inclusive('.') {
        let Some(key) = keys.last_mut() else { break };
        match (piece.strip_suffix("\\."), piece.strip_suffix('.')) {
            (Some(part), _) => key.push_str(&format!("{part}.")),
            (None, Some(part)) => {
                key.push_str(part);
                keys.push(String::new());
            }
            (None, None) => key.push_str(piece),
        }
    }
    keys
}

fn put(text: &mut Text, template: &mut Value, path: &str, hole: Hole) -> anyhow::Result<()> {
    let keys = keys(path);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    text.hole(template, &keys, hole).with_context(|| path.to_owned())
}

/// Makes the pods of an operation, one after the other.
#[derive(Debug)]
pub struct PodSource {
    /// By namespace, then by part; with how many each has made.
    makers: Vec<Vec<(PodMaker, usize)>>,
    shares: Vec<u64>,
    count: usize,
    next: usize,
}

impl PodSource {
    /// The pods of an operation; `batches` is how many batches of pods there are already, and counts on.
    ///
    /// # Errors
    /// A template that is not an object, or a path that leads nowhere.
    pub fn new(workload: &Workload, operation: &CreatePods, batches: &mut u32) -> anyhow::Result<Self> {
        let mark = match (operation.measured, operation.expect) {
            (false, _) => Mark::Plain,
            (true, Expect::Unfit) => Mark::Unfit,
            (true, Expect::Placed | Expect::Nominated) => Mark::Measured,
        };
        let mut makers = Vec::new();
        for namespace in operation.namespace.names() {
            let mut of_namespace = Vec::new();
            for part in &operation.parts {
                *batches += 1;
                let batch = Batch { number: *batches, mark };
                of_namespace.push((PodMaker::new(workload, part, &namespace, batch)?, 0));
            }
            makers.push(of_namespace);
        }
        let shares = operation.parts.iter().map(|part| part.share).collect();
        Ok(Self { makers, shares, count: operation.count, next: 0 })
    }

    fn make(&mut self) -> anyhow::Result<Made> {
        let (namespace, place) = (self.next / self.count, self.next % self.count);
        let part = if self.shares.len() > 1 { kind(&self.shares, self.next) } else { 0 };
        self.next += 1;
        let (maker, number) = &mut self.makers[namespace][part];
        let made = maker.made(*number, &uid(maker.batch, *number))?;
        *number += 1;
        Ok(Made { place, ..made })
    }
}

impl Iterator for PodSource {
    type Item = anyhow::Result<Made>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.next < self.count * self.makers.len()).then(|| self.make())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_within_a_name_has_a_backslash() {
        assert_eq!(keys("spec.containers.0"), ["spec", "containers", "0"]);
        assert_eq!(
            keys(r"metadata.annotations.longshore\.dev/group.x"),
            ["metadata", "annotations", "longshore.dev/group", "x"]
        );
    }
}
