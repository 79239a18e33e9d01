//! The recorded decisions of kube-scheduler again, with NodeResourcesFit as a component in place of the native one.

use std::path::Path;
use std::sync::{Arc, Mutex};

use longshore_engine::Evaluation;
use longshore_framework::features::Features;
use longshore_framework::fields::Problems;
use longshore_framework::registry::{FactoryContext, Registry};
use longshore_wasm::{Host, HostOptions, Settings};
use serde_json::{Value, json};

use crate::{case, sets};

/// What the guest can be told of the native plugin's args; `None` for strategies that it does not have.
fn config(args: &Value, context: &FactoryContext) -> Option<Value> {
    let strategy = &args["scoringStrategy"];
    let least = matches!(strategy["type"].as_str(), None | Some("LeastAllocated"));
    let groups = args["ignoredResourceGroups"].as_array().is_some_and(|groups| !groups.is_empty());
    if !least || groups || !context.extender_ignored_resources.is_empty() {
        return None;
    }
    let mut config = json!({});
    for (theirs, ours) in
        [(&args["ignoredResources"], "ignoredResources"), (&strategy["resources"], "resources")]
    {
        if theirs.as_array().is_some_and(|list| !list.is_empty()) {
            config[ours] = theirs.clone();
        }
    }
    Some(config)
}

/// The in-tree plugins with the guest under NodeResourcesFit's name, and how many profiles have it.
fn registry(host: &Host, bytes: Vec<u8>) -> (Registry, Arc<Mutex<usize>>) {
    let mut registry = longshore_plugins_native::registry();
    let native = registry.get("NodeResourcesFit").unwrap().clone();
    let (host, used) = (host.clone(), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&used);
    registry.add("NodeResourcesFit", move |args, context, problems: &mut Problems<'_>| {
        let instance = native(args, context, problems);
        let Some(config) = config(args, context) else { return instance };
        *count.lock().unwrap() += 1;
        let settings = Settings { config, time: std::time::Duration::from_secs(5), ..Settings::default() };
        host.load("NodeResourcesFit", &bytes, &settings).unwrap_or_else(|e| panic!("{e}")).instance()
    });
    (registry, used)
}

/// Resources that the guest has no columns for: it lists those it knows, and fails pods that ask for others.
const UNKNOWN: &[&str] = &["vendor.io/fpga", "\"example.com/g\"", "\"example.com/wait\""];

/// Whether something other than a node names one of them.
fn asks_for_unknown(case: &Value) -> bool {
    let objects = case["objects"].as_array().map_or(&[][..], Vec::as_slice);
    let mut texts = objects.iter().filter(|object| object["kind"] != "Node").map(Value::to_string);
    texts.any(|text| UNKNOWN.iter().any(|resource| text.contains(resource)))
}

#[track_caller]
fn check(keep_pure: bool) {
    // Every case loads the plugin again; it is compiled once.
    let cache = tempfile::tempdir().unwrap();
    let options = HostOptions { keep_pure, cache_dir: Some(cache.path().into()), ..HostOptions::default() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(root.join("guests/resources-fit.wasm")).unwrap();
    let (registry, used) = registry(&Host::new(options).unwrap(), bytes);
    let (mut cases, mut left_out, mut bad) = (0, 0, Vec::new());
    for set in sets::sets() {
        let registry = registry.clone().with_features(Features::of(set.minor));
        for case in case::files(&set.folder).unwrap().iter().flat_map(|file| case::read(file).unwrap()) {
            // The guest knows no devices, and groups are recorded in another form.
            let is_of_devices = case["name"].as_str().is_some_and(|name| name.contains("dra-"));
            if is_of_devices || !case["expected"]["attempts"].is_array() {
                continue;
            }
            cases += 1;
            if asks_for_unknown(&case) {
                left_out += 1;
                continue;
            }
            let differences = case::run_with(&case, &registry, Evaluation::Audited);
            if !differences.is_empty() {
                bad.push(format!("{}: {}", case["name"], differences[..differences.len().min(3)].join("; ")));
            }
        }
    }
    assert!(bad.is_empty(), "{} of {cases} cases differ:\n{}", bad.len(), bad.join("\n"));
    assert!(left_out * 6 < cases, "{left_out} of {cases} cases left out");
    assert!(*used.lock().unwrap() * 2 > cases, "too few of {cases} cases use the guest");
}

#[test]
fn a_guest_decides_as_the_native_plugin_does() {
    check(false);
}

#[test]
fn keeping_its_verdicts_changes_nothing() {
    check(true);
}
