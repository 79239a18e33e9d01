//! SySched: a pod goes rather to nodes where few system calls are allowed that it does not make itself, and where it makes few
//! that others there do not: whoever breaks out of a container has the fewer ways to harm them.
//!
//! The operator grants `objects`, `pods` and `raw`.

mod args;
mod calls;
mod profiles;
mod there;

use std::cell::RefCell;
use std::rc::Rc;

use catalogue_common::{RawPod, scores};
use longshore_plugin::prelude::*;
use serde_json::Value;

use args::Settings;
use calls::Calls;
use profiles::{KINDS, Shelf};
use there::There;

columns! {
    PODS: Pods = pods(),
}

/// The plugin.
pub struct SySched {
    settings: Settings,
    profiles: Shelf,
    there: RefCell<There>,
}

impl Plugin for SySched {
    type Config = Value;
    type Shared = ();
    type Prepared = Calls;

    fn manifest() -> Manifest {
        Manifest::new("SySched")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Places pods together that use the same system calls")
            .columns(COLUMNS)
            .objects(KINDS)
            .raw_pod()
            .no_events()
    }

    fn new(config: Value) -> Result<Self, Error> {
        let settings = Settings::read(&config)?;
        Ok(Self { settings, profiles: Shelf::default(), there: RefCell::default() })
    }

    fn prepare(&self, pod: &Pod, (): &(), _: &mut longshore_plugin::Words) -> Result<Calls, Error> {
        self.there.borrow_mut().next();
        let keys = profiles::keys(&RawPod::of(pod)?);
        Ok(self.profiles.borrow_mut().calls(&keys, &self.settings))
    }
}

impl SySched {
    /// The calls of each pod on the node that counts. One that cannot be read does not.
    fn on_node(&self, node: Node<'_>) -> Rc<Vec<Calls>> {
        let (mut there, mut profiles) = (self.there.borrow_mut(), self.profiles.borrow_mut());
        profiles.refresh();
        let key = (node.version(), profiles.changes());
        if let Some(known) = there.row(node.row(), key) {
            return known;
        }
        let (mut found, mut settled) = (Vec::new(), true);
        for pod in node.pods(PODS) {
            match there.profiles(pod) {
                Ok(Some(keys)) => found.push(profiles.calls(&keys, &self.settings)),
                _ => settled = false,
            }
        }
        let found = Rc::new(found);
        // Of a pod that does not run yet nobody says when it does.
        if settled {
            there.keep(node.row(), key, Rc::clone(&found));
        }
        found
    }
}

impl Score for SySched {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let own = &cycle.prepared;
        if own.is_empty() {
            return 0;
        }
        let others = self.on_node(node);
        let mut together = Calls::default();
        others.iter().for_each(|calls| together.add(calls));
        let for_the_pod = together.beyond(own);
        together.add(own);
        for_the_pod + others.iter().map(|calls| together.beyond(calls)).sum::<i64>()
    }
}

impl NormalizeScore for SySched {
    fn normalize_score(&self, (): &(), scores: &mut [i64]) -> Result<(), Error> {
        scores::less_is_better(scores);
        Ok(())
    }
}

export_plugin!(SySched: Score, NormalizeScore, Objects);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::PROFILES;
    use longshore_plugin::testing::{Cluster, Node as Made, Run, set_raw_pods};
    use serde_json::json;

    fn profile(name: &str, allowed: &[&str], killed: &[&str]) -> Value {
        let syscalls = json!([{"action": "SCMP_ACT_ALLOW", "names": allowed}, {"action": "SCMP_ACT_KILL", "names": killed}]);
        json!({"metadata": {"namespace": "default", "name": name}, "spec": {"syscalls": syscalls}})
    }

    fn whole(profile: Option<&str>, status: Value) -> Value {
        let reference = profile.map(|name| {
            json!({"seccompProfile": {"type": "Localhost", "localhostProfile": format!("operator/default/{name}.json")}})
        });
        json!({"spec": {"containers": [{"securityContext": reference}]}, "status": status})
    }

    fn pod(profile: Option<&str>) -> Pod {
        let mut pod = Pod::new("default", "new");
        pod.raw = Some(whole(profile, json!({})).to_string().into_bytes());
        pod
    }

    fn run() -> Run<SySched> {
        let info = |name: &str| Pod::new("default", name).info;
        let running = |name| whole(Some(name), json!({"phase": "Running"})).to_string();
        set_raw_pods(vec![
            ("default/web".into(), running("web")),
            ("default/db".into(), running("db")),
            ("default/bound".into(), whole(Some("db"), json!({"phase": "Pending"})).to_string()),
        ]);
        let cluster = Cluster::new()
            .node(Made::new("a").pod(info("web")))
            .node(Made::new("b").pod(info("db")))
            .node(Made::new("c").pod(info("bound")))
            .object(PROFILES, profile("web", &["read", "write"], &["reboot"]))
            .object(PROFILES, profile("db", &["read", "mount", "ptrace"], &[]))
            .object(PROFILES, profile("all-syscalls", &["read", "write", "mount", "ptrace"], &[]));
        Run::configured("null", &cluster).unwrap()
    }

    #[test]
    fn nodes_are_scored_by_what_others_may_do_there() {
        let mut run = run();
        assert_eq!(run.score(&pod(Some("web"))), [("a".into(), 0), ("b".into(), 3), ("c".into(), 0)].into());
        let normalized = run.normalized(&pod(Some("web"))).unwrap();
        assert_eq!(normalized, [("a".into(), 100), ("b".into(), 0), ("c".into(), 100)].into());
        // Without a profile it may do anything.
        assert_eq!(run.score(&pod(None)), [("a".into(), 2), ("b".into(), 1), ("c".into(), 0)].into());
        assert_eq!(run.score(&pod(Some("gone"))), run.score(&pod(None)));
    }
}
