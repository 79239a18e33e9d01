//! Groups in each of the three ways of writing them.

use longshore_tests::control_plane::groups::{self, GroupApi};
use longshore_tests::control_plane::{
    Arena, Kind, LONG, SCHEDULER, Scheduler, SchedulerOptions, objects, until,
};
use serde_json::{Value, json};

/// How a group is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A PodGroup of `scheduling.k8s.io`.
    Kubernetes,
    /// A PodGroup of Coscheduling.
    Coscheduling,
    /// Annotations on its pods.
    Annotations,
}

/// An arena with the definition of Coscheduling's PodGroup, and the right of the scheduler to it.
pub(super) struct Groups {
    // It goes before the next test has its turn.
    _definition: groups::Definition,
    pub(super) arena: Arena,
    /// What the minor has of groups of `scheduling.k8s.io`.
    pub(super) api: Option<GroupApi>,
}

impl Groups {
    pub(super) fn on(arena: Arena) -> Self {
        for object in [role(), binding()] {
            arena.api.create(&object);
        }
        Self { _definition: groups::Definition::install(&arena.api), api: groups::api(), arena }
    }

    /// The ways that this minor has.
    pub(super) fn ways(&self) -> Vec<Way> {
        let upstream = self.api.map(|_| Way::Kubernetes);
        upstream.into_iter().chain([Way::Coscheduling, Way::Annotations]).collect()
    }

    /// Longshore with Coscheduling, so that a pod with its label waits for the PodGroup; gates are those of the API server.
    pub(super) fn options(&self) -> SchedulerOptions {
        let plugins = json!({
            "multiPoint": { "enabled": [{ "name": "Coscheduling" }] },
            "queueSort": { "enabled": [{ "name": "Coscheduling" }], "disabled": [{ "name": "*" }] },
        });
        let profile = json!({ "schedulerName": "default-scheduler", "plugins": plugins });
        let options = SchedulerOptions::new(Kind::Longshore).config(&json!({ "profiles": [profile] }));
        match self.api {
            Some(api) => options.flag(api.flag()),
            None => options,
        }
    }

    pub(super) fn scheduler(&self) -> Scheduler {
        self.arena.scheduler_with(&self.options())
    }

    /// Creates a group, as far as it is an object.
    pub(super) fn group(&self, way: Way, name: &str, min: usize) {
        let namespace = &self.arena.namespace;
        match way {
            Way::Kubernetes => {
                drop(self.arena.api.create(&self.upstream().group(namespace, name, Some(min))))
            }
            Way::Coscheduling => {
                drop(self.arena.api.create(&groups::coscheduling_group(namespace, name, min)))
            }
            Way::Annotations => {}
        }
    }

    pub(super) fn upstream(&self) -> GroupApi {
        self.api.expect("tests of this way are for minors that have it")
    }

    /// A pod of a group, which asks for so much cpu, to be created.
    pub(super) fn member(&self, way: Way, group: &str, min: usize, name: &str, cpu: &str) -> Value {
        let pod = objects::asking(self.arena.new_pod(name), cpu);
        objects::with(pod, &belongs(way, group, min))
    }

    /// Creates a group with so many pods, called `GROUP-0` and so on.
    pub(super) fn whole(&self, way: Way, group: &str, (min, pods): (usize, usize), cpu: &str) {
        self.group(way, group, min);
        let all = (0..pods).map(|at| self.member(way, group, min, &format!("{group}-{at}"), cpu));
        self.arena.api.create_all(all.collect::<Vec<_>>());
    }

    /// Pods whose name begins with that of the group.
    pub(super) fn pods_of(&self, group: &str) -> Vec<Value> {
        let mut pods = self.arena.api.list(&self.arena.path("pods"));
        pods.retain(|pod| {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            name.rsplit_once('-').is_some_and(|(of, _)| of == group)
        });
        pods
    }

    /// How many pods of the group have a node.
    pub(super) fn placed(&self, group: &str) -> usize {
        placed(&self.pods_of(group))
    }

    #[track_caller]
    pub(super) fn until_placed(&self, group: &str, count: usize) {
        let story =
            || format!("{:#?}", self.pods_of(group).iter().map(|pod| &pod["status"]).collect::<Vec<_>>());
        until(&format!("{count} pods of {group} to be placed"), LONG, story, || {
            (self.placed(group) >= count).then_some(())
        });
    }

    /// The object of a group, as it is.
    pub(super) fn object(&self, way: Way, name: &str) -> Value {
        let namespace = &self.arena.namespace;
        let collection = match way {
            Way::Kubernetes => self.upstream().collection(namespace),
            _ => groups::coscheduling_collection(namespace),
        };
        self.arena.api.get(&format!("{collection}/{name}")).unwrap()
    }
}

/// What makes a pod one of a group.
pub(super) fn belongs(way: Way, group: &str, min: usize) -> Value {
    match way {
        Way::Kubernetes => json!({ "spec": { "schedulingGroup": { "podGroupName": group } } }),
        Way::Coscheduling => json!({ "metadata": { "labels": { "scheduling.x-k8s.io/pod-group": group } } }),
        Way::Annotations => json!({ "metadata": { "annotations": {
            "longshore.dev/group": group, "longshore.dev/group-min": min.to_string(),
        } } }),
    }
}

/// How many of these pods have a node.
pub(super) fn placed(pods: &[Value]) -> usize {
    pods.iter().filter(|pod| pod["spec"]["nodeName"].is_string()).count()
}

impl Drop for Groups {
    fn drop(&mut self) {
        for object in [role(), binding()] {
            let _ = self.arena.api.delete(&objects::path(&object));
        }
    }
}

const NAME: &str = "coscheduling-groups";

fn role() -> Value {
    let rule = |resource: &str, verbs: &[&str]| json!({ "apiGroups": ["scheduling.x-k8s.io"], "resources": [resource], "verbs": verbs });
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": NAME },
        "rules": [rule("podgroups", &["get", "list", "watch"]), rule("podgroups/status", &["patch"])],
    })
}

fn binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": NAME },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": SCHEDULER }],
    })
}
