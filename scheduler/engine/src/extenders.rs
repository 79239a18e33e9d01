//! The extenders of an engine, and their place among the plugins.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::event::EventPattern;
use longshore_framework::extender::{EXTENDER, Extender};
use longshore_framework::plugin::Plugin;
use longshore_framework::pod::Pod;
use longshore_framework::profile::{PluginId, Profile};
use longshore_framework::registry::Instance;

/// Extenders in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct Extenders(Vec<Arc<dyn Extender>>);

/// An extender as a plugin that takes part in no stage, so that it has an id and a name. The one called
/// [`EXTENDER`] stands for all of them among those who rejected a pod: nothing is known of what an extender looks at, so
/// every event wakes the pod.
struct Named(Str);

impl Plugin for Named {
    fn name(&self) -> &str {
        &self.0
    }

    fn events(&self) -> Vec<EventPattern> {
        if &*self.0 == EXTENDER { vec![EventPattern::ANY] } else { Vec::new() }
    }
}

impl Extenders {
    /// Orders the extenders, the ignorable ones last, and gives each a name in every profile.
    pub(crate) fn install(given: &[Arc<dyn Extender>], profiles: &mut [Profile]) -> Self {
        let (ignorable, mut ordered): (Vec<_>, Vec<_>) =
            given.iter().cloned().partition(|e| e.is_ignorable());
        ordered.extend(ignorable);
        for profile in profiles.iter_mut().filter(|_| !ordered.is_empty()) {
            for name in std::iter::once(EXTENDER).chain(ordered.iter().map(|e| e.name())) {
                profile.add(Instance::of(Named(name.into())).build());
            }
        }
        Self(ordered)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any filters or scores.
    pub(crate) fn filter_or_score(&self) -> bool {
        self.0.iter().any(|e| e.is_filter() || e.is_prioritizer())
    }

    /// Those that are asked about the pod, with the ids they have in `profile`.
    pub(crate) fn interested<'a>(
        &'a self,
        profile: &Profile,
        pod: &'a Pod,
    ) -> impl Iterator<Item = (PluginId, &'a Arc<dyn Extender>)> {
        let first = self.all(profile).map_or(0, |all| all.0.saturating_add(1));
        (first..).map(PluginId).zip(&self.0).filter(|(_, e)| e.is_interested(pod))
    }

    /// The id that stands for all of them; `None` when there is none.
    pub(crate) fn all(&self, profile: &Profile) -> Option<PluginId> {
        if self.is_empty() { None } else { profile.id(EXTENDER) }
    }

    /// Names of those that are asked to bind the pod.
    pub(crate) fn binders(&self, pod: &Pod) -> Vec<Str> {
        let bind = self.0.iter().filter(|e| e.is_binder() && e.is_interested(pod));
        bind.map(|e| e.name().into()).collect()
    }
}
