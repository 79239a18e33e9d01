//! Plugins in Rust of plugins/examples, as wasmtime runs them: what the SDK exports is what plugins/wit says. Without the
//! target wasm32-unknown-unknown the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may, and say what they leave out")]

#[allow(dead_code, reason = "plugins in Go are built by it too")]
#[path = "go/guest.rs"]
mod guest;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wasmtime::Store;
use wasmtime::component::{Component, Instance, InstancePre};

use guest::bindings::exports::longshore::scheduler as out;
use guest::wit::types::Pod;
use guest::{Host, engine, info, linker, store};

/// The examples that are run here.
const GUESTS: [&str; 3] = ["pod-quota", "siblings", "small-first"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Whether Rust can build for WebAssembly here.
fn has_target() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output().unwrap();
    let sysroot = String::from_utf8(sysroot.stdout).unwrap();
    Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
}

/// Builds the examples once.
fn components() -> Option<&'static [Vec<u8>]> {
    static BUILT: OnceLock<Option<Vec<Vec<u8>>>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        if !has_target() {
            eprintln!("skipped: the target wasm32-unknown-unknown is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(root().join("plugins/guests.sh"));
        command.arg("--core").arg(folder.path()).args(GUESTS).env_remove("RUSTFLAGS");
        assert!(command.status().unwrap().success(), "plugins/guests.sh failed");
        let component = |guest: &&str| {
            let core = fs::read(folder.path().join(format!("{guest}.wasm"))).unwrap();
            longshore_plugin_build::componentize(&core).unwrap()
        };
        Some(GUESTS.iter().map(component).collect())
    });
    built.as_deref()
}

/// An instance, set up with a config.
struct Live {
    store: Store<Host>,
    pre: InstancePre<Host>,
    instance: Instance,
}

fn live(guest: &str, config: &str) -> Option<Live> {
    let place = GUESTS.iter().position(|other| *other == guest).unwrap();
    let engine = engine();
    let component = Component::new(&engine, &components()?[place]).unwrap();
    let pre = linker(&engine).instantiate_pre(&component).unwrap();
    let mut store = store(&engine);
    let instance = pre.instantiate(&mut store).unwrap();
    let life = out::lifecycle::GuestIndices::new(&pre).unwrap().load(&mut store, &instance).unwrap();
    life.call_init(&mut store, config, out::lifecycle::Instance { shard: None }).unwrap().unwrap();
    Some(Live { store, pre, instance })
}

/// An interface that the instance exports.
macro_rules! interface {
    ($live:expr, $name:ident) => {
        out::$name::GuestIndices::new(&$live.pre).unwrap().load(&mut $live.store, &$live.instance).unwrap()
    };
}

fn pod(labels: &[(&str, &str)], cpu: i64) -> Pod {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let info = guest::wit::types::PodInfo { labels, requests: vec![("cpu".into(), cpu)], ..info("web") };
    let (scored_requests, tolerations, node_selector) = (vec![], vec![], vec![]);
    Pod { info, scored_requests, tolerations, node_selector, owner: None, raw: None }
}

#[test]
fn a_plugin_reads_the_objects_that_it_is_told() {
    let Some(mut live) = live("pod-quota", "null") else { return };
    let declaration = interface!(live, declaration);
    let manifest = declaration.call_describe(&mut live.store, "null").unwrap().unwrap();
    assert_eq!(manifest.events.unwrap()[0].resource, "PodQuota.v1.example.com");
    let objects = interface!(live, objects);
    let kinds = objects.call_kinds(&mut live.store, "null").unwrap().unwrap();
    let fields = vec!["spec.running".to_owned(), "spec.matchLabels".to_owned()];
    let (group, version, kind) = ("example.com".into(), "v1".into(), "PodQuota".into());
    assert_eq!(kinds, [out::objects::Kind { group, version, kind, fields, about_node: false }]);

    let change = |json: Option<&str>| out::objects::Change {
        kind: 0,
        namespace: "shop".into(),
        name: "all".into(),
        object: json.map(|json| json.as_bytes().to_vec()),
    };
    let stage = interface!(live, pre_filter);
    let ask = |live: &mut Live, reset, json| {
        objects.call_apply(&mut live.store, reset, &[change(json)]).unwrap();
        stage.call_pre_filter(&mut live.store, &pod(&[], 0)).unwrap().unwrap().outcome
    };
    // One pod runs in every namespace of this host.
    let full = ask(&mut live, true, Some(r#"{"spec": {"running": 1}}"#));
    assert!(
        matches!(&full, out::pre_filter::Outcome::Reject(no) if no.reason == "PodQuota all lets 1 pod(s) run")
    );
    let room = ask(&mut live, false, Some(r#"{"spec": {"running": 2}}"#));
    assert_eq!(room, out::pre_filter::Outcome::All);
    assert_eq!(ask(&mut live, false, Some(r#"{"spec": {}}"#)), out::pre_filter::Outcome::All);
    let said = live.store.data().said.clone();
    let line = "Level::Warn PodQuota.v1.example.com shop/all cannot be read and counts as absent: missing field `running`";
    assert_eq!(said, [line]);
    assert_eq!(ask(&mut live, false, None), out::pre_filter::Outcome::All);

    use out::hints::{Event, ObjectChange, Subject};
    let hints = interface!(live, hints);
    let mut hint = |namespace: &str| {
        let (namespace, name) = (namespace.to_owned(), "all".to_owned());
        let change = ObjectChange { namespace, name, before: None, after: Some(b"{}".to_vec()) };
        let event = Event {
            resource: "PodQuota.v1.example.com".into(),
            action: "Add".into(),
            subject: Subject::Object(change),
        };
        hints.call_hint(&mut live.store, &pod(&[], 0), &event).unwrap()
    };
    assert_eq!((hint("shop"), hint("bank")), (Ok(true), Ok(false)));
}

#[test]
fn a_plugin_wakes_pods() {
    let Some(mut live) = live("siblings", "null") else { return };
    let stage = interface!(live, pre_filter);
    let alone = pod(&[("example.com/set", "train"), ("example.com/set-size", "2")], 0);
    let outcome = stage.call_pre_filter(&mut live.store, &alone).unwrap().unwrap().outcome;
    assert!(matches!(outcome, out::pre_filter::Outcome::Reject(_)));
    let last =
        Pod { info: guest::wit::types::PodInfo { uid: "another".into(), ..alone.info.clone() }, ..alone };
    let outcome = stage.call_pre_filter(&mut live.store, &last).unwrap().unwrap().outcome;
    assert_eq!(outcome, out::pre_filter::Outcome::Skip);
    assert_eq!(live.store.data().said, ["activate uid-web"]);
    let one = Pod { info: guest::wit::types::PodInfo { labels: vec![], ..last.info.clone() }, ..last };
    let outcome = stage.call_pre_filter(&mut live.store, &one).unwrap().unwrap().outcome;
    assert_eq!(outcome, out::pre_filter::Outcome::Skip);
}

#[test]
fn a_plugin_ranks_pods_and_refuses_a_config() {
    let Some(mut live) = live("small-first", r#"{"secondsPerCore": 60}"#) else { return };
    let stage = interface!(live, queue_sort);
    let rank = stage.call_rank(&mut live.store, &pod(&[], 1500), 1_000_000).unwrap();
    assert_eq!(rank, Ok((7, 1_090_000)));
    let declaration = interface!(live, declaration);
    let refused = declaration.call_describe(&mut live.store, r#"{"seconds": 1}"#).unwrap().unwrap_err();
    assert!(refused.starts_with("config: unknown field `seconds`"), "{refused}");
}
