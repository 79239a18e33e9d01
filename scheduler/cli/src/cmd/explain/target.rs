//! What is to be explained, as it is named for kubectl: `web-1`, `shop/web-1`, `pod web-1 web-2`, `deployment/web`.

use crate::exit::UsageError;

/// A kind of object that can be explained: a pod, or what makes pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pod,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
}

/// The names of kinds that kubectl knows.
const KINDS: [(&str, Kind); 23] = [
    ("pod", Kind::Pod),
    ("pods", Kind::Pod),
    ("po", Kind::Pod),
    ("deployment", Kind::Deployment),
    ("deployments", Kind::Deployment),
    ("deploy", Kind::Deployment),
    ("replicaset", Kind::ReplicaSet),
    ("replicasets", Kind::ReplicaSet),
    ("rs", Kind::ReplicaSet),
    ("replicationcontroller", Kind::ReplicationController),
    ("replicationcontrollers", Kind::ReplicationController),
    ("rc", Kind::ReplicationController),
    ("statefulset", Kind::StatefulSet),
    ("statefulsets", Kind::StatefulSet),
    ("sts", Kind::StatefulSet),
    ("daemonset", Kind::DaemonSet),
    ("daemonsets", Kind::DaemonSet),
    ("ds", Kind::DaemonSet),
    ("job", Kind::Job),
    ("jobs", Kind::Job),
    ("cronjob", Kind::CronJob),
    ("cronjobs", Kind::CronJob),
    ("cj", Kind::CronJob),
];

/// Kinds that people name here by mistake.
const OTHERS: [&str; 10] =
    ["node", "nodes", "no", "service", "services", "svc", "namespace", "ns", "pvc", "persistentvolumeclaim"];

/// One of the things to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) kind: Kind,
    /// A name; of a pod also `namespace/name`.
    pub(super) name: &'a str,
}

/// Everything that the words name.
///
/// # Errors
/// Nothing, or a kind that makes no pods.
pub(super) fn parse(words: &[String]) -> Result<Vec<Target<'_>>, UsageError> {
    let Some((first, rest)) = words.split_first() else {
        return Err(UsageError("which pod? longshore explain pod NAME".to_string()));
    };
    if !rest.is_empty() && OTHERS.contains(&first.as_str()) {
        let text = format!(
            "{first:?} cannot be explained, only pods and what makes them can: longshore explain pod NAME"
        );
        return Err(UsageError(text));
    }
    match kind(first).filter(|_| !rest.is_empty()) {
        Some(kind) => Ok(rest.iter().map(|name| Target { kind, name }).collect()),
        None => Ok(words.iter().map(|word| one(word)).collect()),
    }
}

fn one(word: &str) -> Target<'_> {
    let of_kind = word.split_once('/').and_then(|(before, name)| Some((kind(before)?, name)));
    let (kind, name) = of_kind.unwrap_or((Kind::Pod, word));
    Target { kind, name }
}

fn kind(word: &str) -> Option<Kind> {
    KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
}

impl Target<'_> {
    /// Whether it makes pods with this owner (its kind and name) and this `pod-template-hash`.
    pub(super) fn makes(&self, owner: Option<(&str, &str)>, hash: Option<&str>) -> bool {
        let Some((owner_kind, owner)) = owner else { return false };
        let is_own = |kind: &str| owner_kind == kind && owner == self.name;
        match self.kind {
            Kind::Pod => false,
            Kind::ReplicaSet => is_own("ReplicaSet"),
            Kind::ReplicationController => is_own("ReplicationController"),
            Kind::StatefulSet => is_own("StatefulSet"),
            Kind::DaemonSet => is_own("DaemonSet"),
            Kind::Job => is_own("Job"),
            // A ReplicaSet has the name of its Deployment and the hash of its template, a Job that of its CronJob and the time.
            Kind::Deployment => {
                owner_kind == "ReplicaSet" && hash.is_some() && suffix(owner, self.name) == hash
            }
            Kind::CronJob => {
                let time = suffix(owner, self.name).unwrap_or_default();
                owner_kind == "Job" && !time.is_empty() && time.bytes().all(|b| b.is_ascii_digit())
            }
        }
    }

    /// As people name it: `deployment/web`.
    pub(super) fn shown(&self) -> String {
        let name = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("pod", |(name, _)| *name);
        format!("{name}/{}", self.name)
    }
}

/// What follows `name` and a dash.
fn suffix<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.strip_prefix(name)?.strip_prefix('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_explained_is_named_as_for_kubectl() {
        #[track_caller]
        fn check(words: &[&str], want: Option<&[(Kind, &str)]>) {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let parsed = parse(&words).ok();
            let got = parsed.map(|all| all.iter().map(|t| (t.kind, t.name)).collect::<Vec<_>>());
            assert_eq!(got.as_deref(), want, "{words:?}");
        }
        check(&["web"], Some(&[(Kind::Pod, "web")]));
        check(&["shop/web"], Some(&[(Kind::Pod, "shop/web")]));
        check(&["pod", "web"], Some(&[(Kind::Pod, "web")]));
        check(&["po", "shop/web", "db"], Some(&[(Kind::Pod, "shop/web"), (Kind::Pod, "db")]));
        check(&["pod/web", "sts/db"], Some(&[(Kind::Pod, "web"), (Kind::StatefulSet, "db")]));
        check(&["deploy", "web", "api"], Some(&[(Kind::Deployment, "web"), (Kind::Deployment, "api")]));
        check(&["cronjobs/report"], Some(&[(Kind::CronJob, "report")]));
        check(&["pod"], Some(&[(Kind::Pod, "pod")]));
        check(&["node", "n1"], None);
        check(&[], None);
    }

    #[test]
    fn a_workload_knows_its_pods_by_their_owner() {
        #[track_caller]
        fn check(target: &str, owner: (&str, &str), hash: Option<&str>, want: bool) {
            assert_eq!(one(target).makes(Some(owner), hash), want, "{target}: {owner:?}");
        }
        check("deployment/web", ("ReplicaSet", "web-5d9"), Some("5d9"), true);
        check("deployment/web", ("ReplicaSet", "web-api-5d9"), Some("5d9"), false);
        check("deployment/web", ("ReplicaSet", "web-5d9"), None, false);
        check("rs/web-5d9", ("ReplicaSet", "web-5d9"), Some("5d9"), true);
        check("sts/db", ("StatefulSet", "db"), None, true);
        check("sts/db", ("DaemonSet", "db"), None, false);
        check("cj/report", ("Job", "report-29134567"), None, true);
        check("cj/report", ("Job", "report-daily-29134567"), None, false);
        check("job/report-1", ("Job", "report-1"), None, true);
        assert!(!one("job/x").makes(None, None));
        assert_eq!(one("deploy/web").shown(), "deployment/web");
    }
}
