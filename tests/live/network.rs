//! API servers that crash, and networks that swallow, delay and refuse.

#![expect(clippy::print_stderr, reason = "how long it took is of use to whoever runs the test by hand")]

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use longshore_cluster::connect::{self, Liveness, Target};
use longshore_cluster::kinds::KINDS;
use longshore_cluster::told::{NoBystander, Told};
use longshore_cluster::watch::{Reporting, Times, WatchState, watch};
use longshore_tests::control_plane::proxy::{Gateway, Proxy, Rule, Tunnels};
use longshore_tests::control_plane::runtime::{block_on, handle};
use longshore_tests::control_plane::{
    ADMIN, Api, Arena, ControlPlane, Kind, LONG, Options, SCHEDULER, Scheduler, SchedulerOptions, alone,
    kubeconfig, objects, shared, until,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

both!(
    pods_are_bound_again_soon_after_a_crash,
    the_servers_own_certificate_is_trusted,
    the_servers_own_certificate_is_trusted_behind_a_proxy,
    the_servers_own_certificate_is_trusted_where_a_program_says_who_we_are,
);

fn node_of(api: &Api, pod: &str) -> Option<String> {
    let pod = api.get(&format!("/api/v1/namespaces/default/pods/{pod}")).ok()?;
    pod["spec"]["nodeName"].as_str().map(str::to_owned)
}

/// The API server ends in the middle of its work and comes back with the same etcd; its roles are loaded a moment later.
fn pods_are_bound_again_soon_after_a_crash(kind: Kind) {
    let _turn = alone();
    let mut plane = ControlPlane::start(&Options::default());
    let api = plane.api(ADMIN);
    api.create(&objects::node("a"));
    let scheduler = Scheduler::start(&plane, &SchedulerOptions::new(kind));
    for round in 0..3 {
        plane.kill_api_server();
        plane.start_api_server();
        let (pod, start) = (format!("web-{round}"), Instant::now());
        api.create(&objects::pod("default", &pod));
        until("the pod to be bound", LONG, || scheduler.log(), || node_of(&api, &pod));
        eprintln!("{kind:?}: bound {:.1?} after the API server was ready again", start.elapsed());
    }
    let log = scheduler.log();
    assert!(!log.contains("may not be watched, so"), "it went on without a kind:\n{log}");
}

/// The kubeconfig names the certificate of the server in the place of its authority's, and `change` makes of it what it
/// likes. A pod is bound all the same.
fn check_own_certificate(kind: Kind, change: impl FnOnce(&mut Value)) {
    let arena = shared();
    arena.node("a", &json!({}));
    let user = json!({ "token": arena.plane.token(SCHEDULER) });
    let server = arena.plane.server();
    let mut document = kubeconfig::kubeconfig(&server, arena.plane.serving_certificate(), user);
    change(&mut document);
    let file = arena.plane.file(&format!("own-{}.kubeconfig", arena.namespace));
    kubeconfig::write(&file, &document);
    let _scheduler = arena.scheduler_with(&SchedulerOptions::new(kind).kubeconfig(file));
    arena.pod("web", &json!({}));
    assert_eq!(arena.until_bound("web"), "a");
}

fn the_servers_own_certificate_is_trusted(kind: Kind) {
    check_own_certificate(kind, |_| {});
}

fn the_servers_own_certificate_is_trusted_behind_a_proxy(kind: Kind) {
    let tunnels = Tunnels::start();
    check_own_certificate(kind, |kubeconfig| {
        kubeconfig["clusters"][0]["cluster"]["proxy-url"] = tunnels.url().into();
    });
    assert!(tunnels.made() > 0);
}

fn the_servers_own_certificate_is_trusted_where_a_program_says_who_we_are(kind: Kind) {
    check_own_certificate(kind, |kubeconfig| {
        let version = "client.authentication.k8s.io/v1";
        let user = &mut kubeconfig["users"][0]["user"];
        let said = json!({ "apiVersion": version, "kind": "ExecCredential", "status": user.take() });
        *user = json!({ "exec": {
            "apiVersion": version, "command": "echo", "args": [said.to_string()], "interactiveMode": "Never",
        } });
    });
}

fn low(arena: &Arena, name: &str, node: &str) {
    let pod = objects::asking(arena.new_pod(name), "3");
    let patch = json!({ "metadata": { "labels": { "app": name } }, "spec": { "nodeName": node } });
    arena.api.create(&objects::with(pod, &patch));
}

/// Budgets are forbidden for a while after they could be read: what was known of them counts on.
#[test]
fn a_budget_counts_while_budgets_are_forbidden_for_a_moment() {
    let arena = shared();
    for name in ["a", "b"] {
        arena.node(name, &json!({}));
        low(&arena, &format!("on-{name}"), name);
    }
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "namespace": arena.namespace, "name": "keep" },
        "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": "on-a" } } },
    });
    arena.api.create(&budget);
    let path = objects::path(&budget);
    let checked = || arena.api.get(&path).unwrap()["status"]["observedGeneration"].is_number().then_some(());
    until("the budget to have a status", LONG, String::new, checked);
    let gateway = Gateway::start(arena.plane);
    let file = gateway.kubeconfig_file(arena.plane, SCHEDULER);
    let scheduler = arena.scheduler_with(&SchedulerOptions::new(Kind::Longshore).kubeconfig(file));
    gateway.answer(vec![Rule { part: "poddisruptionbudgets".into(), code: 403, reason: "Forbidden".into() }]);
    let said = || scheduler.log().contains("cannot be watched at the moment").then_some(());
    until("the log to say so", LONG, || scheduler.log(), said);
    let class = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": { "name": format!("high-{}", arena.namespace) }, "value": 1000,
    });
    arena.api.create(&class);
    let high = objects::asking(arena.new_pod("high"), "3");
    let high = objects::with(high, &json!({ "spec": { "priorityClassName": class["metadata"]["name"] } }));
    arena.api.create(&high);
    assert_eq!(arena.until_bound("high"), "b", "the pod on a has a budget");
    gateway.answer(Vec::new());
    let over = || scheduler.log().contains("watching again").then_some(());
    until("the watch to work again", LONG * 2, || scheduler.log(), over);
}

