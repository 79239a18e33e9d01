//! What `longshore run` asks of the API server, as RBAC names it. The chart's roles grant this and nothing else, and
//! `longshore check --pre` looks for it. Discovery and `/version` are open to every account and stand nowhere.

use crate::kinds::{KINDS, WatchedKind};

/// Something that `run` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// API group, empty for core.
    pub group: &'static str,
    /// `pods`, `pods/binding`.
    pub resource: &'static str,
    /// `get`, `create`.
    pub verbs: &'static [&'static str],
    /// Where.
    pub place: Place,
    /// What does not work without it; nothing does when it is `None`.
    pub loss: Option<&'static str>,
}

/// Where a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the whole cluster.
    Cluster,
    /// In the namespace of our Lease: RBAC cannot bind a create to a name.
    LeaseNamespace,
    /// Our Lease.
    Lease,
    /// The ConfigMap of kube-system with the authority of client certificates.
    ClientCa,
}

/// The ConfigMap with the authority of client certificates: its namespace and name.
pub const CLIENT_CA: (&str, &str) = ("kube-system", "extension-apiserver-authentication");

const fn right(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    loss: Option<&'static str>,
) -> Right {
    Right { group, resource, verbs, place: Place::Cluster, loss }
}

const NO_CLAIMS: &str = "pods with claims for devices stay pending";
const NO_STATUS: &str = "the status of pod groups does not say how they stand";
const NO_VOLUMES: &str = "pods with unbound claims stay pending";

/// What is done beside watching.
const SINGLE: [Right; 17] = [
    // `bind`.
    right("", "pods/binding", &["create"], None),
    // `evict`: the victim's newest conditions. `bind`, when an answer got lost: did it take?
    right("", "pods", &["get"], Some("preemption evicts nothing")),
    // `status`, `evict` and `claims`.
    right("", "pods/status", &["patch"], None),
    // `evict`.
    right("", "pods", &["delete"], Some("preemption evicts nothing")),
    // `record`.
    right("events.k8s.io", "events", &["create", "patch"], Some("pods have no events")),
    // `volumes`.
    right("", "persistentvolumes", &["patch"], Some(NO_VOLUMES)),
    right("", "persistentvolumeclaims", &["patch"], Some(NO_VOLUMES)),
    // `volumes`, when a volume that was provisioned says where it can be used.
    right("", "nodes", &["get"], Some("pods whose volumes are provisioned for one place stay pending")),
    // `claims`: to read again after a conflict; the finalizer; claims for extended resources are made and deleted.
    right(
        "resource.k8s.io",
        "resourceclaims",
        &["get", "patch", "update", "create", "delete"],
        Some(NO_CLAIMS),
    ),
    // `claims`: what a claim gets, and who uses it.
    right("resource.k8s.io", "resourceclaims/status", &["patch", "update"], Some(NO_CLAIMS)),
    // The same: since 1.36 the API server asks for this as well.
    right("resource.k8s.io", "resourceclaims/binding", &["patch", "update"], Some(NO_CLAIMS)),
    // `groups`: read before it is written, since others write it too.
    right("scheduling.k8s.io", "podgroups", &["get"], Some(NO_STATUS)),
    right("scheduling.k8s.io", "podgroups/status", &["patch"], Some(NO_STATUS)),
    right("scheduling.x-k8s.io", "podgroups", &["get"], Some(NO_STATUS)),
    right("scheduling.x-k8s.io", "podgroups/status", &["patch"], Some(NO_STATUS)),
    // `review`.
    right(
        "authentication.k8s.io",
        "tokenreviews",
        &["create"],
        Some("nobody can read metrics or decisions with a token"),
    ),
    right(
        "authorization.k8s.io",
        "subjectaccessreviews",
        &["create"],
        Some("nobody can read metrics or decisions"),
    ),
];

/// What a plugin needs that reads metrics.k8s.io.
pub const NODE_METRICS: Right = right(
    "metrics.k8s.io",
    "nodes",
    &["list"],
    Some("plugins do not know what is measured on nodes; set rbac.nodeMetrics of the chart"),
);

/// Everything. The Lease counts when a leader is elected; `declared` are the kinds that plugins declare.
pub fn rights(elects: bool, declared: &[&'static WatchedKind]) -> Vec<Right> {
    // A kind that is known in several versions is one to RBAC.
    let is_first = |(at, kind): &(usize, &WatchedKind)| !KINDS[..*at].iter().any(|other| other.is_of(kind));
    let watched = KINDS.iter().enumerate().filter(is_first).map(|(_, kind)| {
        let loss = (!kind.is_essential()).then_some(kind.loss);
        right(kind.group(), kind.plural, &["list", "watch"], loss)
    });
    let reads = |kind: &&'static WatchedKind| {
        let known = KINDS.iter().any(|other| other.is_of(kind));
        (!known).then(|| right(kind.group(), kind.plural, &["list", "watch"], Some(kind.loss)))
    };
    let of_plugins = declared.iter().filter_map(reads);
    let mut rights: Vec<Right> = watched.chain(of_plugins).chain(SINGLE).collect();
    if elects {
        let lease = |verbs, place| Right { place, ..right("coordination.k8s.io", "leases", verbs, None) };
        rights.push(lease(&["create"], Place::LeaseNamespace));
        rights.push(lease(&["get", "update"], Place::Lease));
    }
    let loss = Some("client certificates are not accepted on the scheduler's port");
    rights.push(Right { place: Place::ClientCa, ..right("", "configmaps", &["get"], loss) });
    rights
}
