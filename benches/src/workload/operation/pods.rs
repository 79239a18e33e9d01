//! Pods that an operation adds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::time;

/// Adds pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct CreatePods {
    /// How many, in each of the namespaces.
    pub count: usize,
    /// What they are: one kind of pods, or several that come in a random order.
    pub parts: Vec<Part>,
    /// Where; `default` if absent.
    pub namespace: Namespaces,
    /// Whether they are on nodes already.
    pub bound: Option<Spread>,
    /// Whether they are timed.
    pub measured: bool,
    /// What comes of them, where they are not placed.
    pub expect: Expect,
    /// Whether calm runs leave them out.
    pub beside: bool,
    /// Whether what follows waits until they are placed, where it would.
    pub wait: bool,
    /// How long one that is evicted stays, terminating.
    pub grace: Duration,
    /// When they come, where it is not all at once.
    pub arrive: Option<Arrive>,
    /// How long each runs before it is done, taken at random; for ever if there is none.
    pub run: Vec<Duration>,
}

/// Pods of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Which template.
    pub template: String,
    /// How many there are of them to those of other parts.
    #[serde(default = "one")]
    pub share: u64,
    /// Fields that differ pod by pod. Of a list in brackets a value is taken in turn.
    #[serde(default, deserialize_with = "texts")]
    pub per_pod: BTreeMap<String, String>,
    /// Fields that differ group by group, likewise.
    #[serde(default, deserialize_with = "texts")]
    pub per_group: BTreeMap<String, String>,
    /// The groups of which the pods are; all are of one if absent.
    pub groups: Option<Groups>,
    /// Templates of objects that each pod has, such as its claim. They are there before it.
    #[serde(default)]
    pub with: Vec<String>,
}

fn one() -> u64 {
    1
}

/// Pods that belong together, such as those of one Deployment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// How many groups there are.
    pub count: Option<usize>,
    /// Or how many pods one has, which come one after the other.
    pub size: Option<usize>,
    /// Of which group the next pod is, where `count` is given.
    #[serde(default)]
    pub order: Order,
}

/// Of which group the next pod is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Of the next.
    #[default]
    Turn,
    /// Of any.
    Random,
    /// Of any, but group i has only 1 / (i + 1) as many pods as the first.
    HeavyTail,
}

/// How pods that are bound already lie on the nodes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Pod i on node i modulo the number of nodes.
    Spread,
}

/// What comes of pods.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// They are placed.
    #[default]
    Placed,
    /// They fit nowhere, and are done with when they were tried.
    Unfit,
    /// They evict others, and wait for these to go.
    Nominated,
}

/// When pods come.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrive {
    /// How many together.
    pub count: usize,
    /// Time between two arrivals, by the simulated clock.
    #[serde(deserialize_with = "super::duration")]
    pub every: Duration,
}

/// One namespace, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Namespaces {
    /// This one.
    One(String),
    /// `PREFIX-0` to `PREFIX-(COUNT - 1)`.
    Each {
        /// What stands before `-NUMBER`.
        prefix: String,
        /// How many.
        count: usize,
    },
}

impl Default for Namespaces {
    fn default() -> Self {
        Self::One("default".to_owned())
    }
}

impl Namespaces {
    /// Their names.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name.clone()],
            Self::Each { prefix, count } => (0..*count).map(|n| format!("{prefix}-{n}")).collect(),
        }
    }
}

impl CreatePods {
    /// How many pods it adds in all.
    pub fn total(&self) -> usize {
        self.count * self.namespace.names().len()
    }
}

/// As it is written: the only part stands in the operation itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    count: usize,
    template: Option<String>,
    #[serde(default, deserialize_with = "texts")]
    per_pod: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "texts")]
    per_group: BTreeMap<String, String>,
    groups: Option<Groups>,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    mix: Vec<Part>,
    #[serde(default)]
    namespace: Namespaces,
    bound: Option<Spread>,
    #[serde(default)]
    measured: bool,
    #[serde(default)]
    expect: Expect,
    #[serde(default)]
    beside: bool,
    #[serde(default = "yes")]
    wait: bool,
    #[serde(default, deserialize_with = "duration")]
    grace: Duration,
    arrive: Option<Arrive>,
    #[serde(default, deserialize_with = "durations")]
    run: Vec<Duration>,
}

fn yes() -> bool {
    true
}

/// Texts, and numbers of parameters.
fn texts<'d, D: Deserializer<'d>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(D::Error::custom(format!("{other} is neither a text nor a number"))),
    };
    let written = BTreeMap::<String, Value>::deserialize(from)?;
    written.into_iter().map(|(path, value)| Ok((path, text(value)?))).collect()
}

fn duration<'d, D: Deserializer<'d>>(from: D) -> Result<Duration, D::Error> {
    super::duration(from)
}

fn durations<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<Duration>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| time::<D::Error>(text)).collect()
}

impl Written {
    /// What its pods are, and the rest of it.
    fn parts(&mut self) -> Result<Vec<Part>, serde::de::value::Error> {
        let Some(template) = self.template.take() else {
            let own = self.groups.is_some() || !self.with.is_empty();
            return match own || !self.per_pod.is_empty() || !self.per_group.is_empty() {
                true => Err(Error::custom("perPod, perGroup, groups and with need a template beside them")),
                false => Ok(std::mem::take(&mut self.mix)),
            };
        };
        Ok(vec![Part {
            template,
            share: one(),
            per_pod: std::mem::take(&mut self.per_pod),
            per_group: std::mem::take(&mut self.per_group),
            groups: self.groups.take(),
            with: std::mem::take(&mut self.with),
        }])
    }
}

impl TryFrom<Written> for CreatePods {
    type Error = serde::de::value::Error;

    fn try_from(mut written: Written) -> Result<Self, Self::Error> {
        if written.template.is_some() != written.mix.is_empty() {
            return Err(Error::custom("one of template and mix is needed, and not both"));
        }
        let parts = written.parts()?;
        let groups = || parts.iter().filter_map(|part| part.groups.as_ref());
        if groups().any(|g| g.count.is_some() == g.size.is_some() || g.count == Some(0) || g.size == Some(0))
        {
            return Err(Error::custom("groups: one of count and size is needed, and not both"));
        }
        if parts.iter().map(|part| part.share).sum::<u64>() == 0 {
            return Err(Error::custom("mix: there is no share"));
        }
        Ok(Self {
            count: written.count,
            parts,
            namespace: written.namespace,
            bound: written.bound,
            measured: written.measured,
            expect: written.expect,
            beside: written.beside,
            wait: written.wait,
            grace: written.grace,
            arrive: written.arrive,
            run: written.run,
        })
    }
}
