//! The quality of service that a pod is given, by Kubernetes' rules.

use super::{Amounts, RawPod, Resources};
use crate::Quantity;

/// Classes of quality of service, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// It requests no cpu and no memory.
    BestEffort,
    /// It requests some.
    Burstable,
    /// Every container has limits of both that are its requests.
    Guaranteed,
}

/// The resources that count.
const COUNTED: [&str; 2] = ["cpu", "memory"];

fn amount(of: &Amounts, name: &str) -> Quantity {
    of.get(name).copied().filter(|amount| *amount > Quantity::ZERO).unwrap_or_default()
}

impl RawPod {
    /// Its class: by the resources of the pod as a whole where it has such, else by those of all containers.
    pub fn quality(&self) -> Quality {
        let own: Vec<&Resources> = match &self.spec.resources {
            Some(own) if !own.requests.is_empty() || !own.limits.is_empty() => vec![own],
            _ => {
                let all = self.spec.containers.iter().chain(&self.spec.init_containers);
                all.map(|container| &container.resources).collect()
            }
        };
        let sum = |of: fn(&Resources) -> &Amounts, name: &str| {
            own.iter().fold(Quantity::ZERO, |sum, resources| sum.plus(amount(of(resources), name)))
        };
        let requests = COUNTED.map(|name| sum(|resources| &resources.requests, name));
        let limits = COUNTED.map(|name| sum(|resources| &resources.limits, name));
        if requests.iter().chain(&limits).all(|amount| amount.is_zero()) {
            return Quality::BestEffort;
        }
        let limited =
            own.iter().all(|resources| COUNTED.iter().all(|name| !amount(&resources.limits, name).is_zero()));
        if limited && requests == limits { Quality::Guaranteed } else { Quality::Burstable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(spec: Value, want: Quality) {
        let pod = RawPod::read(json!({"spec": spec}).to_string().as_bytes()).unwrap();
        assert_eq!(pod.quality(), want, "{spec}");
    }

    fn of(requests: Value, limits: Value) -> Value {
        json!({"resources": {"requests": requests, "limits": limits}})
    }

    #[test]
    fn classes_are_those_of_kubernetes() {
        let full = json!({"cpu": "1", "memory": "1Gi"});
        check(json!({"containers": [{}]}), Quality::BestEffort);
        check(json!({"containers": [of(json!({"cpu": "0"}), json!({}))]}), Quality::BestEffort);
        check(json!({"containers": [of(json!({"vendor.com/gpu": "1"}), json!({}))]}), Quality::BestEffort);
        check(json!({"containers": [of(json!({"cpu": "1"}), json!({}))]}), Quality::Burstable);
        check(json!({"containers": [of(json!({"cpu": "1"}), full.clone())]}), Quality::Guaranteed);
        check(json!({"containers": [of(json!({}), full.clone()), {}]}), Quality::Burstable);
        check(json!({"containers": [of(json!({"cpu": "500m"}), full.clone())]}), Quality::Burstable);
        let guaranteed = json!({"containers": [of(full.clone(), full.clone())]});
        check(guaranteed.clone(), Quality::Guaranteed);
        let mut with_init = guaranteed.clone();
        with_init["initContainers"] = json!([{}]);
        check(with_init, Quality::Burstable);
        let mut as_a_whole = json!({"containers": [{}]});
        as_a_whole["resources"] = json!({"requests": full, "limits": full});
        check(as_a_whole, Quality::Guaranteed);
    }
}
