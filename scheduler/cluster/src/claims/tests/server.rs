//! An API server for claims: versions, UIDs, finalizers, and what it says when something does not fit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kube::Client;
use serde_json::{Value, json};

use super::ClaimStore;
use crate::fake_api::{Answer, Call, FakeApi};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Somebody else writes first.
    Overtaken,
    /// It is done, and the answer gets lost.
    Unanswered,
    /// It is refused.
    Refused,
}

#[derive(Default)]
struct State {
    claims: BTreeMap<String, Value>,
    version: u64,
    faults: BTreeMap<usize, Fault>,
    /// All calls from this one on are refused.
    dead_from: Option<usize>,
    store: Option<Arc<ClaimStore>>,
    /// The watch shows nothing.
    blind: bool,
}

/// The server.
#[derive(Clone)]
pub(super) struct Server {
    state: Arc<Mutex<State>>,
    api: FakeApi,
}

const PREFIX: &str = "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims";

impl Server {
    pub(super) fn new(claims: Vec<Value>, store: Arc<ClaimStore>) -> Self {
        let state = Arc::new(Mutex::new(State { store: Some(store), ..State::default() }));
        claims.into_iter().for_each(|claim| state.lock().unwrap().put(claim));
        let handler = Arc::clone(&state);
        let api = FakeApi::new(move |call| handler.lock().unwrap().answer(call));
        Self { state, api }
    }

    pub(super) fn client(&self) -> Client {
        self.api.client()
    }

    /// `PATCH k/status` of every call.
    pub(super) fn lines(&self) -> Vec<String> {
        let short =
            |line: String| line.replace(PREFIX, "").replace("/api/v1/namespaces/default/pods", "pods");
        self.api.lines().into_iter().map(short).map(|line| line.replace(" /", " ")).collect()
    }

    /// What was sent with the call of that number.
    pub(super) fn sent(&self, number: usize) -> Value {
        self.api.calls()[number].body.clone()
    }

    pub(super) fn calls(&self) -> usize {
        self.api.calls().len()
    }

    pub(super) fn claim(&self, name: &str) -> Value {
        self.state.lock().unwrap().claims.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state.lock().unwrap().claims.keys().cloned().collect()
    }

    pub(super) fn fault(&self, number: usize, fault: Fault) {
        self.state.lock().unwrap().faults.insert(number, fault);
    }

    pub(super) fn dies_at(&self, number: Option<usize>) {
        self.state.lock().unwrap().dead_from = number;
    }

    pub(super) fn blind(&self) {
        self.state.lock().unwrap().blind = true;
    }

    /// Somebody writes a claim.
    pub(super) fn put(&self, claim: Value) {
        self.state.lock().unwrap().put(claim);
    }

    pub(super) fn show_all_to(&self, store: Arc<ClaimStore>) {
        let mut state = self.state.lock().unwrap();
        state.claims.values().for_each(|claim| store.saw(&claim.to_string()));
        state.store = Some(store);
    }
}

impl State {
    fn put(&mut self, mut claim: Value) {
        self.version += 1;
        claim["metadata"]["resourceVersion"] = self.version.to_string().into();
        if let Some(store) = self.store.as_ref().filter(|_| !self.blind) {
            store.saw(&claim.to_string());
        }
        self.claims.insert(claim["metadata"]["name"].as_str().unwrap().to_string(), claim);
    }

    fn answer(&mut self, call: &Call) -> Answer {
        let fault = self.faults.get(&call.number).copied();
        if self.dead_from.is_some_and(|from| call.number >= from) || fault == Some(Fault::Refused) {
            return Answer::failure(422, "Invalid", "refused");
        }
        let (method, path) = call.line.split_once(' ').unwrap();
        let Some(path) = path.strip_prefix(PREFIX) else { return Answer::json(json!({})) };
        let (name, sub) = match path.trim_start_matches('/').split_once('/') {
            Some((name, _)) => (name, true),
            None => (path.trim_start_matches('/'), false),
        };
        if fault == Some(Fault::Overtaken) {
            let other = self.claims[name].clone();
            self.put(other);
        }
        let answer = match method {
            "POST" => self.create(&call.body),
            "GET" => self.found(name),
            "DELETE" => self.delete(name),
            _ => self.patch(name, sub, &call.body),
        };
        match fault {
            Some(Fault::Unanswered) => Answer::failure(503, "ServiceUnavailable", "gone away"),
            _ => answer,
        }
    }

    fn found(&self, name: &str) -> Answer {
        match self.claims.get(name) {
            Some(claim) => Answer::json(claim.clone()),
            None => Answer::failure(
                404,
                "NotFound",
                &format!("resourceclaims.resource.k8s.io \"{name}\" not found"),
            ),
        }
    }

    fn create(&mut self, body: &Value) -> Answer {
        let mut claim = body.clone();
        let name = format!("{}abcde", body["metadata"]["generateName"].as_str().unwrap());
        claim["metadata"]["name"] = name.clone().into();
        claim["metadata"]["uid"] = format!("uid-{name}").into();
        self.put(claim);
        self.found(&name)
    }

    fn delete(&mut self, name: &str) -> Answer {
        match self.claims.remove(name) {
            Some(claim) => Answer::json(claim),
            None => self.found(name),
        }
    }

    fn patch(&mut self, name: &str, sub: bool, patch: &Value) -> Answer {
        let Some(claim) = self.claims.get(name) else { return self.found(name) };
        let differs = |field: &str| {
            let wanted = &patch["metadata"][field];
            !wanted.is_null() && *wanted != claim["metadata"][field]
        };
        if differs("uid") || differs("resourceVersion") {
            return Answer::failure(409, "Conflict", "the object has been modified");
        }
        let mut claim = claim.clone();
        if sub {
            patch_status(&mut claim["status"], &patch["status"]);
            let of = &claim["status"];
            let users = of["reservedFor"].as_array().map_or(0, Vec::len);
            if users > 0 && of["allocation"].is_null() {
                return Answer::failure(422, "Invalid", "may not be specified when `allocated` is not set");
            }
        } else {
            claim["metadata"]["finalizers"] = patch["metadata"]["finalizers"].clone();
        }
        self.put(claim);
        self.found(name)
    }
}

fn patch_status(status: &mut Value, patch: &Value) {
    for (field, value) in patch.as_object().unwrap() {
        match (field.as_str(), value) {
            (_, Value::Null) => drop(status.as_object_mut().and_then(|s| s.remove(field))),
            ("reservedFor", Value::Array(users)) => {
                let mut now = status["reservedFor"].as_array().cloned().unwrap_or_default();
                for user in users {
                    now.retain(|other| other["uid"] != user["uid"]);
                    if user["$patch"].is_null() {
                        now.push(user.clone());
                    }
                }
                status["reservedFor"] = now.into();
            }
            (field, _) if field.starts_with('$') => {}
            (_, value) => status[field] = value.clone(),
        }
    }
}
