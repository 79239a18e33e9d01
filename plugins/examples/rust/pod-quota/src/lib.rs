//! Namespaces run as many pods as their PodQuota says; further pods wait in the queue.
//!
//! A ResourceQuota refuses a pod when it is made. A PodQuota (`crd.yaml`) lets it be made, and lets it start when another
//! has ended or the quota has grown. Quotas are of a namespace; a pod has to be within all that select it.
//!
//! The operator grants `objects` and `pods`.

use std::collections::BTreeMap;

use longshore_plugin::prelude::*;
use serde::Deserialize;

objects! {
    /// Every quota of the cluster.
    QUOTAS: PodQuota = kind("example.com/v1", "PodQuota").fields(&["spec.running", "spec.matchLabels"]),
}

/// `example.com/v1`, PodQuota.
#[derive(Deserialize)]
pub struct PodQuota {
    spec: Spec,
}

/// Its spec.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    /// How many pods may be on nodes at a time.
    running: usize,
    /// Which pods of the namespace count; all when it is empty.
    #[serde(default)]
    match_labels: BTreeMap<String, String>,
}

impl Spec {
    fn selects(&self, pod: &PodInfo) -> bool {
        self.match_labels.iter().all(|(key, value)| pod.label(key) == Some(value))
    }
}

/// The plugin.
pub struct Quotas;

impl Plugin for Quotas {
    type Config = ();
    type Shared = ();
    type Prepared = ();

    fn manifest() -> Manifest {
        Manifest::new("PodQuota")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Namespaces run as many pods as their PodQuota says")
            .objects(KINDS)
            .event_of(QUOTAS, &["Add", "Update", "Delete"])
            .event("Pod", &["Delete", "UpdatePodLabel"])
    }

    fn new((): ()) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl PreFilter for Quotas {
    fn pre_filter(&self, pod: &Pod) -> Result<PreFilterOutcome<()>, Error> {
        let quotas = QUOTAS.of_namespace(&pod.namespace);
        let mut quotas = quotas.iter().filter(|quota| quota.spec.selects(pod)).peekable();
        if quotas.peek().is_none() {
            return Ok(PreFilterOutcome::All(()));
        }
        // Those just decided are among them.
        let running = host::pods::of_namespace(&pod.namespace);
        for quota in quotas {
            let others = running.iter().filter(|other| other.uid != pod.uid && quota.spec.selects(other));
            if others.count() >= quota.spec.running {
                let reason = format!("PodQuota {} lets {} pod(s) run", quota.name, quota.spec.running);
                return Ok(PreFilterOutcome::Reject(Reject::unresolvable(reason)));
            }
        }
        Ok(PreFilterOutcome::All(()))
    }
}

impl Hints for Quotas {
    fn hint(&self, pod: &Pod, event: &Event) -> Result<bool, Error> {
        if let Some(quota) = QUOTAS.changed(event) {
            return Ok(quota.namespace == pod.namespace);
        }
        Ok(match &event.subject {
            Subject::Pod(change) => {
                let known = change.before.as_ref().or(change.after.as_ref());
                known.is_none_or(|other| other.namespace == pod.namespace)
            }
            _ => true,
        })
    }
}

export_plugin!(Quotas: PreFilter, Hints, Objects);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Run, asked, set_pods};
    use serde_json::{Value, json};

    fn quota(namespace: &str, running: Value) -> Value {
        json!({
            "apiVersion": "example.com/v1", "kind": "PodQuota",
            "metadata": {"namespace": namespace, "name": "batch"},
            "spec": {"running": running, "matchLabels": {"app": "batch"}},
        })
    }

    fn batch(name: &str) -> Pod {
        Pod::new("shop", name).with_label("app", "batch")
    }

    fn run(quotas: &[Value]) -> Run<Quotas> {
        let cluster = quotas.iter().fold(Cluster::new(), |cluster, quota| cluster.object(QUOTAS, quota));
        Run::new(Quotas, &cluster)
    }

    #[test]
    fn a_pod_waits_while_as_many_run_as_the_quota_says() {
        let mut run = run(&[quota("shop", json!(2))]);
        set_pods(vec![batch("a").info]);
        assert_eq!(run.pre_filter(&batch("c")).unwrap(), PreFilterOutcome::All(Vec::new()));
        set_pods(vec![batch("a").info, batch("b").info]);
        let reject = Reject::unresolvable("PodQuota batch lets 2 pod(s) run");
        assert_eq!(run.pre_filter(&batch("c")).unwrap(), PreFilterOutcome::Reject(reject));
        // Of other pods it says nothing.
        let other = Pod::new("shop", "web");
        assert_eq!(run.pre_filter(&other).unwrap(), PreFilterOutcome::All(Vec::new()));

        run.change(&Cluster::new().object(QUOTAS, quota("shop", json!(3))));
        assert_eq!(run.pre_filter(&batch("c")).unwrap(), PreFilterOutcome::All(Vec::new()));
        run.change(&Cluster::new());
        assert_eq!(run.pre_filter(&batch("c")).unwrap(), PreFilterOutcome::All(Vec::new()));
    }

    #[test]
    fn a_quota_that_cannot_be_read_holds_nobody_up_and_is_in_the_log() {
        let mut run = run(&[quota("shop", json!("two"))]);
        set_pods(vec![batch("a").info, batch("b").info]);
        assert_eq!(run.pre_filter(&batch("c")).unwrap(), PreFilterOutcome::All(Vec::new()));
        assert_eq!(asked().log.len(), 1);
    }

    #[test]
    fn only_what_happens_in_the_namespace_helps() {
        let mut run = run(&[]);
        let (pod, json) = (batch("c"), quota("shop", json!(3)).to_string());
        let changed = |namespace| {
            let event = Event::new("PodQuota.v1.example.com", "Update");
            event.object(namespace, "batch", None, Some(&json))
        };
        assert_eq!(run.hint(&pod, &changed("shop")), Ok(true));
        assert_eq!(run.hint(&pod, &changed("bank")), Ok(false));
        let gone = |namespace| Event::new("Pod", "Delete").pod(Some(PodInfo::new(namespace, "x")), None);
        assert_eq!(run.hint(&pod, &gone("shop")), Ok(true));
        assert_eq!(run.hint(&pod, &gone("bank")), Ok(false));
    }
}
