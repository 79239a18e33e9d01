//! The pod, with what one asks of it.

use std::ops::Deref;

use crate::bindings::longshore::scheduler::types::{Pod, PodInfo, Toleration};

impl PodInfo {
    /// A pod of a namespace that requests nothing.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            uid: format!("{namespace}/{name}"),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            priority: 0,
            labels: Vec::new(),
            requests: Vec::new(),
            node: None,
        }
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        find(&self.labels, key).map(String::as_str)
    }

    /// What it requests of a resource, 0 for nothing; cpu in thousandths of a core, all else in units.
    pub fn request(&self, resource: &str) -> i64 {
        find(&self.requests, resource).copied().unwrap_or(0)
    }
}

impl Pod {
    /// A pod that requests nothing.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            info: PodInfo::new(namespace, name),
            scored_requests: Vec::new(),
            tolerations: Vec::new(),
            node_selector: Vec::new(),
            owner: None,
            raw: None,
        }
    }

    /// What it counts with when nodes are scored: as requested, with defaults for containers that request none.
    pub fn scored_request(&self, resource: &str) -> i64 {
        find(&self.scored_requests, resource).copied().unwrap_or(0)
    }

    /// The same pod with a label, for tests.
    pub fn with_label(mut self, key: &str, value: &str) -> Self {
        self.info.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The same pod requesting so much of a resource (cpu in thousandths), also for scoring; for tests.
    pub fn with_request(mut self, resource: &str, amount: i64) -> Self {
        self.info.requests.push((resource.to_owned(), amount));
        self.scored_requests.push((resource.to_owned(), amount));
        self
    }

    /// The same pod with a toleration, for tests.
    pub fn with_toleration(mut self, toleration: Toleration) -> Self {
        self.tolerations.push(toleration);
        self
    }
}

impl Deref for Pod {
    type Target = PodInfo;

    fn deref(&self) -> &PodInfo {
        &self.info
    }
}

fn find<'a, T>(pairs: &'a [(String, T)], key: &str) -> Option<&'a T> {
    pairs.iter().find(|(other, _)| other == key).map(|(_, value)| value)
}
