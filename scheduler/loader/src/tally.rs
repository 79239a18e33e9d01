//! What plugins did in a command that ends, for its last words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use longshore_wasm::{FailureKind, Observe};

/// Counts failures by plugin, and keeps the first of each.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    failures: BTreeMap<String, Failures>,
    /// Plugins whose failures the configuration ignores.
    ignored: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Failures {
    count: usize,
    first: String,
}

impl Tally {
    /// Failures of these plugins say nothing about the result.
    pub fn ignore(&self, plugins: BTreeSet<String>) {
        self.counts().ignored = plugins;
    }

    /// Whether a plugin failed whose answers were wanted: the result is not what it would be with them.
    pub fn spoils(&self) -> bool {
        let counts = self.counts();
        counts.failures.keys().any(|plugin| !counts.ignored.contains(plugin))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line for each plugin that failed.
    pub fn lines(&self) -> Vec<String> {
        let counts = self.counts();
        let line = |(plugin, Failures { count, first }): (&String, &Failures)| match count {
            1 => format!("plugin {plugin} failed: {first}"),
            _ => format!("plugin {plugin} failed {count} times, first: {first}"),
        };
        counts.failures.iter().map(line).collect()
    }
}

impl Observe for Tally {
    fn failed(&self, plugin: &str, stage: &'static str, kind: FailureKind, message: &str) {
        // That it is not asked any more follows from what it did before.
        if kind.is_unasked() {
            return;
        }
        let mut counts = self.counts();
        let of = counts.failures.entry(plugin.to_string()).or_default();
        if of.count == 0 {
            of.first = format!("{stage} ({kind}): {message}");
        }
        of.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_stands_for_all() {
        let tally = Tally::default();
        tally.failed("ZonePack", "Filter", FailureKind::Trap, "unreachable");
        tally.failed("Gang", "Permit", FailureKind::Timeout, "too long");
        tally.failed("ZonePack", "Score", FailureKind::Answer, "wrong length");
        tally.failed("ZonePack", "Score", FailureKind::Breaker, "switched off");
        assert_eq!(
            tally.lines(),
            [
                "plugin Gang failed: Permit (timeout): too long",
                "plugin ZonePack failed 2 times, first: Filter (trap): unreachable",
            ]
        );
        assert!(tally.spoils());
        tally.ignore(["ZonePack".to_string()].into());
        assert!(tally.spoils());
        tally.ignore(["ZonePack".to_string(), "Gang".to_string()].into());
        assert!(!tally.spoils());
    }
}
