//! NodeResourceTopologyMatchArgs.

use std::collections::BTreeMap;

use catalogue_common::Args;
use catalogue_common::args::resource;
use longshore_plugin::Error;
use serde_json::Value;

/// How zones are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    MostAllocated,
    BalancedAllocation,
    LeastAllocated,
    LeastNumaNodes,
}

/// Which pods a fingerprint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resync {
    /// As the object says.
    Autodetect,
    All,
    OnlyExclusiveResources,
}

/// What is remembered of pods that were given a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing: objects are read as they are.
    None,
    /// Their requests count on every zone, until the object knows of the pods; looked at every so many seconds.
    OverReserve {
        seconds: i64,
        resync: Resync,
        /// Whether an object counts at once when its settings changed.
        settings_too: bool,
    },
    /// Their nodes take no other pod until they are bound.
    DiscardReserved,
}

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) strategy: Strategy,
    /// Weights by resource; others weigh 1.
    pub(crate) weights: BTreeMap<String, i64>,
    pub(crate) memory: Memory,
}

const STRATEGIES: [(&str, Strategy); 4] = [
    ("MostAllocated", Strategy::MostAllocated),
    ("BalancedAllocation", Strategy::BalancedAllocation),
    ("LeastAllocated", Strategy::LeastAllocated),
    ("LeastNUMANodes", Strategy::LeastNumaNodes),
];

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "NodeResourceTopologyMatchArgs");
        let (strategy, weights) = strategy(&mut args);
        let seconds = args.int("cacheResyncPeriodSeconds", i64::MIN..=i64::MAX).unwrap_or(0);
        let discard = args.flag("discardReservedNodes").unwrap_or(false);
        let (resync, settings_too) = cache(&mut args);
        // Without effect: what evicting would free is judged by the object as it is.
        args.word("preemptionMode", &[("Disabled", ()), ("Enabled", ())]);
        args.finish()?;
        let memory = match (discard, seconds) {
            (true, _) => Memory::DiscardReserved,
            (false, 1..) => Memory::OverReserve { seconds, resync, settings_too },
            (false, _) => Memory::None,
        };
        Ok(Self { strategy, weights, memory })
    }
}

fn strategy(args: &mut Args<'_>) -> (Strategy, BTreeMap<String, i64>) {
    let given = args.value("scoringStrategy").is_some();
    let mut strategy = args.object("scoringStrategy");
    let kind = strategy.word("type", &STRATEGIES);
    if given && strategy.value("type").is_none() {
        let words: Vec<_> = STRATEGIES.iter().map(|(word, _)| *word).collect();
        strategy.report("type", &format!("is required: one of {}", words.join(", ")));
    }
    let resources = strategy.objects("resources").into_iter();
    let weights = resources.filter_map(|each| resource(each, i64::MIN..=i64::MAX));
    // A weight below 1 counts as 1.
    let weights = weights.map(|(name, weight)| (name, weight.unwrap_or(1).max(1))).collect();
    strategy.close();
    (kind.unwrap_or(Strategy::LeastAllocated), weights)
}

/// `cache`. What Longshore knows anyway is checked and without effect.
fn cache(args: &mut Args<'_>) -> (Resync, bool) {
    let mut cache = args.object("cache");
    cache.word("foreignPodsDetect", &[("None", ()), ("All", ()), ("OnlyExclusiveResources", ())]);
    cache.word("informerMode", &[("Shared", ()), ("Dedicated", ())]);
    let settings_too = cache.word("resyncScope", &[("All", true), ("OnlyResources", false)]);
    let resync = cache.word(
        "resyncMethod",
        &[
            ("Autodetect", Resync::Autodetect),
            ("All", Resync::All),
            ("OnlyExclusiveResources", Resync::OnlyExclusiveResources),
        ],
    );
    cache.close();
    (resync.unwrap_or(Resync::Autodetect), settings_too.unwrap_or(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_those_of_scheduler_plugins() {
        let read = |value: Value| Settings::read(&value).unwrap();
        let default = read(json!(null));
        assert_eq!((default.strategy, default.memory), (Strategy::LeastAllocated, Memory::None));
        let strategy = json!({"type": "LeastNUMANodes", "resources": [{"name": "cpu", "weight": 5}, {"name": "memory"}]});
        let set = read(
            json!({"scoringStrategy": strategy, "cacheResyncPeriodSeconds": 5, "cache": {"resyncMethod": "All"}}),
        );
        assert_eq!(set.strategy, Strategy::LeastNumaNodes);
        assert_eq!(set.weights, [("cpu".to_owned(), 5), ("memory".to_owned(), 1)].into());
        assert_eq!(set.memory, Memory::OverReserve { seconds: 5, resync: Resync::All, settings_too: true });
        let discard = read(
            json!({"cacheResyncPeriodSeconds": 5, "discardReservedNodes": true, "preemptionMode": "Disabled"}),
        );
        assert_eq!(discard.memory, Memory::DiscardReserved);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |value: Value, want: &str| {
            let error = Settings::read(&value).unwrap_err();
            assert_eq!(error.message(), want, "{value}");
        };
        let words = "MostAllocated, BalancedAllocation, LeastAllocated, LeastNUMANodes";
        check(
            json!({"scoringStrategy": {"type": "Least"}}),
            &format!("scoringStrategy.type: must be one of {words}, not \"Least\""),
        );
        check(json!({"scoringStrategy": {}}), &format!("scoringStrategy.type: is required: one of {words}"));
        check(
            json!({"cache": {"informerMode": "None"}}),
            "cache.informerMode: must be one of Shared, Dedicated, not \"None\"",
        );
    }
}
