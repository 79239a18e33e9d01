//! Others who serve the same scheduler name, and pods that wait for a name that nobody serves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::leader::leases;
use super::{Check, key, list, text};
use crate::call::{ApiError, Caller};

/// An event this old says nothing about now, in seconds.
const RECENT: i64 = 3600;

/// A pod this young may not have been looked at yet, in seconds.
const YOUNG: i64 = 5;

/// What two schedulers of one name do.
const BOTH: &str = "two schedulers of one name both bind its pods";

/// Where to look, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The scheduler name.
    pub scheduler_name: &'a str,
    /// Namespace of the Lease, for those who may not read all namespaces.
    pub namespace: &'a str,
    /// Name of the Lease.
    pub lease: &'a str,
    /// Whether one scheduler of the name is meant to be there.
    pub installed: bool,
}

/// Looks for other schedulers of the name, and for pods that ask for nearly that name.
pub async fn conflicts(api: &Caller, scope: Scope<'_>) -> Vec<Check> {
    let now = Timestamp::now();
    let mut checks = vec![held(api, scope, now).await, configured(api, scope).await];
    if !scope.installed {
        checks.push(reported(api, scope, now).await);
    }
    checks.push(misspelt(api, scope, now).await);
    checks
}

/// Lives of the name's Leases: none before installing, at most one after.
async fn held(api: &Caller, scope: Scope<'_>, now: Timestamp) -> Check {
    let name = format!("no other scheduler holds a Lease {}", scope.lease);
    let live: Vec<String> = match leases(api, scope.namespace, scope.lease).await {
        Ok(found) => {
            found.iter().filter(|l| l.is_live(now)).map(|l| format!("{} ({})", l.place, l.holder)).collect()
        }
        Err(error) => return Check::unanswered(name, &error),
    };
    if live.len() <= usize::from(scope.installed) {
        return Check::ok(name);
    }
    Check::failed(name, format!("held: {}", live.join(", ")), format!("{BOTH}: {CHOOSE}"))
}

const CHOOSE: &str = "uninstall one, or give this one another name (schedulerName)";

/// Running pods with a configuration that names us.
async fn configured(api: &Caller, scope: Scope<'_>) -> Check {
    let name = format!("no other scheduler is configured as {}", scope.scheduler_name);
    let servers = match servers(api, scope.scheduler_name).await {
        Ok(servers) => servers,
        Err(error) => return Check::unanswered(name, &error),
    };
    if servers.len() <= usize::from(scope.installed) {
        return Check::ok(name);
    }
    let shown: Vec<String> =
        servers.iter().map(|(map, pod)| format!("pod {pod} (ConfigMap {map})")).collect();
    Check::failed(name, shown.join(", "), format!("{BOTH}: {CHOOSE}"))
}

/// ConfigMaps with a configuration that has a profile of the name, each with a running pod that mounts it.
async fn servers(api: &Caller, scheduler_name: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let mut servers = BTreeMap::new();
    for map in list(api, "/api/v1/configmaps", "").await? {
        let data = map.get("data").and_then(Value::as_object);
        let mut texts = data.into_iter().flat_map(|d| d.values()).filter_map(Value::as_str);
        if !texts.any(|t| t.contains("KubeSchedulerConfiguration") && names(t, scheduler_name)) {
            continue;
        }
        let (namespace, name) = (text(&map, "/metadata/namespace"), text(&map, "/metadata/name"));
        let pods = list(api, &format!("/api/v1/namespaces/{namespace}/pods"), "status.phase=Running").await?;
        if let Some(pod) = pods.iter().find(|p| mounts(p, name)) {
            servers.insert(key(&map), key(pod));
        }
    }
    Ok(servers)
}

/// Whether a configuration, in YAML or JSON, has a profile of the name.
fn names(configuration: &str, scheduler_name: &str) -> bool {
    configuration.split("schedulerName").skip(1).any(|rest| {
        let value = rest.trim_start_matches(['"', '\'', ':', ' ', '\t']);
        let end = value.find(|c: char| c.is_whitespace() || "\"',}]#".contains(c)).unwrap_or(value.len());
        &value[..end] == scheduler_name
    })
}

