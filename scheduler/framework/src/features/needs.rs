//! Gates that depend on others: one that is on while what it needs is off is refused (`featuregate`, `AddDependencies`).

use super::gates::Gate;
use super::minor::Minor;
use super::others;

/// A gate that is on, and what it needs and is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unmet {
    pub(super) name: &'static str,
    pub(super) missing: Vec<&'static str>,
}

/// Every gate of `minor` that is on while one that it needs is off, by name. `on` says what a gate is or was to be, where that is
/// known.
pub(super) fn unmet(minor: Minor, on: impl Fn(&str) -> Option<bool>) -> Vec<Unmet> {
    let scheduling = Gate::ALL.iter().copied().filter(|gate| gate.spec(minor).is_some());
    let scheduling =
        scheduling.map(|gate| (gate.name(), gate.needs().iter().map(|need| need.name()).collect()));
    let all = scheduling.chain(others::with_needs(minor));
    let mut found: Vec<Unmet> = all.filter_map(|(name, needs)| check(minor, name, needs, &on)).collect();
    found.sort_by_key(|unmet| unmet.name);
    found
}

fn check(
    minor: Minor,
    name: &'static str,
    needs: Vec<&'static str>,
    on: impl Fn(&str) -> Option<bool>,
) -> Option<Unmet> {
    if on(name) != Some(true) {
        return None;
    }
    // A gate that is gone is part of Kubernetes, or its feature is: nothing depends on it any more.
    let is_missing = |need: &&str| is_there(minor, need) && on(need) == Some(false);
    let mut missing: Vec<&str> = needs.into_iter().filter(is_missing).collect();
    missing.sort_unstable();
    (!missing.is_empty()).then_some(Unmet { name, missing })
}

fn is_there(minor: Minor, name: &str) -> bool {
    match Gate::find(name) {
        Some(gate) => gate.spec(minor).is_some(),
        None => others::is_known_elsewhere(name, minor).is_some(),
    }
}
