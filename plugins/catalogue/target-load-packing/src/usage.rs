//! What pods will use: of pods that metrics do not show yet nobody knows it.

use catalogue_common::pod::Amounts;
use catalogue_common::{RawPod, Rows};
use longshore_plugin::column::Pods;
use longshore_plugin::{Error, Node, PodInfo, host};

use crate::args::Settings;

/// Metrics of a pod are there so many seconds after it began, at the latest.
const REPORTED_AFTER: i64 = 60;

/// So many pods are read for one that is placed.
const PODS_FOR_ONE_POD: u32 = 256;

/// What the containers of a pod will use, in thousandths of a core: what they are limited to; where they are not, something more than
/// what they request; and where they request nothing, what the arguments say.
pub(crate) fn predicted(pod: &RawPod, settings: &Settings) -> i64 {
    let cpu = |amounts: &Amounts| amounts.get("cpu").map(|amount| amount.milli());
    let containers = pod.spec.containers.iter().map(|container| {
        let resources = &container.resources;
        let more = |request| (request as f64 * settings.multiplier).round() as i64;
        let limit = cpu(&resources.limits);
        limit.or_else(|| cpu(&resources.requests).map(more)).unwrap_or(settings.request)
    });
    containers.fold(cpu(&pod.spec.overhead).unwrap_or(0), i64::saturating_add)
}

/// A pod on a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct There {
    /// Since when, in seconds since the Unix epoch.
    since: i64,
    uses: i64,
}

/// The pods of all rows.
pub(crate) fn rows() -> Rows<There> {
    Rows::of(PODS_FOR_ONE_POD)
}

/// What those pods of a node will use that metrics do not show: which came after the span that the metrics are about, whose end
/// is given in seconds, or shortly before its end. Those that there was no time to read yet are left out.
pub(crate) fn unmeasured(
    rows: &mut Rows<There>,
    node: Node<'_>,
    pods: Pods,
    end: i64,
    settings: &Settings,
) -> Result<i64, Error> {
    let (known, _) = rows.follow(node, pods, |_, _| true, |pod| There::look(pod, settings))?;
    let unmeasured = known.filter(|pod| end.saturating_sub(pod.since) < REPORTED_AFTER);
    Ok(unmeasured.map(|pod| pod.uses).fold(0, i64::saturating_add))
}

impl There {
    /// A pod that is new to its node. Where nobody says since when it is there, it has just come.
    fn look(pod: &PodInfo, settings: &Settings) -> Result<Self, Error> {
        let raw = RawPod::find(&pod.uid)?;
        let since = raw.as_ref().and_then(RawPod::scheduled);
        let since = since.unwrap_or_else(|| i64::try_from(host::clock::now()).unwrap_or(i64::MAX));
        let uses = raw.map_or_else(|| pod.request("cpu"), |raw| predicted(&raw, settings));
        Ok(Self { since: since.div_euclid(1000), uses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(spec: serde_json::Value, want: i64) {
        let settings = Settings::read(&json!(null)).unwrap();
        let pod = RawPod::read(json!({"spec": spec}).to_string().as_bytes()).unwrap();
        assert_eq!(predicted(&pod, &settings), want);
    }

    #[test]
    fn what_a_pod_will_use_is_guessed_container_by_container() {
        let resources = |resources| json!({"resources": resources});
        check(
            json!({"containers": [resources(json!({"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}))]}),
            2000,
        );
        check(json!({"containers": [resources(json!({"requests": {"cpu": "333m"}}))]}), 500);
        check(json!({"containers": [{}, resources(json!({"requests": {"memory": "1Gi"}}))]}), 2000);
        check(json!({"containers": [{}], "initContainers": [{}], "overhead": {"cpu": "250m"}}), 1250);
        check(json!({"containers": [resources(json!({"limits": {"cpu": "0"}}))]}), 0);
    }
}
