//! Plugins exchanged while pods are scheduled: nothing is lost, nothing piles up, and every decision is made by a plugin
//! that is wholly there.

use std::path::Path;
use std::sync::Arc;

use longshore_engine::{Engine, Options, Outcome, TieBreak};
use longshore_framework::Timestamp;
use longshore_framework::fixture::{node, pod};
use longshore_framework::port::{Effect, Input};
use longshore_loader::{Guests, Loaded, Loader, LoaderOptions};
use longshore_wasm::{FailureKind, Observe, Patience};

use crate::cluster::Heard;
use crate::wat::{RESET, SUPPOSED_FITS, Wat, guest};

/// Scores two nodes, in the order of their rows.
fn scores(first: i64, second: i64) -> Wat {
    guest().score(&format!(
        "(i64.store (i32.const 8192) (i64.const {first})) (i64.store (i32.const 8200) (i64.const {second}))
        (i32.store8 (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 8192)) (i32.store (i32.const 264) (i32.const 2))
        (global.set $free (i32.const 4096))
        (i32.const 256)"
    ))
}

const PROFILE: &str = "
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- plugins: {multiPoint: {enabled: [{name: Chooser, weight: 1000}]}}
  pluginConfig: [{name: Chooser, args: {source: 'file://chooser.wasm'}}]
";

/// A scheduler whose plugin is read from a folder.
struct Scheduler {
    loader: Loader,
    heard: Arc<Heard>,
    folder: tempfile::TempDir,
    guests: Guests,
    engine: Engine,
    bound: usize,
}

impl Scheduler {
    fn new(first: &[u8]) -> Self {
        let (heard, folder) = (Arc::new(Heard::default()), tempfile::tempdir().unwrap());
        let observer = Arc::clone(&heard) as Arc<dyn Observe>;
        let loader = Loader::new(LoaderOptions {
            cache_dir: None,
            catalogue: None,
            ignore_unknown: false,
            clock: Arc::new(|| 0),
            observer,
            patience: Patience::Live,
        });
        std::fs::write(folder.path().join("chooser.wasm"), first).unwrap();
        let Loaded { resolved, guests, .. } =
            loader.load("profile.yaml", PROFILE, folder.path(), &Guests::default()).unwrap();
        let options =
            Options { requests: loader.requests(), tie_break: TieBreak::First, ..Options::default() };
        let mut engine = Engine::new(resolved.profiles, options);
        for name in ["a", "b"] {
            engine.apply(Input::Node(node(name).allocatable("pods", "100000").build()));
        }
        Self { loader, heard, folder, guests, engine, bound: 0 }
    }

    /// What a reload does, and whether it was taken.
    fn reload(&mut self, module: &[u8]) -> bool {
        std::fs::write(self.folder.path().join("chooser.wasm"), module).unwrap();
        let folder: &Path = self.folder.path();
        let Ok(Loaded { resolved, guests, .. }) =
            self.loader.load("profile.yaml", PROFILE, folder, &self.guests)
        else {
            return false;
        };
        guests.take_over(&self.guests);
        let effects = self.engine.set_profiles(resolved.profiles, &[]).unwrap();
        assert!(effects.is_empty(), "{effects:?}");
        self.guests = guests;
        true
    }

    /// A pod comes and is decided; its node.
    fn place(&mut self, at: usize) -> String {
        let name = format!("p{at}");
        self.engine.apply(Input::Pod(pod(&name).build()));
        let attempt = self.engine.step().expect("a pod waits");
        let Outcome::Assumed { node } = &attempt.outcome else { panic!("{:?}", attempt.outcome) };
        let node = node.to_string();
        for effect in attempt.effects {
            if let Effect::Bind { pod, .. } = effect {
                let uid = pod.meta.uid.clone();
                self.engine.apply(Input::Bound { uid, result: Ok(()) });
                self.bound += 1;
            }
        }
        node
    }

    fn instances(&self) -> usize {
        let (made, gone) = *self.heard.instances.lock().unwrap();
        made - gone
    }
}

