use std::sync::{Arc, Mutex};
use std::time::Duration;

use boot_time::Instant;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::call::Caller;
use crate::contact::{Contact, Fingerprint};
use crate::fake_api::{Answer, Call, FakeApi};
use crate::hold::{Hold, NotHeld};

/// An API server that keeps one Lease and checks resourceVersion.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Stored>>);

#[derive(Default)]
struct Stored {
    lease: Option<Value>,
    version: u64,
    refuse: Option<(u16, &'static str, &'static str)>,
}

impl Store {
    fn answer(&self, call: &Call) -> Answer {
        let mut stored = self.0.lock().unwrap();
        if let Some((code, reason, message)) = stored.refuse {
            return Answer::failure(code, reason, message);
        }
        let verb = call.line.split(' ').next().unwrap();
        match (verb, stored.lease.clone()) {
            ("GET", Some(lease)) => Answer::json(lease),
            ("GET", None) => Answer::failure(404, "NotFound", "leases \"longshore\" not found"),
            ("POST", Some(_)) => Answer::failure(409, "AlreadyExists", "exists"),
            ("PUT", Some(lease))
                if lease["metadata"]["resourceVersion"] != call.body["metadata"]["resourceVersion"] =>
            {
                Answer::failure(409, "Conflict", "the object has been modified")
            }
            ("POST" | "PUT", _) => Answer::json(stored.put(call.body.clone())),
            (verb, _) => panic!("unexpected {verb}"),
        }
    }

    fn api(&self) -> FakeApi {
        let store = self.clone();
        FakeApi::new(move |call| store.answer(call))
    }

    fn lease(&self) -> Value {
        self.0.lock().unwrap().lease.clone().unwrap_or_default()
    }

    fn put(&self, lease: Value) {
        self.0.lock().unwrap().put(lease);
    }

    fn refuse(&self, refuse: Option<(u16, &'static str, &'static str)>) {
        self.0.lock().unwrap().refuse = refuse;
    }
}

impl Stored {
    fn put(&mut self, mut lease: Value) -> Value {
        self.version += 1;
        lease["metadata"]["resourceVersion"] = self.version.to_string().into();
        lease["metadata"]["uid"] = "lease-uid".into();
        self.lease = Some(lease.clone());
        lease
    }
}

struct Candidate {
    state: watch::Receiver<Leadership>,
    stop: CancellationToken,
    notes: Arc<Mutex<Vec<String>>>,
    watchdog: Watchdog,
    hold: Hold,
}

impl Candidate {
    /// A second is the shortest a Lease can last; all else is as short as that allows.
    fn start(store: &Store, identity: &str) -> Self {
        let options = LeaseOptions {
            lease_duration: Duration::from_secs(1),
            renew_deadline: Duration::from_millis(600),
            retry_period: Duration::from_millis(40),
            ..LeaseOptions::new("kube-system", "longshore", identity)
        };
        let notes: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = notes.clone();
        let elector = Elector::new(Caller::new(store.api().client()), options).unwrap();
        let hold = Hold::default();
        let contact = Contact {
            schedulers: vec!["longshore".into()],
            pod: None,
            host: identity.into(),
            port: 10259,
            certificate: Fingerprint::of(identity.as_bytes()),
        };
        let elector = elector
            .announcing(move |event| heard.lock().unwrap().push(event.note))
            .holding(hold.clone())
            .showing(watch::channel(Some(contact)).1);
        let (sender, state) = watch::channel(Leadership::default());
        let (stop, watchdog) = (CancellationToken::new(), elector.watchdog());
        tokio::spawn(elector.run(stop.clone(), sender));
        Self { state, stop, notes, watchdog, hold }
    }

    async fn until(&mut self, wanted: impl Fn(&Leadership) -> bool) -> Leadership {
        let waiting = self.state.wait_for(|state| wanted(state));
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("in time").unwrap().clone()
    }

    async fn until_leading(&mut self) {
        self.until(|state| *state == Leadership::Leading).await;
    }

