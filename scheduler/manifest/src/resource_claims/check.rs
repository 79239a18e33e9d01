//! What an API server refuses of a new ResourceClaim or of a template of one (`pkg/apis/resource/validation`).

use crate::devices::check::{MOST_ENTRIES, configurations, qualified, selectors};
use crate::error::{ObjectError, Within, quoted};
use crate::selectors::unknown;
use crate::valid::{
    at_most, ensure, formed, is_dns_label, is_dns_subdomain, is_label_key, is_label_value, unique,
};
use crate::wire::devices as written;

type Result<T> = std::result::Result<T, ObjectError>;

/// Requests of a claim, at most.
const MOST_REQUESTS: usize = 32;
/// Alternatives of a request, at most.
const MOST_ALTERNATIVES: usize = 8;
const MOST_TOLERATIONS: usize = 16;

/// What is asked for by a new claim.
pub(super) fn devices(devices: &written::ClaimDevices) -> Result<()> {
    at_most(devices.requests.len(), MOST_REQUESTS, "requests")?;
    for (at, of) in devices.requests.iter().enumerate() {
        request(of).within_item("requests", at)?;
    }
    unique(devices.requests.iter().map(|r| &*r.name), "requests", "name")?;
    at_most(devices.constraints.len(), MOST_ENTRIES, "constraints")?;
    for (at, of) in devices.constraints.iter().enumerate() {
        constraint(of).and_then(|()| named(&of.requests, devices)).within_item("constraints", at)?;
    }
    configurations(&devices.config)?;
    for (at, of) in devices.config.iter().enumerate() {
        named(&of.requests, devices).within_item("config", at)?;
    }
    Ok(())
}

fn request(request: &written::Request) -> Result<()> {
    formed(&request.name, is_dns_label, "name", "gpu")?;
    let misplaced = request.exactly.is_none() && !request.device_class_name.is_empty();
    let message = "stands in the request itself only in resource.k8s.io/v1beta1; write it, and what belongs to it, under exactly";
    ensure(!misplaced, "deviceClassName", message)?;
    let one = request.exactly.is_some() == request.first_available.is_empty();
    ensure(one, "", "must have exactly one of exactly and firstAvailable")?;
    if let Some(exactly) = &request.exactly {
        return wish(exactly).within("exactly");
    }
    at_most(request.first_available.len(), MOST_ALTERNATIVES, "firstAvailable")?;
    for (at, alternative) in request.first_available.iter().enumerate() {
        let checked = formed(&alternative.name, is_dns_label, "name", "large");
        checked.and_then(|()| wish(alternative)).within_item("firstAvailable", at)?;
    }
    unique(request.first_available.iter().map(|w| &*w.name), "firstAvailable", "name")
}

fn wish(wish: &written::Wish) -> Result<()> {
    formed(&wish.device_class_name, is_dns_subdomain, "deviceClassName", "gpu.example.com")?;
    selectors(&wish.selectors)?;
    let counts = &*wish.allocation_mode == "All" && wish.count.is_some_and(|count| count != 0);
    ensure(!counts, "count", "must not be given with allocationMode: All")?;
    at_most(wish.tolerations.len(), MOST_TOLERATIONS, "tolerations")?;
    for (at, of) in wish.tolerations.iter().enumerate() {
        toleration(of).within_item("tolerations", at)?;
    }
    let requests = wish.capacity.as_ref().map(|capacity| &capacity.requests);
    for name in requests.into_iter().flat_map(|requests| requests.keys()) {
        qualified(name, name).within("capacity.requests")?;
    }
    Ok(())
}

fn toleration(toleration: &written::Toleration) -> Result<()> {
    let key = toleration.key.is_empty() || is_label_key(&toleration.key);
    ensure(key, "key", "must be a name like example.com/broken, or nothing for all")?;
    match &*toleration.operator {
        "Exists" => {
            ensure(toleration.value.is_empty(), "value", "must be empty with operator Exists")?;
        }
        _ => ensure(is_label_value(&toleration.value), "value", "must be what the value of a label may be")?,
    }
    match &*toleration.effect {
        "" | "NoSchedule" | "NoExecute" | "None" => Ok(()),
        other => Err(unknown("effect", other, "NoSchedule, NoExecute, None or nothing")),
    }
}

fn constraint(constraint: &written::Constraint) -> Result<()> {
    let (attribute, field) = match (&constraint.match_attribute, &constraint.distinct_attribute) {
        (Some(name), None) => (name, "matchAttribute"),
        (None, Some(name)) => (name, "distinctAttribute"),
        _ => return Err(ObjectError::new("must have exactly one of matchAttribute and distinctAttribute")),
    };
    let message = "must be a name with its domain, such as gpu.example.com/model";
    ensure(attribute.contains('/'), field, message)?;
    qualified(attribute, field)
}

/// Names of requests, or of one alternative as `request/alternative`.
fn named(names: &[longshore_framework::Str], devices: &written::ClaimDevices) -> Result<()> {
    for (at, name) in names.iter().enumerate() {
        let (request, alternative) = name
            .split_once('/')
            .map_or((&**name, None), |(request, alternative)| (request, Some(alternative)));
        let request = devices.requests.iter().find(|r| &*r.name == request);
        let found = request.is_some_and(|r| {
            alternative.is_none_or(|name| r.first_available.iter().any(|wish| &*wish.name == name))
        });
        let message = format!("{} is no request of this claim, nor request/alternative of one", quoted(name));
        ensure(found, &format!("requests[{at}]"), message)?;
    }
    unique(names.iter().map(|name| &**name), "requests", "")
}
