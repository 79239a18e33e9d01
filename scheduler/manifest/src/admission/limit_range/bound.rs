//! One bound of a LimitRange, in the API server's words.

use longshore_framework::quantity::Quantity;
use longshore_framework::resources::ResourceList;

use crate::admission::shown::shown;

/// What is asked for.
pub(super) struct Asked {
    pub(super) requests: ResourceList,
    pub(super) limits: ResourceList,
}

/// `min`: there must be a request, and neither it nor the limit may be lower.
pub(super) fn within_min(kind: &str, name: &str, least: Quantity, asked: &Asked) -> Result<(), String> {
    let bound = format!("minimum {name} usage per {kind} is {}", shown(name, least));
    let (request, limit) = (asked.requests.get(name), asked.limits.get(name));
    match (request, limit) {
        (None, _) => Err(format!("{bound}.  No request is specified")),
        (Some(request), _) if request < least => {
            Err(format!("{bound}, but request is {}", shown(name, request)))
        }
        (_, Some(limit)) if limit < least => Err(format!("{bound}, but limit is {}", shown(name, limit))),
        _ => Ok(()),
    }
}

/// `max`: there must be a limit, and neither it nor the request may be higher.
pub(super) fn within_max(kind: &str, name: &str, most: Quantity, asked: &Asked) -> Result<(), String> {
    let bound = format!("maximum {name} usage per {kind} is {}", shown(name, most));
    let (request, limit) = (asked.requests.get(name), asked.limits.get(name));
    match (request, limit) {
        (_, None) => Err(format!("{bound}.  No limit is specified")),
        (_, Some(limit)) if limit > most => Err(format!("{bound}, but limit is {}", shown(name, limit))),
        (Some(request), _) if request > most => {
            Err(format!("{bound}, but request is {}", shown(name, request)))
        }
        _ => Ok(()),
    }
}

/// `maxLimitRequestRatio`: how many times the request the limit may be.
pub(super) fn within_ratio(kind: &str, name: &str, most: Quantity, asked: &Asked) -> Result<(), String> {
    let bound = format!("{name} max limit to request ratio per {kind} is {}", shown(name, most));
    let given = |list: &ResourceList| list.get(name).map(Quantity::milli_value).filter(|milli| *milli != 0);
    let Some(request) = given(&asked.requests) else {
        return Err(format!("{bound}, but no request is specified or request is 0"));
    };
    let Some(limit) = given(&asked.limits) else {
        return Err(format!("{bound}, but no limit is specified or limit is 0"));
    };
    let ratio = limit as f64 / request as f64;
    match ratio * 1000.0 > most.milli_value() as f64 {
        true => Err(format!("{bound}, but provided ratio is {ratio:.6}")),
        false => Ok(()),
    }
}
