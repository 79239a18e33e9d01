//! PreemptionTolerationArgs, which are DefaultPreemptionArgs.

use catalogue_common::Args;
use longshore_plugin::Error;
use serde_json::Value;

/// The arguments, defaults filled in.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// So many candidates are enough, in hundredths of the nodes.
    percentage: i64,
    /// The fewest that are enough.
    absolute: i64,
}

impl Settings {
    pub(crate) fn read(value: &Value) -> Result<Self, Error> {
        let mut args = Args::of(value, "PreemptionTolerationArgs");
        let percentage = args.int("minCandidateNodesPercentage", 0..=100).unwrap_or(10);
        let absolute = args.int("minCandidateNodesAbsolute", 0..=i64::from(i32::MAX)).unwrap_or(100);
        if (percentage, absolute) == (0, 0) {
            args.report("minCandidateNodesAbsolute", "cannot be 0 together with minCandidateNodesPercentage");
        }
        args.finish()?;
        Ok(Self { percentage, absolute })
    }

    /// How many candidates are enough among so many nodes.
    pub(crate) fn enough(&self, nodes: usize) -> usize {
        let part = (nodes as i64).saturating_mul(self.percentage) / 100;
        usize::try_from(part.max(self.absolute)).unwrap_or(0).min(nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_those_of_default_preemption() {
        let default = Settings::read(&json!(null)).unwrap();
        assert_eq!([50, 500, 5000].map(|nodes| default.enough(nodes)), [50, 100, 500]);
        let few = json!({"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 3});
        assert_eq!(Settings::read(&few).unwrap().enough(500), 3);
        let none = json!({"minCandidateNodesPercentage": 0, "minCandidateNodesAbsolute": 0});
        let error = Settings::read(&none).unwrap_err();
        assert!(error.message().starts_with("minCandidateNodesAbsolute: cannot be 0"), "{error:?}");
        let error = Settings::read(&json!({"minCandidateNodesPercentage": 101})).unwrap_err();
        assert_eq!(
            error.message(),
            "minCandidateNodesPercentage: must be a whole number from 0 to 100, not 101"
        );
    }
}
