//! What the plugin is and what it needs.

use crate::Sharding;
use crate::bindings::exports::longshore::scheduler::lifecycle;
use crate::column::Column;

/// What a plugin says about itself before it has a config.
#[derive(Clone, Debug)]
pub struct Manifest {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    columns: &'static [Column],
    sharding: Sharding,
    pure: bool,
    raw_pod: bool,
    events: Option<Vec<lifecycle::EventPattern>>,
}

impl Manifest {
    /// A plugin that reads nothing of nodes, is sharded by node, is not pure, and is tried again after any event.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            version: "0.0.0",
            description: "",
            columns: &[],
            sharding: Sharding::ByNode,
            pure: false,
            raw_pod: false,
            events: None,
        }
    }

    /// The plugin's version; `env!("CARGO_PKG_VERSION")` is a good one.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// One sentence for people.
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The columns that [`columns!`](crate::columns) declared.
    pub fn columns(mut self, columns: &'static [Column]) -> Self {
        self.columns = columns;
        self
    }

    /// One instance holds all nodes and answers everything: for a plugin that looks at other nodes than the one it
    /// judges, or that remembers between stages.
    pub fn single(mut self) -> Self {
        self.sharding = Sharding::Single;
        self
    }

    /// The answers for a node depend on nothing but the config, the pod without its name and uid, and the node's
    /// columns. The scheduler then keeps them and asks again only for nodes that changed.
    pub fn pure(mut self) -> Self {
        self.pure = true;
        self
    }

    /// Whole pods are wanted in `pod.raw`. The operator has to grant `raw`.
    pub fn raw_pod(mut self) -> Self {
        self.raw_pod = true;
        self
    }

    /// An event after which a pod that this plugin rejected is tried again, such as `("Node", &["Add",
    /// "UpdateNodeLabel"])`. Without a call any event will do; `no_events` means that none will.
    pub fn event(mut self, resource: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        let pattern = lifecycle::EventPattern { resource: resource.to_owned(), actions };
        self.events.get_or_insert_default().push(pattern);
        self
    }

    /// No event helps a pod that this plugin rejected.
    pub fn no_events(mut self) -> Self {
        self.events = Some(Vec::new());
        self
    }

    pub(crate) fn column_list(&self) -> &'static [Column] {
        self.columns
    }
}

impl From<Manifest> for lifecycle::Manifest {
    fn from(manifest: Manifest) -> Self {
        Self {
            name: manifest.name.to_owned(),
            version: manifest.version.to_owned(),
            description: manifest.description.to_owned(),
            columns: manifest.columns.iter().map(|column| (*column).into()).collect(),
            sharding: manifest.sharding,
            pure: manifest.pure,
            raw_pod: manifest.raw_pod,
            events: manifest.events,
        }
    }
}
