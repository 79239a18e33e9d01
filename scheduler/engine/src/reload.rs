//! Other profiles from one decision to the next.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::extender::Extender;
use longshore_framework::port::Effect;
use longshore_framework::profile::Profile;
use thiserror::Error;

use crate::engine::Engine;
use crate::extenders::Extenders;
use crate::failure::Failure;
use crate::reservation::Phase;

/// The new profiles are not for the same schedulers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the profiles are for {after} where they were for {before}; restart to change schedulerName")]
pub struct OtherProfiles {
    before: String,
    after: String,
}

impl Engine {
    /// Takes `profiles` in place of those it has; they have the same scheduler names in the same order. What is being
    /// bound is bound as it was decided. What waits for Permit is turned away, because the plugin that holds it is gone,
    /// and every waiting pod is tried again, because nobody knows what the new plugins say of it.
    ///
    /// # Errors
    /// The scheduler names are others; nothing is changed then.
    pub fn set_profiles(
        &mut self,
        mut profiles: Vec<Profile>,
        extenders: &[Arc<dyn Extender>],
    ) -> Result<Vec<Effect>, OtherProfiles> {
        let before = names(self.profiles.iter().map(|p| &p.scheduler_name));
        let after = names(profiles.iter().map(|p| &p.scheduler_name));
        if before != after {
            return Err(OtherProfiles { before, after });
        }
        let effects = self.turn_away_all();
        self.extenders = Extenders::install(extenders, &mut profiles);
        self.profiles = profiles.into_iter().map(Arc::new).collect();
        let (queue, rules) = self.queue_and_rules();
        queue.start_over(&rules);
        Ok(effects)
    }

    fn turn_away_all(&mut self) -> Vec<Effect> {
        let waiting = self.reservations.iter().filter(|(_, h)| matches!(h.phase, Phase::Waiting(_)));
        let mut uids: Vec<Str> = waiting.map(|(uid, _)| Arc::clone(uid)).collect();
        uids.sort_unstable();
        let mut effects = Vec::new();
        for uid in uids {
            let failure = Failure::broken("waiting on permit for pod: the configuration changed".to_string());
            self.send_back(&uid, failure, &mut effects);
        }
        effects
    }
}

fn names<'n>(names: impl Iterator<Item = &'n Str>) -> String {
    names.map(|n| &**n).collect::<Vec<_>>().join(", ")
}
