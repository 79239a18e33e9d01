//! `bindTimeoutSeconds` of each profile, for those who wait for volumes.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::profile::Profile;
use rustc_hash::FxHashMap;

/// How long PreBind waits for volumes where nothing else is said.
const DEFAULT: Duration = Duration::from_secs(600);

/// By scheduler name. Clones are one; a reload changes it for every wait that begins from then on.
#[derive(Clone, Debug, Default)]
pub(crate) struct BindTimeouts(Arc<RwLock<FxHashMap<Str, Duration>>>);

impl BindTimeouts {
    /// Those of these profiles from now on.
    pub(crate) fn set(&self, profiles: &[Arc<Profile>]) {
        let seconds = |profile: &Profile| {
            let args = &profile.plugin(profile.id("VolumeBinding")?).args;
            args["bindTimeoutSeconds"].as_u64().map(Duration::from_secs)
        };
        let of = profiles.iter().filter_map(|p| Some((Arc::clone(&p.scheduler_name), seconds(p)?))).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = of;
    }

    /// That of the profile with this scheduler name.
    pub(crate) fn for_scheduler(&self, scheduler: &str) -> Duration {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(scheduler).copied().unwrap_or(DEFAULT)
    }
}
