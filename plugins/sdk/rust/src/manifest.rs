//! What the plugin is and what it needs.

use crate::Sharding;
use crate::bindings::exports::longshore::scheduler::lifecycle;
use crate::column::{Column, Handle};
use crate::object::{Declared, Kind, Wanted};

/// What a plugin says about itself.
#[derive(Clone, Debug)]
pub struct Manifest {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    columns: Vec<Column>,
    objects: Vec<Wanted>,
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
            columns: Vec::new(),
            objects: Vec::new(),
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
        self.columns = columns.to_vec();
        self
    }

    /// A column more, for [`Plugin::describe`](crate::Plugin::describe): its place is behind those that are there. A
    /// handle for it is made by its place, such as `Number::at(COLUMNS.len(), &column)`.
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Another column in place of the one that a handle stands for, for [`Plugin::describe`](crate::Plugin::describe):
    /// `.replace(DOMAIN, Column::Label(config.topology_key.clone().into()))`.
    ///
    /// # Panics
    /// When the handle's column was not declared, or the new one holds values of another kind.
    pub fn replace<H: Handle>(mut self, handle: H, column: Column) -> Self {
        assert!(H::takes(&column), "{column:?} does not hold what is read of the column that it replaces");
        match self.columns.get_mut(handle.place()) {
            Some(place) => *place = column,
            None => panic!(
                "there is no column {} to be replaced: `.columns(COLUMNS)` comes first",
                handle.place()
            ),
        }
        self
    }

    /// The kinds of objects that [`objects!`](crate::objects) declared. `export_plugin!` has to name `Objects`, and the
    /// operator has to grant `objects`.
    pub fn objects(mut self, kinds: &'static [Declared]) -> Self {
        self.objects = kinds.iter().map(Wanted::from).collect();
        self
    }

    /// Another group, version or kind than the declared one, for [`Plugin::describe`](crate::Plugin::describe).
    ///
    /// # Panics
    /// When the kind was not declared.
    pub fn replace_kind<T>(mut self, handle: Kind<T>, group_version: &str, kind: &str) -> Self
    where
        T: serde::de::DeserializeOwned + 'static,
    {
        match self.objects.get_mut(usize::from(handle.place())) {
            Some(wanted) => wanted.name(group_version, kind),
            None => panic!("there is no such kind of objects to be replaced: `.objects(KINDS)` comes first"),
        }
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

    /// The same for objects of a kind that is declared: `(WINDOWS, &["Add", "Update", "Delete"])`.
    ///
    /// # Panics
    /// When the kind was not declared.
    pub fn event_of<T>(self, kind: Kind<T>, actions: &[&str]) -> Self
    where
        T: serde::de::DeserializeOwned + 'static,
    {
        let Some(wanted) = self.objects.get(usize::from(kind.place())) else {
            panic!("events of a kind of objects that is not declared: `.objects(KINDS)` comes first")
        };
        let resource = wanted.resource();
        self.event(&resource, actions)
    }

    /// No event helps a pod that this plugin rejected.
    pub fn no_events(mut self) -> Self {
        self.events = Some(Vec::new());
        self
    }

    pub(crate) fn column_list(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn object_list(&self) -> &[Wanted] {
        &self.objects
    }
}

impl From<Manifest> for lifecycle::Manifest {
    fn from(manifest: Manifest) -> Self {
        Self {
            name: manifest.name.to_owned(),
            version: manifest.version.to_owned(),
            description: manifest.description.to_owned(),
            columns: manifest.columns.iter().map(Into::into).collect(),
            sharding: manifest.sharding,
            pure: manifest.pure,
            raw_pod: manifest.raw_pod,
            events: manifest.events,
        }
    }
}