fn mounts(pod: &Value, config_map: &str) -> bool {
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    volumes.into_iter().flatten().any(|volume| {
        let projected = volume.pointer("/projected/sources").and_then(Value::as_array);
        let mut sources = projected.into_iter().flatten().chain([volume]);
        sources.any(|source| text(source, "/configMap/name") == config_map)
    })
}

/// Events of the last hour that somebody of our name wrote.
async fn reported(api: &Caller, scope: Scope<'_>, now: Timestamp) -> Check {
    let name = format!("nobody has scheduled as {} within the last hour", scope.scheduler_name);
    let selector = format!("reportingComponent={}", scope.scheduler_name);
    let events = match list(api, "/api/v1/events", &selector).await {
        Ok(events) => events,
        Err(error) => return Check::unanswered(name, &error),
    };
    let recent: Vec<&Value> = events.iter().filter(|e| age(now, seen(e)) <= RECENT).collect();
    let Some(last) = recent.iter().max_by_key(|e| seen(e)) else { return Check::ok(name) };
    let about = format!("{}/{}", text(last, "/involvedObject/namespace"), text(last, "/involvedObject/name"));
    let message = format!(
        "{} event(s), the last one ({}) {} s ago about {about} from {}",
        recent.len(),
        text(last, "/reason"),
        age(now, seen(last)).max(0),
        text(last, "/reportingInstance"),
    );
    Check::warning(
        name,
        message,
        "unless it has been uninstalled, find that scheduler: two of one name both bind its pods",
    )
}

/// When an event was last seen.
fn seen(event: &Value) -> Option<Timestamp> {
    ["/series/lastObservedTime", "/eventTime", "/lastTimestamp", "/metadata/creationTimestamp"]
        .into_iter()
        .filter_map(|at| text(event, at).parse().ok())
        .max()
}

/// Seconds since `then`; forever when it is not known.
fn age(now: Timestamp, then: Option<Timestamp>) -> i64 {
    then.map_or(i64::MAX, |then| now.as_second().saturating_sub(then.as_second()))
}

/// Pods that wait for a name that is one slip away from ours and that no scheduler has looked at.
async fn misspelt(api: &Caller, scope: Scope<'_>, now: Timestamp) -> Check {
    let ours = scope.scheduler_name;
    let name = format!("no pod waits for a misspelt {ours}");
    let pods = match list(api, "/api/v1/pods", "spec.nodeName=").await {
        Ok(pods) => pods,
        Err(error) => return Check::unanswered(name, &error),
    };
    let mut waiting: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for pod in &pods {
        let asked = text(pod, "/spec/schedulerName");
        let created = text(pod, "/metadata/creationTimestamp").parse().ok();
        if one_slip_apart(asked, ours) && !is_seen(pod) && age(now, created) >= YOUNG {
            waiting.entry(asked).or_default().push(key(pod));
        }
    }
    if waiting.is_empty() {
        return Check::ok(name);
    }
    let shown = waiting.iter().map(|(asked, pods)| {
        let first = pods.first().map_or("", String::as_str);
        format!("{} pod(s) ask for {asked}, such as {first}", pods.len())
    });
    let message = format!("{}; no scheduler has looked at them", shown.collect::<Vec<_>>().join("; "));
    Check::warning(name, message, format!("write spec.schedulerName: {ours} into their templates"))
}

/// Whether a scheduler, or the gate keeper, has said something about the pod.
fn is_seen(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|c| text(c, "/type") == "PodScheduled")
}

/// Whether one letter more, less, wrong, or in its neighbour's place makes one name of the other.
fn one_slip_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let same = short.iter().zip(long.iter()).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same..], &long[same..]);
    match (short, long) {
        ([], []) => false,
        (_, [_, rest @ ..]) if long.len() == short.len() + 1 => short == rest,
        ([x, y, a @ ..], [u, v, b @ ..]) if long.len() == short.len() && x == v && y == u => a == b,
        ([_, a @ ..], [_, b @ ..]) => long.len() == short.len() && a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
