//! `--feature-gates`: which there are, and what setting one does here.
//!
//! Longshore has no gates of its own: it decides as Kubernetes 1.36 does with its defaults. A gate that Kubernetes knows is
//! accepted, so that a command line of kube-scheduler starts; what asks for something else than that is named in the log.

use std::fmt;

use super::values::go_bool;

/// Name, then state in 1.36 and 1.37.
const KNOWN: &str = include_str!("gates/known.txt");

/// Gates that stand for many.
const ALL: [&str; 2] = ["AllAlpha", "AllBeta"];

/// The component whose gates these are, which need not be named.
const COMPONENT: &str = "kube";

/// A gate that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// On or off.
    pub value: bool,
    /// As it is in 1.36 by default; `None` where 1.36 does not know it.
    pub default: Option<bool>,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, default } = self;
        write!(f, "--feature-gates={name}={value}: ")?;
        match default {
            Some(default) if default == value => {
                write!(f, "the default of Kubernetes 1.36, which is followed")
            }
            Some(default) => write!(
                f,
                "accepted without effect: the default of Kubernetes 1.36 is followed, {name}={default}"
            ),
            None => write!(f, "accepted without effect: the defaults of Kubernetes 1.36 are followed"),
        }
    }
}

/// `NAME=true`, or `kube:NAME=true`.
///
/// # Errors
/// What kube-scheduler says of it.
pub(super) fn gate(text: &str) -> Result<Gate, String> {
    let (component, pair) = text.split_once(':').unwrap_or((COMPONENT, text));
    if component.trim() != COMPONENT {
        return Err(format!("component not registered: {}", component.trim()));
    }
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.trim();
    if !pair.contains('=') {
        return Err(format!("missing bool value for {name}"));
    }
    let value = go_bool(value.trim())
        .map_err(|error| format!("invalid value of {name}={}, err: {error}", value.trim()))?;
    let Some(state) = state(name) else { return Err(format!("unrecognized feature gate: {name}")) };
    let default = match state {
        "on" | "always" => Some(true),
        "off" | "never" => Some(false),
        _ => None,
    };
    if let ("always" | "never", Some(locked)) = (state, default.filter(|locked| *locked != value)) {
        return Err(format!("cannot set feature gate {name} to {value}, feature is locked to {locked}"));
    }
    Ok(Gate { name: name.to_string(), value, default })
}

/// What the gate is in 1.36.
fn state(name: &str) -> Option<&'static str> {
    if ALL.contains(&name) {
        return Some("off");
    }
    let mut lines = KNOWN.lines().filter(|line| !line.starts_with('#'));
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.split(' ').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let said = gate(text).map_or_else(|error| error, |gate| gate.to_string());
        assert!(said.contains(want), "{said}");
    }

    #[test]
    fn what_kubernetes_knows_is_accepted_with_a_line() {
        check(
            "SchedulerPopFromBackoffQ=true",
            "--feature-gates=SchedulerPopFromBackoffQ=true: the default of",
        );
        check(
            "kube:GenericWorkload=1",
            "accepted without effect: the default of Kubernetes 1.36 is followed, GenericWorkload=false",
        );
        check("AllAlpha=true", "AllAlpha=false");
        check("CompositePodGroup=true", "the defaults of Kubernetes 1.36");
        check("DynamicResourceAllocation=true", "which is followed");
    }

    #[test]
    fn the_rest_is_refused_in_kubernetes_words() {
        check("NoSuchGate=true", "unrecognized feature gate: NoSuchGate");
        check("Scheduler=true", "unrecognized feature gate: Scheduler");
        check("GenericWorkload", "missing bool value for GenericWorkload");
        check(
            "GenericWorkload=yes",
            "invalid value of GenericWorkload=yes, err: strconv.ParseBool: parsing \"yes\": invalid syntax",
        );
        check("wardle:X=true", "component not registered: wardle");
        check(
            "DynamicResourceAllocation=false",
            "cannot set feature gate DynamicResourceAllocation to false, feature is locked to true",
        );
    }

    #[test]
    fn the_table_can_be_read() {
        for line in KNOWN.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let states = ["on", "off", "always", "never", "-"];
            assert!(words.len() == 3 && words[1..].iter().all(|w| states.contains(w)), "{line}");
        }
    }
}
