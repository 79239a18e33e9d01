//! What to say of pods that no profile decides.

use std::borrow::Borrow;

use longshore_framework::profile::Profile;

/// The scheduler names, as a list.
pub fn names(profiles: &[impl Borrow<Profile>]) -> String {
    profiles.iter().map(|p| &*p.borrow().scheduler_name).collect::<Vec<_>>().join(", ")
}

/// What to do about a pod whose scheduler name no profile has.
pub fn fix(profiles: &[impl Borrow<Profile>]) -> String {
    match profiles {
        [] => "give --config a file with a profile".to_string(),
        [first, ..] => {
            let name = &first.borrow().scheduler_name;
            format!(
                "decide it as well with --all-pods (profile {name}), or give it spec.schedulerName: {name}"
            )
        }
    }
}
