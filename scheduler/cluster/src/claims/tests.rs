//! Claims beside an API server that keeps them, and a watch that shows the store each version.

mod give;
mod release;
mod server;
mod wait;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use longshore_framework::Str;
use longshore_framework::fixture::pod;
use longshore_framework::objects::Object;
use longshore_framework::pod::Pod;
use longshore_framework::port::{AwaitDevices, ClaimWrite, Input};
use longshore_framework::resource_claim::{AllocatedDevice, Allocation};
use serde_json::{Value, json};

use self::server::Server;
use super::*;

/// A pod, a server with its claim `k`, and what the engine was told.
struct Bench {
    server: Server,
    store: Arc<ClaimStore>,
    pod: Arc<Pod>,
    told: Mutex<Vec<Input>>,
}

/// A claim as the server has it at first.
fn claim(name: &str, metadata: Value, status: Value) -> Value {
    let mut claim = json!({
        "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
        "metadata": {"namespace": "default", "name": name, "uid": format!("uid-{name}")},
        "spec": {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "gpu"}}]}},
        "status": status,
    });
    for (field, value) in metadata.as_object().unwrap() {
        claim["metadata"][field] = value.clone();
    }
    claim
}

fn result(device: &str) -> Value {
    json!({"request": "r", "driver": "d.example.com", "pool": "n", "device": device})
}

fn allocated(device: &str, users: &[&str]) -> Value {
    let users: Vec<Value> =
        users.iter().map(|uid| json!({"resource": "pods", "name": uid, "uid": uid})).collect();
    json!({"allocation": {"devices": {"results": [result(device)]}}, "reservedFor": users})
}

fn device(name: &str) -> AllocatedDevice {
    AllocatedDevice {
        request: "r".into(),
        driver: "d.example.com".into(),
        pool: "n".into(),
        device: name.into(),
        admin: false,
        tolerations: Arc::from([]),
        share: None,
        consumed: Vec::new(),
        binding_conditions: None,
        binding_failure_conditions: Arc::from([]),
    }
}

/// What gives the claim `k` a device.
fn gives(name: &str) -> ClaimWrite {
    let allocation = Allocation { devices: vec![device(name)], ..Allocation::default() };
    ClaimWrite {
        namespace: "default".into(),
        name: "k".into(),
        uid: "uid-k".into(),
        generated: None,
        allocation: Some(Arc::new(allocation)),
        stamp: true,
    }
}

impl Bench {
    fn new(claims: Vec<Value>) -> Self {
        let store = Arc::new(ClaimStore::with(Duration::from_millis(300)));
        let server = Server::new(claims, Arc::clone(&store));
        Self { server, store, pod: pod("p").build(), told: Mutex::default() }
    }

    /// The process has come to an end, and another begins with what the API server has.
    fn restart(&mut self) {
        self.store = Arc::default();
        self.server.show_all_to(Arc::clone(&self.store));
    }

    fn tell(&self) -> impl Fn(Input) + Send + Sync + '_ {
        |input| self.told.lock().unwrap().push(input)
    }

    async fn write(&self, writes: Vec<ClaimWrite>) -> Result<(), String> {
        self.carry_out(writes, None).await
    }

    async fn carry_out(&self, writes: Vec<ClaimWrite>, wait: Option<AwaitDevices>) -> Result<(), String> {
        let prebind = PreBind::begin(&self.store, &self.pod, writes, wait);
        let api = Caller::new(self.server.client()).within(Duration::from_secs(5));
        let ready = prebind.write(&api, &self.pod, &self.tell()).await?;
        ready.until_ready(|| true).await
    }

    /// Versions of the claim that the engine was told of, and whether each has something.
    fn told(&self) -> Vec<bool> {
        let told = self.told.lock().unwrap();
        let claims = told.iter().filter_map(|input| match input {
            Input::Object(Object::ResourceClaim(claim)) => Some(claim.allocation.is_some()),
            _ => None,
        });
        claims.collect()
    }
}

fn key(name: &str) -> (Str, Str) {
    ("default".into(), name.into())
}
