//! The cluster that tests share, one at a time, each with a clean table and a namespace of its own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ADMIN, Api, ControlPlane, Kind, LONG, Options, SHORT, Scheduler, SchedulerOptions, groups, objects, until,
};

/// What one test leaves behind for the next to sweep.
const SWEPT: &[&str] = &[
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    "/apis/storage.k8s.io/v1/csinodes",
    "/api/v1/persistentvolumes",
    "/api/v1/nodes",
    "/apis/resource.k8s.io/v1/resourceslices",
    "/apis/resource.k8s.io/v1/deviceclasses",
];

/// As [`SWEPT`], in the namespace of a test.
const SWEPT_OF_NAMESPACE: &[&str] = &[
    "/api/v1/namespaces/NS/persistentvolumeclaims",
    "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
    "/apis/resource.k8s.io/v1/namespaces/NS/resourceclaims",
    "/apis/resource.k8s.io/v1/namespaces/NS/resourceclaimtemplates",
];

static SHARED: OnceLock<ControlPlane> = OnceLock::new();
static TURN: Mutex<()> = Mutex::new(());
static NAMESPACES: AtomicU32 = AtomicU32::new(0);

/// One test's turn on the shared cluster, which has kwok, the binder of volumes and the controllers of disruption budgets and
/// of claims for devices.
pub struct Arena {
    /// The cluster.
    pub plane: &'static ControlPlane,
    /// A client that may do anything.
    pub api: Api,
    /// This test's namespace.
    pub namespace: String,
    _turn: MutexGuard<'static, ()>,
}

