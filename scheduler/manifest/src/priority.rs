//! PriorityClasses: the priority and preemption policy of pods that name a class.

use std::collections::BTreeMap;

use longshore_framework::Str;
use longshore_framework::pod::PreemptionPolicy;

use crate::error::{ObjectError, quoted};
use crate::selectors::unknown;
use crate::{meta, wire};

/// The classes every cluster has.
const BUILT_IN: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// What a class gives.
#[derive(Clone, Copy, Debug)]
struct Class {
    value: i32,
    policy: PreemptionPolicy,
    global_default: bool,
}

/// The classes of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct PriorityClasses(BTreeMap<Str, Class>);

impl Default for PriorityClasses {
    fn default() -> Self {
        let class = |value| Class { value, policy: PreemptionPolicy::default(), global_default: false };
        Self(BUILT_IN.into_iter().map(|(name, value)| (name.into(), class(value))).collect())
    }
}

impl PriorityClasses {
    /// Takes a class; the built-in ones cannot be changed.
    pub(crate) fn add(&mut self, written: &wire::workload::PriorityClass) -> Result<(), ObjectError> {
        let class = Class {
            value: written.value,
            policy: policy(&written.preemption_policy)?.unwrap_or_default(),
            global_default: written.global_default,
        };
        self.0.entry(meta::name(&written.metadata)?).or_insert(class);
        Ok(())
    }

    /// Priority and preemption policy of a pod. What the spec says itself stands; a class is looked up only for a spec
    /// without priority, the global default only for pods that no API server has seen.
    pub(crate) fn resolve(
        &self,
        spec: &wire::pod::PodSpec,
        hand_written: bool,
    ) -> Result<(i32, PreemptionPolicy), ObjectError> {
        let own = policy(&spec.preemption_policy)?;
        if let Some(priority) = spec.priority {
            return Ok((priority, own.unwrap_or_default()));
        }
        let class = match &*spec.priority_class_name {
            "" if hand_written => self.global_default(),
            "" => None,
            name => Some(*self.0.get(name).ok_or_else(|| {
                let message =
                    format!("no PriorityClass {} is among the objects; add it or set priority", quoted(name));
                ObjectError::of("priorityClassName", message)
            })?),
        };
        let (value, policy) = class.map_or((0, PreemptionPolicy::default()), |c| (c.value, c.policy));
        Ok((value, own.unwrap_or(policy)))
    }

    /// Of several global defaults the one of the lowest value, as the API server's admission has it.
    fn global_default(&self) -> Option<Class> {
        self.0.values().filter(|c| c.global_default).min_by_key(|c| c.value).copied()
    }
}

fn policy(written: &str) -> Result<Option<PreemptionPolicy>, ObjectError> {
    Ok(match written {
        "" => None,
        "PreemptLowerPriority" => Some(PreemptionPolicy::PreemptLowerPriority),
        "Never" => Some(PreemptionPolicy::Never),
        other => return Err(unknown("preemptionPolicy", other, "PreemptLowerPriority or Never")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(spec: Value, hand_written: bool, want: Result<(i32, PreemptionPolicy), &str>) {
        let mut classes = PriorityClasses::default();
        for class in [
            json!({"metadata": {"name": "low"}, "value": -5, "preemptionPolicy": "Never"}),
            json!({"metadata": {"name": "usual"}, "value": 7, "globalDefault": true}),
            json!({"metadata": {"name": "system-node-critical"}, "value": 1}),
        ] {
            classes.add(&decode(&class).unwrap()).unwrap();
        }
        let found = classes.resolve(&decode(&spec).unwrap(), hand_written).map_err(|e| e.to_string());
        assert_eq!(found, want.map_err(str::to_string), "{spec}");
    }

    #[test]
    fn a_class_gives_priority_and_policy() {
        check(json!({"priorityClassName": "low"}), true, Ok((-5, PreemptionPolicy::Never)));
        check(
            json!({"priorityClassName": "system-node-critical"}),
            true,
            Ok((2_000_001_000, PreemptionPolicy::PreemptLowerPriority)),
        );
    }

    #[test]
    fn what_the_spec_says_stands() {
        let spec = json!({"priorityClassName": "unknown", "priority": 3, "preemptionPolicy": "Never"});
        check(spec, false, Ok((3, PreemptionPolicy::Never)));
    }

    #[test]
    fn the_global_default_is_for_hand_written_pods() {
        check(json!({}), true, Ok((7, PreemptionPolicy::PreemptLowerPriority)));
        check(json!({}), false, Ok((0, PreemptionPolicy::PreemptLowerPriority)));
    }

    #[test]
    fn an_unknown_class_is_a_problem() {
        check(
            json!({"priorityClassName": "gold"}),
            true,
            Err("priorityClassName: no PriorityClass \"gold\" is among the objects; add it or set priority"),
        );
    }
}