    async fn until_lost(&mut self) -> LossReason {
        match self.until(|state| matches!(state, Leadership::Lost(_))).await {
            Leadership::Lost(reason) => reason,
            other => panic!("{other:?}"),
        }
    }
}

fn held_by(identity: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "longshore", "namespace": "kube-system", "labels": {"team": "x"}},
        "spec": {"holderIdentity": identity, "leaseDurationSeconds": 1, "leaseTransitions": 3,
                 "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:00.000000Z"}
    })
}

/// Where the Lease says that its holder is.
fn host(store: &Store) -> Option<String> {
    Contact::read(&store.lease()).map(|contact| contact.host.to_string())
}

#[tokio::test]
async fn the_first_one_creates_the_lease_and_gives_it_back_when_told_to_stop() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    let spec = &store.lease()["spec"];
    assert_eq!((&spec["holderIdentity"], &spec["leaseTransitions"]), (&json!("a_1"), &json!(0)));
    assert_eq!(spec["renewTime"].as_str().unwrap().len(), "2026-01-01T00:00:00.000000Z".len());
    assert_eq!(host(&store).as_deref(), Some("a_1"));

    first.stop.cancel();
    assert_eq!(first.until_lost().await, LossReason::Stopped { released: true });
    assert_eq!(first.hold.check(), Err(NotHeld::GivenBack));
    let spec = &store.lease()["spec"];
    assert_eq!((&spec["holderIdentity"], &spec["leaseDurationSeconds"]), (&json!(""), &json!(1)));
    assert_eq!(store.lease()["metadata"].get("annotations"), None);
    assert_eq!(*first.notes.lock().unwrap(), ["a_1 became leader", "a_1 stopped leading"]);
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_taken_at_the_next_try() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    let mut second = Candidate::start(&store, "b_2");
    let standby =
        |state: &Leadership| matches!(state, Leadership::Standby { holder: Some(h), .. } if &**h == "a_1");
    second.until(standby).await;
    assert_eq!((first.hold.check(), second.hold.check()), (Ok(()), Err(NotHeld::Standby)));

    let stopped = Instant::now();
    first.stop.cancel();
    second.until_leading().await;
    assert!(stopped.elapsed() < Duration::from_millis(900), "{:?}", stopped.elapsed());
    assert_eq!(store.lease()["spec"]["leaseTransitions"], 1);
}

#[tokio::test]
async fn a_lease_is_taken_when_nothing_is_heard_of_its_holder_whatever_its_times_say() {
    let store = Store::default();
    store.put(held_by("gone_9"));
    let started = Instant::now();
    let mut second = Candidate::start(&store, "b_2");
    second.until_leading().await;
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    let lease = store.lease();
    assert_eq!(
        (&lease["spec"]["holderIdentity"], &lease["spec"]["leaseTransitions"]),
        (&json!("b_2"), &json!(4))
    );
    assert_eq!(host(&store).as_deref(), Some("b_2"));
    assert_eq!(lease["metadata"]["labels"], json!({"team": "x"}));
}

#[tokio::test]
async fn a_leader_renews_and_keeps_the_time_it_acquired() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    let before = store.lease();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let after = store.lease();
    assert_eq!(before["spec"]["acquireTime"], after["spec"]["acquireTime"]);
    assert_ne!(before["spec"]["renewTime"], after["spec"]["renewTime"]);
    assert_eq!(after["spec"]["leaseTransitions"], 0);
}

#[tokio::test]
async fn a_leader_that_finds_another_holder_stops_at_once() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    store.put(held_by("thief_7"));
    let found = Instant::now();
    assert_eq!(first.until_lost().await, LossReason::TakenBy("thief_7".into()));
    assert_eq!(first.hold.check(), Err(NotHeld::Lost));
    assert!(found.elapsed() < Duration::from_millis(500));
    assert_eq!(store.lease()["spec"]["holderIdentity"], "thief_7");
}