/// Waits for a turn without the shared cluster, for a test that starts one of its own and needs the machine.
pub fn alone() -> impl Drop {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a turn on the shared cluster, and starts it if this is the first.
pub fn shared() -> Arena {
    // A test that failed leaves nothing that the sweep does not remove.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let plane = SHARED.get_or_init(|| {
        ControlPlane::start(&Options {
            kwok: true,
            controllers: vec![
                "persistentvolume-binder-controller",
                "disruption-controller",
                "resourceclaim-controller",
            ],
            groups: true,
            ..Options::default()
        })
    });
    let api = plane.api(ADMIN);
    let namespace = format!("test-{}", NAMESPACES.fetch_add(1, Ordering::Relaxed));
    api.create(&json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }));
    Arena { plane, api, namespace, _turn: turn }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let pods = self.path("pods");
        let swept = SWEPT_OF_NAMESPACE.iter().map(|path| path.replace("NS", &self.namespace));
        let groups = groups::api().map(|groups| groups.collection(&self.namespace));
        for path in [pods.clone()]
            .into_iter()
            .chain(groups)
            .chain(swept)
            .chain(SWEPT.iter().map(|path| (*path).to_owned()))
        {
            if let Err(error) = self.api.delete(&path) {
                eprintln!("cannot sweep {path}: {error}");
            }
        }
        // Whoever comes next must not see these pods go.
        let start = std::time::Instant::now();
        while !self.api.list(&pods).is_empty() && start.elapsed() < SHORT {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Arena {
    /// The number behind `1.` of the API server's version.
    #[track_caller]
    pub fn minor(&self) -> u32 {
        let version = self.api.get("/version").unwrap();
        version["minor"].as_str().and_then(|minor| minor.parse().ok()).unwrap()
    }

    /// A scheduler with the default profile.
    pub fn scheduler(&self, kind: Kind) -> Scheduler {
        self.scheduler_with(&SchedulerOptions::new(kind))
    }

    /// A scheduler.
    pub fn scheduler_with(&self, options: &SchedulerOptions) -> Scheduler {
        Scheduler::start(self.plane, options)
    }

    /// The path of a collection of the core group in this test's namespace.
    pub fn path(&self, collection: &str) -> String {
        format!("/api/v1/namespaces/{}/{collection}", self.namespace)
    }

    /// A pod to be created, small and without constraints.
    pub fn new_pod(&self, name: &str) -> Value {
        objects::pod(&self.namespace, name)
    }

    /// Creates a node, with `patch` laid over the usual one.
    #[track_caller]
    pub fn node(&self, name: &str, patch: &Value) -> Value {
        self.api.create(&objects::with(objects::node(name), patch))
    }

    /// Creates a pod, with `patch` laid over the usual one.
    #[track_caller]
    pub fn pod(&self, name: &str, patch: &Value) -> Value {
        self.api.create(&objects::with(self.new_pod(name), patch))
    }

    /// The pod `name`, when it is there.
    pub fn get_pod(&self, name: &str) -> Option<Value> {
        self.api.get(&self.path(&format!("pods/{name}"))).ok()
    }

    /// The node of pod `name`, when it has one.
    pub fn node_of(&self, name: &str) -> Option<String> {
        self.get_pod(name)?["spec"]["nodeName"].as_str().map(str::to_owned)
    }

    /// Waits until pod `name` is bound, and says where.
    #[track_caller]
    pub fn until_bound(&self, name: &str) -> String {
        self.until(&format!("pod {name} to be bound"), name, || self.node_of(name))
    }

    /// Waits until pod `name` is known to be unschedulable, and says why.
    #[track_caller]
    pub fn until_unschedulable(&self, name: &str) -> String {
        self.until(&format!("pod {name} to be unschedulable"), name, || {
            let condition = condition(&self.get_pod(name)?, "PodScheduled")?;
            let message = condition["message"].as_str()?.to_owned();
            (condition["reason"] == "Unschedulable").then_some(message)
        })
    }

    /// Waits until every pod of this test's namespace is bound, and returns them.
    #[track_caller]
    pub fn until_all_bound(&self, count: usize) -> Vec<Value> {
        let mut last = 0;
        let story = || format!("pods without a node: {}", self.unbound().join(" "));
        until(&format!("{count} pods to be bound"), LONG * 2, story, || {
            let pods = self.api.list(&self.path("pods"));
            last = pods.iter().filter(|pod| pod["spec"]["nodeName"].is_string()).count();
            (last >= count).then_some(pods)
        })
    }

    fn unbound(&self) -> Vec<String> {
        let pods = self.api.list(&self.path("pods"));
        let unbound = pods.iter().filter(|pod| pod["spec"]["nodeName"].is_null());
        unbound.map(|pod| pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()).take(20).collect()
    }

    /// Waits for something about pod `name`; tells the pod's conditions and events when it does not come.
    #[track_caller]
    pub fn until<T>(&self, what: &str, name: &str, look: impl FnMut() -> Option<T>) -> T {
        until(what, LONG / 2, || self.story(name), look)
    }

    /// Waits until an event with `reason` about object `name` is there, and returns it.
    #[track_caller]
    pub fn until_event(&self, name: &str, reason: &str) -> Value {
        self.until(&format!("event {reason} of {name}"), name, || {
            self.events(name).into_iter().find(|event| event["reason"] == reason)
        })
    }

    /// The events about object `name`, oldest first.
    pub fn events(&self, name: &str) -> Vec<Value> {
        let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", self.namespace);
        let mut events = self.api.list(&path);
        events.retain(|event| event["regarding"]["name"] == name);
        events.sort_by_key(|event| event["eventTime"].to_string());
        events
    }

    fn story(&self, name: &str) -> String {
        let pod = self.get_pod(name).unwrap_or_default();
        let events = self.events(name);
        let told = events.iter().map(|event| format!("  {}: {}", event["reason"], event["note"]));
        format!(
            "node {}, nominated {}\nconditions {:#}\nevents\n{}",
            pod["spec"]["nodeName"],
            pod["status"]["nominatedNodeName"],
            pod["status"]["conditions"],
            told.collect::<Vec<_>>().join("\n")
        )
    }
}

/// The condition of `pod` with type `kind`.
pub fn condition(pod: &Value, kind: &str) -> Option<Value> {
    pod["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind).cloned()
}