/// A watch of namespaces within this process, with short times.
struct Watched {
    state: Arc<WatchState>,
    told: Receiver<Told>,
    stop: CancellationToken,
}

impl Watched {
    fn begin(kubeconfig: &Path) -> Self {
        let second = Duration::from_secs(1);
        let liveness =
            Liveness { connect: second, ping: second, pong: second, answer: second * 2, watch: second };
        let target = Target { kubeconfig: Some(kubeconfig.to_owned()), ..Target::default() };
        let found = block_on(connect::find(&target)).unwrap();
        let client = handle().block_on(async { connect::client(&found, None, liveness).unwrap() });
        // The first call tells which protocol the server speaks.
        block_on(client.apiserver_version()).unwrap();
        let kind = KINDS.iter().find(|kind| kind.kind == "Namespace").unwrap();
        let (send, told) = channel();
        let (state, stop) = (Arc::new(WatchState::new(kind)), CancellationToken::new());
        let to = Reporting {
            tell: Arc::new(move |told| drop(send.send(told))),
            bystander: Arc::new(NoBystander),
            times: Times { mended_after: second * 8, ..Times::default() },
            stop: stop.clone(),
        };
        handle().spawn(watch(client, kind, Arc::clone(&state), to));
        Self { state, told, stop }
    }

    fn until_told(&self, what: &str) {
        let news = || self.told.try_iter().any(|told| format!("{told:?}").contains(what)).then_some(());
        until(&format!("news of {what}"), LONG, || self.state.last_error(), news);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

/// A connection becomes a black hole: that is noticed and said, and the watch goes on when the hole has gone.
#[track_caller]
fn check_hole(arena: &Arena, proxy: &Proxy, kubeconfig: &Path, name: &str) {
    let watched = Watched::begin(kubeconfig);
    watched.until_told("Synced");
    proxy.black_hole(true);
    let start = Instant::now();
    let noticed = || (!watched.state.last_error().is_empty()).then_some(());
    until("the hole to be noticed", LONG, String::new, noticed);
    eprintln!("{name}: noticed after {:.1?}: {}", start.elapsed(), watched.state.last_error());
    arena.api.create(&namespace(name));
    proxy.black_hole(false);
    watched.until_told(name);
    assert_eq!(watched.state.last_error(), "");
    arena.api.delete(&format!("/api/v1/namespaces/{name}")).unwrap();
}

#[test]
fn a_black_hole_is_noticed_over_http_2() {
    let arena = shared();
    let proxy = Proxy::start(arena.plane);
    let file = proxy.kubeconfig_file(arena.plane, ADMIN);
    check_hole(&arena, &proxy, &file, "seen-over-http-2");
}

#[test]
fn a_black_hole_is_noticed_over_http_1() {
    let arena = shared();
    let gateway = Gateway::start(arena.plane);
    let proxy = Proxy::before(gateway.address());
    let user = json!({ "token": arena.plane.token(ADMIN) });
    let server = format!("http://{}", proxy.address());
    let file = arena.plane.file("hole.kubeconfig");
    kubeconfig::write(&file, &kubeconfig::kubeconfig(&server, arena.plane.authority(), user));
    check_hole(&arena, &proxy, &file, "seen-over-http-1");
}
