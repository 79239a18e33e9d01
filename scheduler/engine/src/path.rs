//! By which path a decision was made: from what is kept of the pod's class, or by the literal evaluator, and why.

use longshore_framework::profile::PluginId;
use longshore_framework::verdict::PluginError;

/// By which path a decision was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Path {
    /// Nothing was decided: the pod is being deleted, or has a node already.
    #[default]
    Untried,
    /// From what is kept of pods that are alike.
    Kept,
    /// Every plugin was asked about every node.
    Literal(Literal),
}

/// Why every plugin was asked about every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// The engine is told to decide so, or a trace is kept.
    AskedFor,
    /// No other pod of the class came before.
    FirstOfClass,
    /// There is no node, or no plugin that scores.
    NothingToKeep,
    /// The profile's search ends before it has seen all nodes.
    RestrictedSearch,
    /// Only the nodes of one topology domain are looked at, for the sake of the pod's group.
    Domain,
    /// An extender is interested in the pod.
    Extender,
    /// What this plugin says has to be asked every time.
    Uncacheable(PluginId),
    /// PreFilter of this plugin rejected the pod, or left several nodes but not all.
    PreFilter(PluginId),
    /// This plugin says that no other pod is like this one.
    UnlikeAny(PluginId),
    /// There is no room for what would be kept of the class.
    Crowded,
    /// Nodes differ so much for the class that groups of them save nothing.
    ManyGroups,
    /// The pod is promised a node, and PreFilter leaves only one; or it has volumes, and so has another that is promised one.
    Nominated,
    /// A plugin broke: the literal evaluator says how.
    Broken(String),
}

impl Path {
    /// The name by which metrics and `simulate` know it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Untried => "Untried",
            Self::Kept => "Kept",
            Self::Literal(why) => why.name(),
        }
    }

    /// The plugin that is the cause, if one is.
    pub fn plugin(&self) -> Option<PluginId> {
        match self {
            Self::Literal(
                Literal::Uncacheable(plugin) | Literal::PreFilter(plugin) | Literal::UnlikeAny(plugin),
            ) => Some(*plugin),
            _ => None,
        }
    }
}

impl Literal {
    fn name(&self) -> &'static str {
        match self {
            Self::AskedFor => "AskedFor",
            Self::FirstOfClass => "FirstOfClass",
            Self::NothingToKeep => "NothingToKeep",
            Self::RestrictedSearch => "RestrictedSearch",
            Self::Domain => "Domain",
            Self::Extender => "Extender",
            Self::Uncacheable(_) => "Uncacheable",
            Self::PreFilter(_) => "PreFilter",
            Self::UnlikeAny(_) => "UnlikeAny",
            Self::Crowded => "Crowded",
            Self::ManyGroups => "ManyGroups",
            Self::Nominated => "Nominated",
            Self::Broken(_) => "Broken",
        }
    }
}

impl From<PluginError> for Literal {
    fn from(error: PluginError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<String> for Literal {
    fn from(message: String) -> Self {
        Self::Broken(message)
    }
}
