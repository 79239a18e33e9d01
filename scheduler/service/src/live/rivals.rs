//! Labels of `longshore_lost_races_total`. Names of schedulers are what anybody writes into a pod, and extended resources
//! what anybody calls them: of both only so many become label values.

use std::collections::BTreeSet;

/// Schedulers that are told apart.
const TOLD_APART: usize = 16;
/// All others.
const OTHER: &str = "other";

/// Reasons of kubelets that are told apart.
const REASONS: [&str; 10] = [
    "NodeAffinity",
    "NodePorts",
    "OutOfcpu",
    "OutOfephemeral-storage",
    "OutOfmemory",
    "OutOfpods",
    "TaintToleration",
    "TopologyAffinityError",
    "UnexpectedAdmissionError",
    "VolumeAttachmentLimitExceeded",
];
/// Those of all resources that have no label value of their own.
const EXTENDED: &str = "OutOf-extended-resource";

/// The schedulers that races were lost to, the first ones by name.
#[derive(Debug, Default)]
pub(crate) struct Rivals(BTreeSet<String>);

impl Rivals {
    /// The label value for a scheduler.
    pub(crate) fn label<'n>(&mut self, name: &'n str) -> &'n str {
        if self.0.contains(name) {
            return name;
        }
        if self.0.len() >= TOLD_APART {
            return OTHER;
        }
        self.0.insert(name.to_string());
        name
    }
}

/// The label value for the kubelet's reason.
pub(crate) fn reason(of: &str) -> &'static str {
    match REASONS.into_iter().find(|known| *known == of) {
        Some(known) => known,
        None if of.starts_with("OutOf") => EXTENDED,
        None => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_bounded_whatever_pods_say() {
        let mut rivals = Rivals::default();
        let mut labels: BTreeSet<String> = BTreeSet::new();
        for n in 0..1000 {
            labels.insert(rivals.label(&format!("s{n}")).to_string());
        }
        assert_eq!(labels.len(), TOLD_APART + 1);
        assert_eq!((rivals.label("s3"), rivals.label("s999")), ("s3", OTHER));
        let reasons: BTreeSet<&str> = (0..1000).map(|n| reason(&format!("OutOfexample.com/r{n}"))).collect();
        assert_eq!(reasons.into_iter().collect::<Vec<_>>(), [EXTENDED]);
        assert_eq!((reason("OutOfcpu"), reason("x")), ("OutOfcpu", OTHER));
    }
}
