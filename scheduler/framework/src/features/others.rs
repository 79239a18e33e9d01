//! Gates of other components of Kubernetes, whose flags a command line may share with kube-scheduler's.

use super::minor::Minor;

/// Name, then what it is in 1.36 and in 1.37: `on` or `off` by default, `always` or `never` changed, `-` not there; then what it
/// needs, with commas between.
const KNOWN: &str = include_str!("known.txt");

/// The default of a gate that `minor` knows and scheduling does not read, and whether it is locked to it. `None`: there is no
/// such gate. 1.38 is taken to have those of 1.37.
pub fn is_known_elsewhere(name: &str, minor: Minor) -> Option<(bool, bool)> {
    let mut lines = KNOWN.lines().filter(|line| !line.starts_with('#'));
    let states = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    state(states, minor)
}

/// Gates that `minor` knows, that scheduling does not read and that need others, with these.
pub(super) fn with_needs(minor: Minor) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    KNOWN.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let (name, states) = line.split_once(' ')?;
        let needs = states.split(' ').nth(2)?;
        state(states, minor).map(|_| (name, needs.split(',').collect()))
    })
}

fn state(states: &str, minor: Minor) -> Option<(bool, bool)> {
    let state = states.split(' ').nth(minor.column().min(1))?;
    match state {
        "on" => Some((true, false)),
        "off" => Some((false, false)),
        "always" => Some((true, true)),
        "never" => Some((false, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Gate;

    #[test]
    fn the_table_can_be_read_and_agrees_with_the_one_of_scheduling() {
        for line in KNOWN.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let states = ["on", "off", "always", "never", "-"];
            assert!((3..=4).contains(&words.len()), "{line}");
            assert!(words[1..3].iter().all(|w| states.contains(w)), "{line}");
            let Some(gate) = Gate::find(words[0]) else { continue };
            for minor in [Minor::V1_36, Minor::V1_37] {
                let here = gate.spec(minor).map(|spec| (spec.default, spec.locked));
                assert_eq!(is_known_elsewhere(words[0], minor), here, "{line} in {minor}");
            }
        }
    }
}
