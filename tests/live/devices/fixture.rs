//! Nodes with devices, classes, templates and claims.

use longshore_tests::control_plane::{Arena, objects};
use serde_json::{Value, json};

const VERSION: &str = "resource.k8s.io/v1";

/// An arena with devices of a driver of its own, so that no claim of another test has any of them.
pub(super) struct Devices {
    pub(super) arena: Arena,
    pub(super) driver: String,
}

/// Names of the devices that a claim has.
pub(super) fn names(claim: &Value) -> Vec<&str> {
    let results = claim["status"]["allocation"]["devices"]["results"].as_array();
    results.into_iter().flatten().map(|result| result["device"].as_str().unwrap()).collect()
}

impl Devices {
    pub(super) fn on(arena: Arena) -> Self {
        let driver = format!("{}.example.com", arena.namespace);
        Self { arena, driver }
    }

    /// A node with plain devices of these names.
    pub(super) fn node(&self, name: &str, devices: &[&str]) {
        self.arena.node(name, &json!({}));
        if !devices.is_empty() {
            self.slice(name, devices.iter().map(|device| json!({ "name": device })).collect());
        }
    }

    /// A slice with all devices of a node.
    pub(super) fn slice(&self, node: &str, devices: Vec<Value>) {
        self.arena.api.create(&json!({
            "apiVersion": VERSION,
            "kind": "ResourceSlice",
            "metadata": {"name": format!("{node}-{}", self.driver)},
            "spec": {
                "driver": self.driver,
                "nodeName": node,
                "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
                "devices": devices,
            },
        }));
    }

    /// A class of all devices of the driver, with `spec` over it.
    pub(super) fn class(&self, name: &str, spec: &Value) {
        let expression = format!("device.driver == \"{}\"", self.driver);
        let class = json!({
            "apiVersion": VERSION,
            "kind": "DeviceClass",
            "metadata": {"name": name},
            "spec": {"selectors": [{"cel": {"expression": expression}}]},
        });
        self.arena.api.create(&objects::with(class, &json!({ "spec": spec })));
    }

    fn of(&self, kind: &str, name: &str, spec: Value) -> Value {
        let metadata = json!({"namespace": self.arena.namespace, "name": name});
        json!({"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec})
    }

    /// A template of claims with one request, which asks for exactly this.
    pub(super) fn template(&self, name: &str, exactly: &Value) {
        self.template_of(name, &json!({"requests": [{"name": "r", "exactly": exactly}]}));
    }

    /// A template of claims that ask for this.
    pub(super) fn template_of(&self, name: &str, devices: &Value) {
        self.arena.api.create(&self.of("ResourceClaimTemplate", name, json!({"spec": {"devices": devices}})));
    }

    /// A claim with one request.
    pub(super) fn claim(&self, name: &str, exactly: &Value) {
        let devices = json!({"requests": [{"name": "r", "exactly": exactly}]});
        self.arena.api.create(&self.of("ResourceClaim", name, json!({ "devices": devices })));
    }

    /// A pod with a claim of each of the templates.
    pub(super) fn pod(&self, name: &str, templates: &[&str]) {
        let claims = templates.iter().map(|t| json!({"name": t, "resourceClaimTemplateName": t}));
        self.pod_with(name, &claims.collect());
    }

    /// A pod with these claims.
    pub(super) fn pod_with(&self, name: &str, claims: &Value) {
        self.arena.pod(name, &json!({"spec": {"resourceClaims": claims}}));
    }

    /// A pod with a claim of a template, to be created.
    pub(super) fn new_pod(&self, name: &str, template: &str) -> Value {
        let claims = json!([{"name": "x", "resourceClaimTemplateName": template}]);
        objects::with(self.arena.new_pod(name), &json!({"spec": {"resourceClaims": claims}}))
    }

    /// The path of all claims of the test, or of one.
    pub(super) fn path(&self, name: &str) -> String {
        let path = format!("/apis/{VERSION}/namespaces/{}/resourceclaims", self.arena.namespace);
        if name.is_empty() { path } else { format!("{path}/{name}") }
    }

    /// A claim as it is.
    #[track_caller]
    pub(super) fn get(&self, name: &str) -> Value {
        self.arena.api.get(&self.path(name)).unwrap()
    }

    /// The first claim that was made for a pod.
    #[track_caller]
    pub(super) fn claim_of(&self, pod: &str) -> Value {
        let pod = self.arena.get_pod(pod).unwrap();
        self.get(pod["status"]["resourceClaimStatuses"][0]["resourceClaimName"].as_str().unwrap())
    }

    /// What a driver says of the first device of a pod's claim.
    #[track_caller]
    pub(super) fn set_conditions(&self, pod: &str, conditions: &Value) {
        let claim = self.claim_of(pod);
        let of = &claim["status"]["allocation"]["devices"]["results"][0];
        let device = json!({
            "driver": of["driver"], "pool": of["pool"], "device": of["device"], "conditions": conditions,
        });
        let path = format!("{}/status", self.path(claim["metadata"]["name"].as_str().unwrap()));
        self.arena.api.patch(&path, &json!({"status": {"devices": [device]}})).unwrap();
    }
}
