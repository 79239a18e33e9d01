//! Other profiles and settings from one decision to the next.

use std::sync::Arc;
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::extender::Extender;
use longshore_framework::port::Effect;
use longshore_framework::profile::Profile;
use longshore_framework::registry::Stage;
use thiserror::Error;

use super::Engine;
use super::failure::Failure;
use crate::extenders::Extenders;
use crate::groups;
use crate::options::{Options, Parallelism};
use crate::pods::reservation::Phase;
use crate::pods::{Hold, OnNode};

/// The new profiles are not for the same schedulers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the profiles are for {after} where they were for {before}; restart to change schedulerName")]
pub struct OtherProfiles {
    before: String,
    after: String,
}

impl Engine {
    /// Whether [`set_profiles`](Self::set_profiles) would take them.
    ///
    /// # Errors
    /// The scheduler names are others.
    pub fn accepts_profiles(&self, profiles: &[Profile]) -> Result<(), OtherProfiles> {
        let before = names(self.profiles.iter().map(|p| &p.scheduler_name));
        let after = names(profiles.iter().map(|p| &p.scheduler_name));
        if before == after { Ok(()) } else { Err(OtherProfiles { before, after }) }
    }

    /// Takes `profiles` in place of those it has; they have the same scheduler names in the same order. What is being
    /// bound is bound as it was decided, by the plugins that decided it. So is what waits for Permit, as long as every
    /// plugin it waits for is still there to let it go; else it is turned away. Every other waiting pod is tried again,
    /// because nobody knows what the new plugins say of it.
    ///
    /// # Errors
    /// The scheduler names are others; nothing is changed then.
    pub fn set_profiles(
        &mut self,
        mut profiles: Vec<Profile>,
        extenders: &[Arc<dyn Extender>],
    ) -> Result<Vec<Effect>, OtherProfiles> {
        self.accepts_profiles(&profiles)?;
        let mut effects = self.turn_away_orphans(&profiles);
        groups::install(&mut profiles);
        self.extenders = Extenders::install(extenders, &mut profiles);
        self.cache.declare_metrics(profiles.iter().flat_map(super::metrics_of));
        self.profiles = profiles.into_iter().map(Arc::new).collect();
        self.classes.clear();
        self.timers.start_over();
        self.recoveries.clear();
        let (queue, pods, rules) = self.queue_parts();
        queue.start_over(pods, &rules);
        self.meet_requests(&mut effects);
        Ok(effects)
    }

    /// How long failed pods stay away from now on. Those that are away come back when they were to.
    pub fn set_backoff(&mut self, initial: Duration, max: Duration) {
        (self.options.initial_backoff, self.options.max_backoff) = (initial, max);
        self.queue.set_backoff(initial, max);
    }

    /// How work over nodes is split from now on.
    pub fn set_parallelism(&mut self, parallelism: Parallelism) {
        self.options.parallelism = parallelism;
    }

    /// What it was told at the start, or since.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Turns away the pods that wait for a plugin that `profiles` do not have at Permit.
    fn turn_away_orphans(&mut self, profiles: &[Profile]) -> Vec<Effect> {
        let orphans = self.pods.reserved().filter(|(_, on, _)| is_orphan(on, profiles));
        let mut orphans: Vec<(Str, usize)> =
            orphans.map(|(number, on, _)| (Arc::clone(&on.pod.meta.uid), number)).collect();
        orphans.sort_unstable();
        let mut effects = Vec::new();
        for (_, number) in orphans {
            let failure = Failure::broken("waiting on permit for pod: the configuration changed".to_string());
            self.send_back(number, failure, &mut effects);
        }
        effects
    }
}

fn is_orphan(on: &OnNode, profiles: &[Profile]) -> bool {
    let Hold::Reserved(Phase::Waiting(waits, _), held) = &on.hold else { return false };
    let Some(new) = profiles.get(held.queued.profile) else { return true };
    let holds = |name: &str| new.id(name).is_some_and(|id| new.stage(Stage::Permit).contains(&id));
    let is_held = |name: &str| name == groups::NAME || holds(name);
    !waits.iter().all(|wait| is_held(held.profile.name(wait.plugin)))
}

fn names<'n>(names: impl Iterator<Item = &'n Str>) -> String {
    names.map(|n| &**n).collect::<Vec<_>>().join(", ")
}
