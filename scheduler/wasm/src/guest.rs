//! A loaded plugin.

use std::sync::Arc;

use longshore_framework::objects::declared::Declarations;
use longshore_framework::registry::Instance;
use serde::Serialize;

use crate::compat::CompatPlugin;
use crate::component::ComponentPlugin;

/// What kind of module a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GuestKind {
    /// A component that speaks `longshore:scheduler`.
    Component,
    /// A core module built for kube-scheduler-wasm-extension.
    Extension,
}

impl GuestKind {
    /// The word in metrics and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Extension => "extension",
        }
    }
}

/// What a plugin is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The name in its own manifest; empty for modules without one.
    pub name: String,
    /// Its version, as it says.
    pub version: String,
    /// What it says it is for.
    pub description: String,
    /// What kind of module it is.
    pub kind: GuestKind,
    /// SHA-256 of the module, in lower case hex.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
    /// Interfaces or functions it exports.
    pub exports: Vec<String>,
    /// Interfaces or functions it imports.
    pub imports: Vec<String>,
    /// Columns of the node table it reads.
    pub columns: Vec<String>,
    /// `ByNode` or `Single`.
    pub sharding: String,
    /// Whether its verdicts are kept.
    pub pure: bool,
    /// Kinds of objects it reads, as `Kind.version.group`.
    pub objects: Vec<String>,
    /// What it reads of what is measured on nodes, such as `CPU AVG`.
    pub metrics: Vec<String>,
    /// Capabilities it needs.
    pub needs: Vec<String>,
}

/// How a plugin is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is called.
    Serving,
    /// It is not called for a while, and why.
    SwitchedOff(String),
}

/// How a plugin is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The name in the profile.
    pub name: String,
    /// SHA-256 of the module, in lower case hex.
    pub digest: String,
    /// What kind of module it is.
    pub kind: GuestKind,
    /// Whether it is called.
    pub health: Health,
    /// Calls that came to nothing.
    pub failures: u64,
    /// Instances that there are.
    pub instances: usize,
}

enum Inner {
    Component(Arc<ComponentPlugin>),
    Extension(Arc<CompatPlugin>),
}

/// A loaded plugin.
pub struct Guest {
    digest: String,
    size: usize,
    inner: Inner,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Guest({:?})", self.status())
    }
}

impl Guest {
    pub(crate) fn component(digest: String, size: usize, plugin: ComponentPlugin) -> Self {
        Self { digest, size, inner: Inner::Component(Arc::new(plugin)) }
    }

    pub(crate) fn extension(digest: String, size: usize, plugin: CompatPlugin) -> Self {
        Self { digest, size, inner: Inner::Extension(Arc::new(plugin)) }
    }

    /// The plugin as the framework takes it, at the stages it has.
    pub fn instance(&self) -> Instance {
        match &self.inner {
            Inner::Component(plugin) => crate::component::instance(plugin),
            Inner::Extension(plugin) => plugin.instance(),
        }
    }

    /// SHA-256 of the module, in lower case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it is.
    pub fn about(&self) -> About {
        match &self.inner {
            Inner::Component(plugin) => plugin.about(&self.digest, self.size),
            Inner::Extension(plugin) => plugin.about(&self.digest, self.size),
        }
    }

    /// Whether it is called. Waits for no guest.
    pub fn health(&self) -> Health {
        let off = match &self.inner {
            Inner::Component(plugin) => plugin.switched_off(),
            Inner::Extension(plugin) => plugin.switched_off(),
        };
        off.map_or(Health::Serving, Health::SwitchedOff)
    }

    /// The objects it reads.
    pub fn declarations(&self) -> Declarations {
        match &self.inner {
            Inner::Component(plugin) => plugin.declarations(),
            Inner::Extension(_) => Declarations::default(),
        }
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        match &self.inner {
            Inner::Component(plugin) => Status {
                name: plugin.name().to_string(),
                digest: self.digest.clone(),
                kind: GuestKind::Component,
                health: plugin.switched_off().map_or(Health::Serving, Health::SwitchedOff),
                failures: plugin.failures(),
                instances: plugin.instances(),
            },
            Inner::Extension(plugin) => Status {
                name: plugin.name().to_string(),
                digest: self.digest.clone(),
                kind: GuestKind::Extension,
                health: plugin.switched_off().map_or(Health::Serving, Health::SwitchedOff),
                failures: plugin.failures(),
                instances: plugin.instances(),
            },
        }
    }

    /// Takes the place of `before`: what that one set aside, whom it keeps waiting and the state it saves are this one's
    /// from now on. To be called between two decisions.
    pub fn take_over(&self, before: &Self) {
        match (&self.inner, &before.inner) {
            (Inner::Component(new), Inner::Component(old)) => new.take_over(old),
            (Inner::Extension(new), Inner::Extension(old)) => new.take_over(old),
            // What one kind kept says nothing to the other.
            _ => {}
        }
    }
}
