//! LimitRanges: what containers ask for that do not say it, and what they may ask for.

mod bound;

use longshore_framework::resources::ResourceList;

use super::refused::Refused;
use crate::defaults::missing;
use crate::wire::Amounts;
use crate::wire::admission::{Limit, LimitRange};
use crate::wire::pod::PodSpec;
use crate::{meta, totals};

use bound::{Asked, within_max, within_min, within_ratio};

const CONTAINER: &str = "Container";
const POD: &str = "Pod";

/// The defaults of a limit: without `default` the `max`, without `defaultRequest` the `default`, then the `min`.
pub(super) fn fill_in(limit: &mut Limit) {
    if &*limit.r#type == CONTAINER {
        missing(&mut limit.default, &limit.max);
        missing(&mut limit.default_request, &limit.default);
        missing(&mut limit.default_request, &limit.min);
    }
}

/// Gives the containers the requests and limits that they do not say themselves. Of several limits of one range the last
/// counts, of several ranges the first.
pub(super) fn apply(range: &LimitRange, spec: &mut PodSpec) {
    let (mut limits, mut requests) = (Amounts::new(), Amounts::new());
    for limit in range.spec.limits.iter().filter(|l| &*l.r#type == CONTAINER) {
        limits.extend(limit.default.clone());
        requests.extend(limit.default_request.clone());
    }
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        missing(&mut container.resources.limits, &limits);
        missing(&mut container.resources.requests, &requests);
    }
}

/// Whether the pod and its containers keep to the bounds.
pub(super) fn check(range: &LimitRange, spec: &PodSpec) -> Result<(), Refused> {
    let mut faults = Vec::new();
    for limit in &range.spec.limits {
        match &*limit.r#type {
            CONTAINER => {
                for container in spec.containers.iter().chain(&spec.init_containers) {
                    let resources = &container.resources;
                    let requests = meta::reported(&resources.requests);
                    check_one(
                        limit,
                        &Asked { requests, limits: meta::reported(&resources.limits) },
                        &mut faults,
                    );
                }
            }
            POD => check_one(limit, &of_pod(spec), &mut faults),
            _ => {}
        }
    }
    match faults.as_slice() {
        [] => Ok(()),
        [one] => Err(Refused(one.clone())),
        many => Err(Refused(format!("[{}]", many.join(", ")))),
    }
}

fn check_one(limit: &Limit, asked: &Asked, faults: &mut Vec<String>) {
    let kind = &limit.r#type;
    let min = limit.min.iter().map(|(name, amount)| within_min(kind, name, amount.0, asked));
    let max = limit.max.iter().map(|(name, amount)| within_max(kind, name, amount.0, asked));
    let ratio = limit.max_limit_request_ratio.iter();
    let ratio = ratio.map(|(name, amount)| within_ratio(kind, name, amount.0, asked));
    for fault in min.chain(max).chain(ratio).filter_map(Result::err) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

/// What the pod asks for as a whole; of pod-level resources cpu and memory count.
fn of_pod(spec: &PodSpec) -> Asked {
    let (mut requests, mut limits) = (totals::requests(spec), totals::limits(spec));
    if let Some(resources) = &spec.resources {
        let over = |to: &mut ResourceList, from: &Amounts| {
            let from = from.iter().filter(|(name, _)| matches!(&***name, "cpu" | "memory"));
            from.for_each(|(name, amount)| to.set(name, amount.0));
        };
        over(&mut requests, &resources.requests);
        over(&mut limits, &resources.limits);
    }
    Asked { requests, limits }
}
