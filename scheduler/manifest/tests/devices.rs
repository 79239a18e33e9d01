//! The allocator of devices against recorded decisions of kube-scheduler: for every node of every attempt, the devices
//! that claims would be given there; then the allocation as it was written.

#![allow(clippy::unwrap_used, reason = "tests may")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use longshore_framework::device::DeviceClass;
use longshore_framework::device_use::InUse;
use longshore_framework::node::Node;
use longshore_framework::resource_claim::{AllocatedDevice, Allocation, ResourceClaim};
use longshore_manifest as manifest;
use longshore_plugins_native::dynamic_resources::allocator::{
    AllocationError, Claim, Inventory, Known, Selectors, allocate,
};
use serde_json::{Value, json};

/// A case with what it holds, as the attempts so far left it.
#[derive(Default)]
struct World {
    inventory: Inventory,
    classes: BTreeMap<String, Arc<DeviceClass>>,
    claims: BTreeMap<String, ResourceClaim>,
    nodes: BTreeMap<String, Node>,
    pods: BTreeMap<String, Value>,
    in_use: InUse,
    selectors: Selectors,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl World {
    fn of(objects: &[Value]) -> Self {
        let mut world = Self::default();
        for object in objects {
            let key =
                format!("{}/{}", text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
            match text(&object["kind"]) {
                "ResourceSlice" => {
                    _ = world.inventory.set(Arc::new(manifest::resource_slice(object).unwrap()))
                }
                "DeviceClass" => {
                    let class = manifest::device_class(object).unwrap();
                    world.classes.insert(class.name.to_string(), Arc::new(class));
                }
                "ResourceClaim" => {
                    let claim = manifest::resource_claim(object).unwrap();
                    if let Some(allocation) = &claim.allocation {
                        world.in_use.add(allocation);
                    }
                    world.claims.insert(key, claim);
                }
                "Node" => {
                    let node = manifest::node(object).unwrap();
                    world.nodes.insert(node.name.to_string(), node);
                }
                "Pod" => {
                    world.pods.insert(key, object.clone());
                }
                _ => {}
            }
        }
        world
    }

    /// The names of a pod's claims, as the controller has made those of templates.
    fn claims_of(&self, pod: &str) -> Vec<String> {
        let Some(object) = self.pods.get(pod) else { return Vec::new() };
        let namespace = pod.split('/').next().unwrap_or_default();
        let made = object["status"]["resourceClaimStatuses"].as_array();
        let name_of = |entry: &Value| match entry["resourceClaimName"].as_str() {
            Some(name) => Some(name.to_string()),
            None => {
                let mut made = made.into_iter().flatten();
                let status = made.find(|status| status["name"] == entry["name"])?;
                status["resourceClaimName"].as_str().map(str::to_string)
            }
        };
        let entries = object["spec"]["resourceClaims"].as_array().into_iter().flatten();
        entries.filter_map(name_of).map(|name| format!("{namespace}/{name}")).collect()
    }

    /// What the claims that have nothing yet are given on the node.
    fn allocate(
        &self,
        names: &[String],
        node: &Node,
    ) -> Result<Option<Vec<(String, Allocation)>>, AllocationError> {
        let waiting: Vec<&String> = names
            .iter()
            .filter(|name| self.claims.get(*name).is_some_and(|c| c.allocation.is_none()))
            .collect();
        let claims: Vec<Claim<'_>> = waiting
            .iter()
            .map(|name| {
                let claim = &self.claims[*name];
                Claim { namespace: &claim.namespace, name: &claim.name, spec: &claim.spec }
            })
            .collect();
        let class = |name: &Arc<str>| self.classes.get(&**name).cloned();
        let known =
            Known { in_use: &self.in_use, selectors: &self.selectors, class: &class, patience: 10_000_000 };
        let found = allocate(node, &self.inventory.pools_of(node), &claims, known)?;
        Ok(found.map(|found| waiting.into_iter().cloned().zip(found).collect()))
    }

    /// Whether the pod asks for resources that classes may stand for: then it has one claim more.
    fn is_extended(&self, pod: &str) -> bool {
        let spec = &self.pods[pod]["spec"];
        let lists = ["containers", "initContainers"].iter().filter_map(|list| spec[*list].as_array());
        let requests = lists.flatten().filter_map(|container| container["resources"]["requests"].as_object());
        requests.flatten().any(|(name, _)| name.contains('/'))
    }

    fn give(&mut self, name: &str, allocation: Allocation) {
        self.in_use.add(&allocation);
        if let Some(claim) = self.claims.get_mut(name) {
            claim.allocation = Some(Arc::new(allocation));
        }
    }

    fn take_back(&mut self, name: &str) {
        let Some(claim) = self.claims.get_mut(name) else { return };
        if let Some(allocation) = claim.allocation.take() {
            self.in_use.remove(&allocation);
        }
    }
}

fn line(device: &AllocatedDevice) -> String {
    format!("{}={}/{}/{}", device.request, device.driver, device.pool, device.device)
}

/// Devices by claim, as the attempts have them for each node. A pod may name a claim twice.
fn devices(found: &[(String, Allocation)]) -> BTreeMap<String, Vec<String>> {
    let mut devices: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, allocation) in found {
        devices.entry(name.clone()).or_default().extend(allocation.devices.iter().map(line));
    }
    devices
}

fn recorded_devices(written: &Value) -> BTreeMap<String, Vec<String>> {
    let lines =
        |lines: &Value| lines.as_array().into_iter().flatten().map(|line| text(line).to_string()).collect();
    written.as_object().into_iter().flatten().map(|(name, written)| (name.clone(), lines(written))).collect()
}

/// The recorded allocation as a claim's status has it.
fn recorded(allocation: &Value) -> Allocation {
    let mut results = allocation["devices"].clone();
    for result in results.as_array_mut().into_iter().flatten() {
        if result["shared"] == true {
            result["shareID"] = "share".into();
        }
    }
    let mut config = allocation["config"].clone();
    for said in config.as_array_mut().into_iter().flatten() {
        said["opaque"] = json!({"driver": said["driver"], "parameters": {}});
    }
    let claim = json!({"metadata": {"name": "c"}, "status": {"allocation": {
        "devices": {"results": results, "config": config}, "nodeSelector": allocation["nodeSelector"],
    }}});
    let claim = manifest::resource_claim(&claim).unwrap();
    Allocation::clone(&claim.allocation.unwrap())
}

/// What is compared of an allocation: everything but parameters and the names of shares.
fn bare(mut allocation: Allocation) -> Allocation {
    for device in &mut allocation.devices {
        device.share = device.share.take().map(|_| "".into());
    }
    allocation.config.iter_mut().for_each(|said| said.config.parameters = "".into());
    allocation
}

/// Where a case differs.
fn differences(case: &Value) -> Vec<String> {
    let mut world = World::of(case["objects"].as_array().unwrap());
    let mut wrong = Vec::new();
    for attempt in case["expected"]["attempts"].as_array().unwrap() {
        attempted(&mut world, attempt, &mut wrong);
    }
    wrong
}

fn attempted(world: &mut World, attempt: &Value, wrong: &mut Vec<String>) {
    let pod = text(&attempt["pod"]);
    let names = world.claims_of(pod);
    let is_own =
        |devices: &Value| devices.as_object().into_iter().flatten().all(|(name, _)| names.contains(name));
    let nodes: Vec<(&String, &Value)> = attempt["nodes"].as_object().into_iter().flatten().collect();
    let plain = nodes.iter().all(|(_, verdict)| is_own(&verdict["devices"])) && !world.is_extended(pod);
    if plain && !names.is_empty() && attempt["gated"].is_null() {
        // What was found before an error ended the attempt is not recorded.
        let whole = if attempt["error"].is_null() { nodes } else { Vec::new() };
        for (name, want) in whole {
            check(world, &names, name, want, &mut |text| wrong.push(format!("{pod} on {name}: {text}")));
        }
        if attempt["error"].is_string() {
            let fails = |node: &Node| matches!(world.allocate(&names, node), Err(AllocationError::Broken(_)));
            if !world.nodes.values().any(fails) {
                wrong.push(format!("{pod}: no node fails; {}", attempt["error"]));
            }
        }
    }
    let chosen = world.nodes.get(text(&attempt["node"]));
    let found = chosen.and_then(|node| world.allocate(&names, node).ok().flatten()).unwrap_or_default();
    for (name, written) in attempt["allocations"].as_object().into_iter().flatten() {
        let want = recorded(written);
        let first = found.iter().find(|(have, _)| have == name).filter(|_| plain);
        if let Some((_, have)) = first
            && bare(have.clone()) != bare(want.clone())
        {
            wrong.push(format!(
                "{pod}: {name} has {:?}\n  want {:?}",
                bare(have.clone()),
                bare(want.clone())
            ));
        }
        world.give(name, want);
    }
    for name in attempt["deallocated"].as_array().into_iter().flatten() {
        world.take_back(text(name));
    }
}

fn check(world: &World, names: &[String], node: &str, want: &Value, wrong: &mut dyn FnMut(String)) {
    let Some(node) = world.nodes.get(node) else { return };
    let found = world.allocate(names, node);
    let reason = text(&want["reasons"][0]);
    match (want["feasible"] == true, &found) {
        (true, Ok(Some(found))) => {
            let (have, want) = (devices(found), recorded_devices(&want["devices"]));
            if have != want {
                wrong(format!("has {have:?}, want {want:?}"));
            }
        }
        (true, other) => wrong(format!("has {other:?}, want {}", want["devices"])),
        (false, Ok(None)) if reason == "cannot allocate all claims" => {}
        (false, Err(AllocationError::InvalidPools))
            if reason == "invalid resource pools were encountered" => {}
        (false, other) if text(&want["plugin"]) == "DynamicResources" && reason.contains("allocate all") => {
            wrong(format!("has {other:?}, want {reason}"));
        }
        (false, other) if reason.contains("invalid resource pools") => {
            wrong(format!("has {other:?}, want {reason}"));
        }
        _ => {}
    }
}

fn cases(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/data-dra").join(file);
    let file = std::fs::File::open(path).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

/// Cases in which a defect of kube-scheduler 1.36.2 shows that is not repeated here.
const FIXED: &[(&str, &str)] = &[
    ("dra-hand-counters-leak-after-taint-no", LEAK),
    ("dra-hand-counters-leak-after-failed-constraint", LEAK),
    ("dra-counters-0179", BY_NAME),
    ("dra-hand-counters-same-pool-name-two-drivers", BY_NAME),
    ("dra-hand-distinct-attribute-remembers-last-of-a-request", DISTINCT),
    ("dra-match-0105", DISTINCT),
    ("dra-match-0149", DISTINCT),
    ("dra-consume-0134", DISTINCT),
    ("dra-first-0250", DISTINCT),
];
const LEAK: &str = "counters of a device that is turned down stay consumed";
const BY_NAME: &str = "counters are kept by the name of the pool, whoever its driver is";
const DISTINCT: &str = "distinctAttribute remembers the last device of a request";

#[test]
fn devices_are_those_that_kube_scheduler_allocates() {
    let mut report = Vec::new();
    let mut passed = 0;
    for case in cases("dra-golden.jsonl.gz").iter().chain(&cases("dra.jsonl.gz")) {
        let name = text(&case["name"]);
        let wrong = differences(case);
        let known = FIXED.iter().any(|(fixed, _)| *fixed == name);
        match (wrong.is_empty(), known) {
            (true, true) => report.push(format!("{name} is said to differ and does not")),
            (false, false) => report.push(format!("{name}\n  {}", wrong.join("\n  "))),
            _ => passed += 1,
        }
    }
    assert!(report.is_empty(), "{passed} pass, {} do not\n{}", report.len(), report.join("\n"));
}
