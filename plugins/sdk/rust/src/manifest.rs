//! What the plugin is and what it needs.

use crate::Sharding;
use crate::bindings::exports::longshore::scheduler::lifecycle;
use crate::column::{Column, Handle};
use crate::metric::{Measure, Metric};
use crate::object::{Declared, Kind, Wanted};

/// What a plugin says about itself.
#[derive(Clone, Debug)]
pub struct Manifest {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    columns: Vec<Column>,
    objects: Vec<Wanted>,
    metrics: Vec<Measure>,
    sharding: Sharding,
    pure: bool,
    raw_pod: bool,
    events: Option<Vec<Pattern>>,
}

/// An event, of a resource by its name or of a declared kind, which may still become another.
#[derive(Clone, Debug)]
struct Pattern {
    resource: Resource,
    actions: Vec<String>,
}

#[derive(Clone, Debug)]
enum Resource {
    Named(String),
    Kind(u16),
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
            metrics: Vec::new(),
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

    /// What [`metrics!`](crate::metrics) declared of what is measured on nodes. `export_plugin!` has to name `Metrics`, and the
    /// operator has to grant `metrics`.
    pub fn metrics(mut self, metrics: &'static [Measure]) -> Self {
        self.metrics = metrics.to_vec();
        self
    }

    /// A metric more, for [`Plugin::describe`](crate::Plugin::describe): its place is behind those that are there, so that
    /// [`Metric::at`] makes a handle for it.
    pub fn metric(mut self, metric: Measure) -> Self {
        self.metrics.push(metric);
        self
    }

    /// Another metric in place of the one that a handle stands for, for [`Plugin::describe`](crate::Plugin::describe).
    ///
    /// # Panics
    /// When the handle's metric was not declared.
    pub fn replace_metric(mut self, handle: Metric, metric: Measure) -> Self {
        match self.metrics.get_mut(usize::from(handle.0)) {
            Some(place) => *place = metric,
            None => panic!("there is no such metric to be replaced: `.metrics(METRICS)` comes first"),
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
    pub fn event(self, resource: &str, actions: &[&str]) -> Self {
        self.pattern(Resource::Named(resource.to_owned()), actions)
    }

    fn pattern(mut self, resource: Resource, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        self.events.get_or_insert_default().push(Pattern { resource, actions });
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
        let declared = usize::from(kind.place()) < self.objects.len();
        assert!(declared, "events of a kind of objects that is not declared: `.objects(KINDS)` comes first");
        self.pattern(Resource::Kind(kind.place()), actions)
    }

    /// No event helps a pod that this plugin rejected.
    pub fn no_events(mut self) -> Self {
        self.events = Some(Vec::new());
        self
    }

    pub(crate) fn column_list(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn metric_list(&self) -> &[Measure] {
        &self.metrics
    }

    pub(crate) fn object_list(&self) -> &[Wanted] {
        &self.objects
    }
}

impl From<Manifest> for lifecycle::Manifest {
    fn from(manifest: Manifest) -> Self {
        let objects = manifest.objects;
        let event = |Pattern { resource, actions }| {
            let resource = match resource {
                Resource::Named(name) => name,
                Resource::Kind(place) => objects[usize::from(place)].resource(),
            };
            lifecycle::EventPattern { resource, actions }
        };
        let events = manifest.events.map(|events| events.into_iter().map(event).collect());
        Self {
            name: manifest.name.to_owned(),
            version: manifest.version.to_owned(),
            description: manifest.description.to_owned(),
            columns: manifest.columns.iter().map(Into::into).collect(),
            sharding: manifest.sharding,
            pure: manifest.pure,
            raw_pod: manifest.raw_pod,
            events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Number, spec};
    use crate::object::spec::kind;

    #[test]
    fn what_the_config_names_stands_in_the_place_of_what_was_declared() {
        const COLUMNS: &[Column] = &[spec::free("cpu"), spec::name()];
        const KINDS: &[Declared] = &[kind("example.com/v1", "Window"), kind("v1", "Namespace")];
        const GATES: Kind<serde::de::IgnoredAny> = Kind::at(0);
        let plain = Manifest::new("Test").columns(COLUMNS).objects(KINDS);
        let plain = plain.event_of(GATES, &["Add"]).event_of(Kind::<serde::de::IgnoredAny>::at(1), &["*"]);
        let replaced = plain
            .clone()
            .replace_kind(GATES, "other.example.com/v2", "Gate")
            .replace(Number::at(0, &COLUMNS[0]), Column::Free("memory".into()))
            .column(Column::PodCount);
        let resources = |manifest: Manifest| {
            let events = lifecycle::Manifest::from(manifest).events.unwrap().into_iter();
            events.map(|event| event.resource).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(replaced.column_list(), [Column::Free("memory".into()), Column::Name, Column::PodCount]);
        assert_eq!(resources(plain), "Window.v1.example.com Namespace.v1");
        assert_eq!(resources(replaced), "Gate.v2.other.example.com Namespace.v1");
    }

    #[test]
    #[should_panic(expected = "does not hold what is read of the column that it replaces")]
    fn a_column_is_replaced_by_one_that_holds_the_same() {
        const COLUMNS: &[Column] = &[spec::free("cpu")];
        let _ = Manifest::new("Test").columns(COLUMNS).replace(Number::at(0, &COLUMNS[0]), Column::Name);
    }
}