#[tokio::test]
async fn a_leader_that_cannot_renew_gives_up_before_the_lease_ends() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    store.refuse(Some((500, "InternalError", "etcd is away")));
    let broke = Instant::now();
    let reason = first.until_lost().await;
    assert!(broke.elapsed() < Duration::from_secs(1), "{:?}", broke.elapsed());
    assert!(matches!(reason, LossReason::NotRenewed(_)), "{reason:?}");
    assert!(reason.to_string().contains("etcd is away"), "{reason}");
}

#[tokio::test]
async fn a_leader_that_cannot_renew_writes_nothing_even_before_it_gives_up() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    // Each answer is late by more than the deadline: the lease is old when it comes, whatever it says.
    let (hold, deadline) = (first.hold.clone(), Duration::from_millis(600));
    hold.renewed(Instant::now() - deadline * 2, deadline);
    store.refuse(Some((500, "InternalError", "etcd is away")));
    assert!(matches!(hold.check(), Err(NotHeld::Stale { .. })), "{hold:?}");
    store.refuse(None);
    tokio::time::timeout(Duration::from_secs(5), async {
        while !hold.is_held() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("renewed again");
}

#[tokio::test]
async fn a_leader_survives_a_short_outage() {
    let store = Store::default();
    let mut first = Candidate::start(&store, "a_1");
    first.until_leading().await;
    store.refuse(Some((500, "InternalError", "etcd is away")));
    tokio::time::sleep(Duration::from_millis(200)).await;
    store.refuse(None);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(*first.state.borrow(), Leadership::Leading);
    assert_eq!(first.watchdog.check(Instant::now()), Ok(()));
}

#[tokio::test]
async fn a_standby_says_what_keeps_it_from_the_lease_and_goes_on_when_that_is_mended() {
    let store = Store::default();
    store.refuse(Some((403, "Forbidden", "leases is forbidden")));
    let mut first = Candidate::start(&store, "a_1");
    let state = first.until(|s| matches!(s, Leadership::Standby { trouble: Some(_), .. })).await;
    let Leadership::Standby { trouble: Some(trouble), .. } = state else { unreachable!() };
    assert_eq!(
        trouble.to_string(),
        "not allowed to get lease kube-system/longshore: the Role must allow create on leases.coordination.k8s.io, and \
         get and update on the one of this name"
    );
    store.refuse(None);
    first.until_leading().await;
}

#[tokio::test]
async fn a_standby_that_is_told_to_stop_leaves_the_lease_alone() {
    let store = Store::default();
    store.put(held_by("busy_1"));
    let mut second = Candidate::start(&store, "b_2");
    second.until(|s| matches!(s, Leadership::Standby { holder: Some(_), .. })).await;
    let before = store.lease();
    second.stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(store.lease(), before);
    assert!(second.state.has_changed().is_err(), "the elector ended");
}

#[test]
fn a_leader_past_its_lease_is_unwell_after_the_tolerance() {
    let (watchdog, now) = (Watchdog::default(), Instant::now());
    assert_eq!(watchdog.check(now), Ok(()));
    watchdog.set(Some(now));
    assert_eq!(watchdog.check(now + WATCHDOG_TOLERANCE), Ok(()));
    assert!(watchdog.check(now + WATCHDOG_TOLERANCE + Duration::from_secs(1)).is_err());
    watchdog.set(None);
    assert_eq!(watchdog.check(now + Duration::from_secs(900)), Ok(()));
}

#[test]
fn times_that_cannot_work_are_refused() {
    let good = LeaseOptions::new("ns", "n", identity("host"));
    assert_eq!(good.validate(), Ok(()));
    let bad = LeaseOptions { renew_deadline: Duration::from_secs(15), ..good.clone() };
    let error = bad.validate().unwrap_err();
    assert_eq!(error.to_string(), "leaderElection: leaseDuration must be greater than renewDeadline");
    assert!(LeaseOptions { retry_period: Duration::from_secs(9), ..good.clone() }.validate().is_err());
    assert!(LeaseOptions { identity: "".into(), ..good }.validate().is_err());
}
