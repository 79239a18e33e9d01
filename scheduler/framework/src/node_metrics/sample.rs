//! What a source says at one time.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Str, Timestamp};

/// Nodes that one sample may be about.
const MOST_NODES: usize = 50_000;

/// Values that one sample may have of one node.
const MOST_OF_NODE: usize = 64;

/// Bytes that a name in a sample may have.
const LONGEST_NAME: usize = 253;

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeMetric {
    /// The name of the query, or the name at the provider; often empty.
    pub name: Str,
    /// `CPU`, `Memory`, `Bandwidth` or `Storage`; empty for the value of a query.
    pub kind: Str,
    /// `AVG`, `STD` or `Latest`; empty where that is not said.
    pub operator: Str,
    /// The time that the value sums up, such as `15m`; empty where that is not said.
    pub rollup: Str,
    /// The value: of `CPU` and `Memory` a share of the node's capacity in percent. It is a finite number.
    pub value: f64,
}

/// What a node uses, as metrics.k8s.io has it, or what it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processors, in thousandths of a core.
    pub milli_cpu: i64,
    /// Memory, in bytes.
    pub memory: i64,
}

/// What was measured on one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// When; not later than the sample was taken.
    pub at: Timestamp,
    /// The values, in the order of the source.
    pub metrics: Vec<NodeMetric>,
    /// What it uses; the store makes `CPU` and `Memory` with the operator `Latest` of it.
    pub usage: Option<Usage>,
}

/// The span of time that values are about, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its begin.
    pub start: Timestamp,
    /// Its end: pods that came to a node later are not in the values.
    pub end: Timestamp,
}

/// What a source says of all nodes at one time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The span of time that it is about, where the source says so.
    pub window: Option<Window>,
    /// By name of the node.
    pub nodes: FxHashMap<Str, Measured>,
    /// Every word once: most values have the same ones.
    words: BTreeSet<Str>,
}

/// A sample has more than is kept, or what is no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TooMuch {
    /// Too many nodes.
    #[error("it is about more than {MOST_NODES} nodes")]
    Nodes,
    /// Too many values of a node.
    #[error("it has more than {MOST_OF_NODE} values of the node {0:?}")]
    Metrics(String),
    /// A name that is too long.
    #[error("it has a name of more than {LONGEST_NAME} bytes: {0:?} ...")]
    Name(String),
    /// No finite number.
    #[error("it has {1} as a value of the node {0:?}, where a finite number is wanted")]
    Value(String, String),
}

impl Sample {
    /// A sample about nothing yet.
    pub fn new(window: Option<Window>) -> Self {
        Self { window, ..Self::default() }
    }

    /// Adds a value of a node: its name, kind, operator and rollup, and the value.
    ///
    /// # Errors
    /// There is too much, or the value is no finite number; it is left out.
    pub fn add(&mut self, node: &str, at: Timestamp, words: [&str; 4], value: f64) -> Result<(), TooMuch> {
        if !value.is_finite() {
            return Err(TooMuch::Value(node.chars().take(80).collect(), value.to_string()));
        }
        for word in words {
            checked(word)?;
        }
        let [name, kind, operator, rollup] = words.map(|word| self.word(word));
        let metrics = &mut self.node(node, at)?.metrics;
        if metrics.len() >= MOST_OF_NODE {
            return Err(TooMuch::Metrics(node.to_string()));
        }
        metrics.push(NodeMetric { name, kind, operator, rollup, value });
        Ok(())
    }

    /// Says what a node uses.
    ///
    /// # Errors
    /// There are too many nodes; it is left out.
    pub fn set_usage(&mut self, node: &str, at: Timestamp, usage: Usage) -> Result<(), TooMuch> {
        self.node(node, at)?.usage = Some(usage);
        Ok(())
    }

    /// A node that may have no values.
    ///
    /// # Errors
    /// There are too many nodes.
    pub fn node(&mut self, name: &str, at: Timestamp) -> Result<&mut Measured, TooMuch> {
        checked(name)?;
        if self.nodes.len() >= MOST_NODES && !self.nodes.contains_key(name) {
            return Err(TooMuch::Nodes);
        }
        let measured = self.nodes.entry(name.into());
        let measured = measured.or_insert_with(|| Measured { at, metrics: Vec::new(), usage: None });
        measured.at = measured.at.min(at);
        Ok(measured)
    }

    /// The same with all times later by so many milliseconds; the window stays what it is.
    #[must_use]
    pub fn later_by(mut self, millis: i64) -> Self {
        for measured in self.nodes.values_mut() {
            measured.at = Timestamp(measured.at.0.saturating_add(millis));
        }
        self
    }

    fn word(&mut self, word: &str) -> Str {
        if let Some(known) = self.words.get(word) {
            return Arc::clone(known);
        }
        let word: Str = word.into();
        self.words.insert(Arc::clone(&word));
        word
    }
}

fn checked(name: &str) -> Result<(), TooMuch> {
    match name.len() > LONGEST_NAME {
        true => Err(TooMuch::Name(name.chars().take(80).collect())),
        false => Ok(()),
    }
}
