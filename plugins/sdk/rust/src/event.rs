//! Events that may let a rejected pod fit, as [`Hints`](crate::Hints) is asked about them.

pub use crate::bindings::exports::longshore::scheduler::hints::{Event, ObjectChange, PodChange, Subject};

use crate::PodInfo;

impl Event {
    /// An event about nothing in particular, for tests.
    pub fn new(resource: &str, action: &str) -> Self {
        Self { resource: resource.to_owned(), action: action.to_owned(), subject: Subject::None }
    }

    /// The same about a pod, as it was and as it is.
    pub fn pod(self, before: Option<PodInfo>, after: Option<PodInfo>) -> Self {
        Self { subject: Subject::Pod(PodChange { before, after }), ..self }
    }

    /// The same about a node.
    pub fn node(self, name: &str) -> Self {
        Self { subject: Subject::Node(name.to_owned()), ..self }
    }

    /// The same about another object, in JSON as it was and as it is.
    pub fn object(self, namespace: &str, name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let bytes = |json: Option<&str>| json.map(|json| json.as_bytes().to_vec());
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let change = ObjectChange { namespace, name, before: bytes(before), after: bytes(after) };
        Self { subject: Subject::Object(change), ..self }
    }
}