/// What this process holds, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_thousand_reloads_under_load() {
    let (to_a, to_b) = (scores(100, 0).build(), scores(0, 100).build());
    let bad: [&[u8]; 3] = [b"no module", &to_a[..to_a.len() / 2], b""];
    let mut scheduler = Scheduler::new(&to_a);
    let mut want = "a";
    let mut settled = 0;
    for at in 0..1000 {
        let module = if at % 2 == 0 { &to_b } else { &to_a };
        assert!(scheduler.reload(module), "reload {at}");
        want = if at % 2 == 0 { "b" } else { "a" };
        assert_eq!(scheduler.place(2 * at), want, "reload {at}");
        if at % 10 == 0 {
            assert!(!scheduler.reload(bad[at / 10 % 3]), "a bad module was taken");
        }
        assert_eq!(scheduler.place(2 * at + 1), want, "after reload {at}");
        assert!(scheduler.instances() <= 4, "{} instances", scheduler.instances());
        if at == 200 {
            settled = resident();
        }
    }
    assert_eq!((scheduler.bound, scheduler.engine.reserved()), (2000, 0));
    assert_eq!(scheduler.engine.cache().pod_counts().0, 2000);
    assert!(*scheduler.heard.memory.lock().unwrap() <= 4 * 65536);
    let grown = resident().saturating_sub(settled);
    assert!(grown < 64 << 20, "{} MiB more after 800 reloads", grown >> 20);
    drop(scheduler.engine);
    scheduler.guests = Guests::default();
    assert_eq!(*scheduler.heard.memory.lock().unwrap(), 0);
    assert!(scheduler.heard.failures.lock().unwrap().is_empty(), "{want}");
}

#[test]
fn a_plugin_that_did_not_change_goes_on_as_it_is() {
    let module = scores(100, 0).build();
    let mut scheduler = Scheduler::new(&module);
    scheduler.place(0);
    let made = scheduler.heard.instances.lock().unwrap().0;
    let before = scheduler.guests.clone();
    assert!(scheduler.reload(&module));
    assert_eq!(scheduler.guests.changed(&before).count(), 0);
    scheduler.place(1);
    assert_eq!(scheduler.heard.instances.lock().unwrap().0, made);
}

/// Permit: every pod waits for ten seconds; Reserve sets something aside.
fn waits() -> Wat {
    let wait = "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 264) (i32.const 1))
        (i64.store (i32.const 272) (i64.const 10000)) (i32.const 256)";
    scores(100, 0).single().function("permit#permit", "(param i32) (result i32)", wait)
}

#[test]
fn a_pod_that_waits_goes_on_waiting_for_the_new_plugin_and_runs_out_of_time_there() {
    let mut scheduler = Scheduler::new(&waits().build());
    scheduler.engine.apply(Input::Pod(pod("p").build()));
    let attempt = scheduler.engine.step().unwrap();
    assert!(matches!(attempt.effects[..], [Effect::Waiting { .. }]), "{:?}", attempt.effects);
    let mut changed = waits().extra("(global $other i32 (i32.const 1))").build();
    assert!(scheduler.reload(&changed));
    assert_eq!(scheduler.engine.reserved(), 1);
    let effects = scheduler.engine.apply(Input::Time(Timestamp(10_000)));
    let [Effect::Failed { message, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert!(message.contains("timeout after waiting 10s at plugin Chooser"), "{message}");
    // One without Permit lets nobody go: a pod that waits is turned away, and tried again at once.
    scheduler.engine.apply(Input::Pod(pod("q").build()));
    scheduler.engine.step().unwrap();
    changed = scores(0, 100).build();
    std::fs::write(scheduler.folder.path().join("chooser.wasm"), changed).unwrap();
    let loaded = scheduler.loader.load("profile.yaml", PROFILE, scheduler.folder.path(), &scheduler.guests);
    let Loaded { resolved, guests, .. } = loaded.unwrap();
    guests.take_over(&scheduler.guests);
    let effects = scheduler.engine.set_profiles(resolved.profiles, &[]).unwrap();
    assert!(matches!(effects[..], [Effect::Failed { .. }]), "{effects:?}");
    assert_eq!(scheduler.engine.reserved(), 0);
}

/// Sets something aside for every pod; gives it back with this body.
fn reserves(give_back: &str) -> Wat {
    scores(100, 0)
        .single()
        .function("reserve#reserve", "(param i32) (result i32)", &format!("{RESET} {SUPPOSED_FITS}"))
        .function("reserve#unreserve", "(param i32)", give_back)
}

#[test]
fn what_the_old_plugin_set_aside_is_given_back_to_the_new_one() {
    let mut scheduler = Scheduler::new(&reserves(RESET).build());
    let p = pod("p").build();
    scheduler.engine.apply(Input::Pod(Arc::clone(&p)));
    scheduler.engine.step().unwrap();
    // Two later its binding fails. The plugin that is there then is told, which shows by its breaking over it.
    assert!(scheduler.reload(&reserves(&format!("{RESET} nop")).build()));
    assert!(scheduler.reload(&reserves("unreachable").build()));
    scheduler.engine.apply(Input::Bound { uid: p.meta.uid.clone(), result: Err("conflict".into()) });
    let failures = scheduler.heard.failures.lock().unwrap().clone();
    assert_eq!(failures, [("Unreserve".to_string(), FailureKind::Trap)]);
}
