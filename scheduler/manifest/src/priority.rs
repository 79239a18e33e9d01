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
#[derive(Clone, Debug, Default)]
struct Class {
    value: i32,
    policy: Str,
    global_default: bool,
}

/// The classes of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct PriorityClasses {
    known: BTreeMap<Str, Class>,
    /// Of classes that are not known, what their pods say.
    of_pods: BTreeMap<Str, Class>,
}

impl Default for PriorityClasses {
    fn default() -> Self {
        let class = |value| Class { value, ..Class::default() };
        let known = BUILT_IN.into_iter().map(|(name, value)| (name.into(), class(value))).collect();
        Self { known, of_pods: BTreeMap::new() }
    }
}

/// The class that a pod belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its name; empty when there is none.
    pub(crate) name: Str,
    /// The priority of its pods.
    pub(crate) value: i32,
    /// Their preemption policy; empty when it says none.
    pub(crate) policy: Str,
    /// What is to be said of a class that is not in the input.
    pub(crate) warning: Option<String>,
}

impl PriorityClasses {
    /// Takes a class; the built-in ones cannot be changed.
    pub(crate) fn add(&mut self, written: &wire::workload::PriorityClass) -> Result<(), ObjectError> {
        policy(&written.preemption_policy)?;
        let class = Class {
            value: written.value,
            policy: written.preemption_policy.clone(),
            global_default: written.global_default,
        };
        self.known.entry(meta::name(&written.metadata)?).or_insert(class);
        Ok(())
    }

    /// A pod that exists: it has the priority of its class.
    pub(crate) fn note(&mut self, spec: &wire::pod::PodSpec) {
        let name = &spec.priority_class_name;
        if let (Some(value), false, None) = (spec.priority, name.is_empty(), self.known.get(name)) {
            let class = || Class { value, policy: spec.preemption_policy.clone(), global_default: false };
            self.of_pods.entry(name.clone()).or_insert_with(class);
        }
    }

    /// The class of that name; without a name the global default.
    pub(crate) fn find(&self, name: &Str) -> Found {
        let found = |name: &Str, class: &Class, warning| Found {
            name: name.clone(),
            value: class.value,
            policy: class.policy.clone(),
            warning,
        };
        if name.is_empty() {
            let (name, class) = self.global_default().unwrap_or_default();
            return found(&name, &class, None);
        }
        if let Some(class) = self.known.get(name) {
            return found(name, class, None);
        }
        let missing = format!("no PriorityClass {} is in the input", quoted(name));
        match self.of_pods.get(name) {
            Some(class) => {
                let value = class.value;
                found(
                    name,
                    class,
                    Some(format!("{missing}; its pods in the input have priority {value}, so that is used")),
                )
            }
            None => {
                let fix = "priority 0 is used; add the class, or set priority";
                found(name, &Class::default(), Some(format!("{missing}, so {fix}")))
            }
        }
    }

    /// Of several global defaults the one of the lowest value, as the API server's admission has it.
    fn global_default(&self) -> Option<(Str, Class)> {
        let defaults = self.known.iter().filter(|(_, c)| c.global_default);
        defaults.min_by_key(|(_, c)| c.value).map(|(name, class)| (name.clone(), class.clone()))
    }
}

/// `preemptionPolicy`; nothing when none is given.
pub(crate) fn policy(written: &str) -> Result<Option<PreemptionPolicy>, ObjectError> {
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

    fn classes() -> PriorityClasses {
        let mut classes = PriorityClasses::default();
        for class in [
            json!({"metadata": {"name": "low"}, "value": -5, "preemptionPolicy": "Never"}),
            json!({"metadata": {"name": "usual"}, "value": 7, "globalDefault": true}),
            json!({"metadata": {"name": "system-node-critical"}, "value": 1}),
        ] {
            classes.add(&decode(&class).unwrap()).unwrap();
        }
        classes
    }

    #[track_caller]
    fn check(name: &str, pods: &[Value], want: (i32, &str), warning: Option<&str>) {
        let mut classes = classes();
        pods.iter().for_each(|spec| classes.note(&decode(spec).unwrap()));
        let found = classes.find(&name.into());
        assert_eq!(((found.value, &*found.policy), found.warning.as_deref()), (want, warning), "{name}");
    }

    #[test]
    fn a_class_gives_priority_and_policy() {
        check("low", &[], (-5, "Never"), None);
        check("system-node-critical", &[], (2_000_001_000, ""), None);
        check("", &[], (7, ""), None);
    }

    #[test]
    fn a_class_that_is_not_in_the_input_is_what_its_pods_say_it_is() {
        let warning = "no PriorityClass \"gold\" is in the input, so priority 0 is used; add the class, or set priority";
        check("gold", &[json!({"priorityClassName": "silver", "priority": 2})], (0, ""), Some(warning));
        let pods = [json!({"priorityClassName": "gold", "priority": 3, "preemptionPolicy": "Never"})];
        let warning = "no PriorityClass \"gold\" is in the input; its pods in the input have priority 3, so that is used";
        check("gold", &pods, (3, "Never"), Some(warning));
    }
}
