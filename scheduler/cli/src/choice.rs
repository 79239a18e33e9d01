//! Which profile decides which pods.

use longshore_framework::profile::Profile;
use longshore_simulation::choice::names;

use crate::args::choice::ChoiceArgs;
use crate::exit::UsageError;

/// Leaves only the profile that was asked for; whether it takes pods of any scheduler name. Without a configuration it
/// always does.
///
/// # Errors
/// There is no profile of that name.
pub(crate) fn choose(
    args: &ChoiceArgs,
    has_config: bool,
    profiles: &mut Vec<Profile>,
) -> Result<bool, UsageError> {
    if let Some(wanted) = &args.profile {
        if !profiles.iter().any(|p| *p.scheduler_name == **wanted) {
            let hint = if has_config { "" } else { "; --config FILE brings others" };
            let message =
                format!("--profile {wanted}: there is no such profile, only {}{hint}", names(profiles));
            return Err(UsageError(message));
        }
        profiles.retain(|p| *p.scheduler_name == **wanted);
    }
    Ok(args.all_pods || !has_config)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for a profile of `a` and `b`; what is left of them and who takes all pods, or the error.
    #[track_caller]
    fn check(profile: Option<&str>, all_pods: bool, has_config: bool, want: Result<(&str, bool), &str>) {
        let args = ChoiceArgs { profile: profile.map(str::to_string), all_pods };
        let mut profiles = vec![Profile::new("a"), Profile::new("b")];
        let chosen = choose(&args, has_config, &mut profiles).map_err(|e| e.to_string());
        let found = chosen.map(|all| (names(&profiles), all));
        assert_eq!(found, want.map(|(names, all)| (names.to_string(), all)).map_err(str::to_string));
    }

    #[test]
    fn one_profile_may_decide_alone_and_may_take_all_pods() {
        check(None, false, true, Ok(("a, b", false)));
        check(None, true, true, Ok(("a, b", true)));
        check(Some("b"), false, true, Ok(("b", false)));
        check(Some("b"), true, true, Ok(("b", true)));
        check(None, false, false, Ok(("a, b", true)));
        check(Some("c"), false, true, Err("--profile c: there is no such profile, only a, b"));
        check(
            Some("c"),
            false,
            false,
            Err("--profile c: there is no such profile, only a, b; --config FILE brings others"),
        );
    }
}
