//! Kinds that come and go, on an API server that does not have streaming lists.

use std::sync::mpsc::{Receiver, channel};

use longshore_framework::objects::Object;
use longshore_framework::objects::declared::Projection;
use longshore_framework::port::Input;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::fake_api::{Answer, Call, FakeApi};
use crate::told::{NoBystander, Tell, Told};
use crate::watch::{Sync, Times};

/// What the API server has: of each kind that it serves, by its plural, the names of its objects.
type Served = Arc<Mutex<BTreeMap<&'static str, Vec<&'static str>>>>;

struct Bench {
    api: FakeApi,
    served: Served,
    watches: DeclaredWatches,
    told: Receiver<Told>,
    news: Receiver<(DeclaredKind, bool)>,
    stop: CancellationToken,
}

const KIND_OF: [(&str, &str); 2] = [("windows", "Window"), ("quotas", "Quota")];

fn discovery(served: &BTreeMap<&'static str, Vec<&'static str>>) -> Answer {
    let of = |(plural, kind): &(&str, &str)| {
        json!({"name": plural, "kind": kind, "singularName": "", "namespaced": true,
            "verbs": ["get", "list", "watch"]})
    };
    let mut resources: Vec<Value> = KIND_OF.iter().filter(|(p, _)| served.contains_key(p)).map(of).collect();
    resources.push(json!({"name": "answers", "kind": "Answer", "singularName": "", "namespaced": false,
        "verbs": ["create"]}));
    Answer::json(json!({"groupVersion": "example.com/v1", "resources": resources}))
}

fn answer(call: &Call, served: &Served) -> Answer {
    let served = served.lock().unwrap();
    let path = call.line.trim_start_matches("GET /apis/example.com/v1");
    if path.is_empty() {
        return discovery(&served);
    }
    if path.contains("sendInitialEvents") {
        return Answer::failure(422, "Invalid", "sendInitialEvents: Forbidden");
    }
    let plural = path.trim_start_matches('/').split('?').next().unwrap_or_default();
    let Some(names) = served.get(plural) else {
        return Answer::failure(404, "NotFound", "the server could not find the requested resource");
    };
    if path.contains("watch=true") {
        return Answer::text(200, "").after(Duration::from_millis(30));
    }
    if names.contains(&"broken") {
        return Answer::failure(500, "InternalError", "cannot list");
    }
    let item = |name: &&str| {
        json!({"metadata": {"name": name, "namespace": "shop", "uid": format!("{plural}-{name}"),
            "resourceVersion": "5"}, "spec": {"a": 1, "b": 2}})
    };
    let items: Vec<Value> = names.iter().map(item).collect();
    Answer::json(json!({"metadata": {"resourceVersion": "10"}, "items": items}))
}

fn kind(name: &str) -> DeclaredKind {
    DeclaredKind::of("example.com", "v1", name).unwrap()
}

fn declared(kinds: &[(&str, &[&str])]) -> Declarations {
    let mut all = Declarations::default();
    for (name, paths) in kinds {
        all.add(kind(name), &Projection::of_paths(paths.iter().copied()).unwrap());
    }
    all
}

impl Bench {
    fn new(served: &[(&'static str, &[&'static str])]) -> Self {
        let served = served.iter().map(|(plural, names)| (*plural, names.to_vec()));
        let served: Served = Arc::new(Mutex::new(served.collect()));
        let of = Arc::clone(&served);
        let api = FakeApi::new(move |call| answer(call, &of));
        let ((send, told), (tell_news, news)) = (channel(), channel());
        let tell: Tell = Arc::new(move |t| drop(send.send(t)));
        let times = Times {
            missing_for: Duration::from_millis(50),
            look_again: Duration::from_millis(100),
            first_list: Duration::from_secs(1),
            ..Times::default()
        };
        let stop = CancellationToken::new();
        let to = Reporting { tell, bystander: Arc::new(NoBystander), times, stop: stop.clone() };
        let news_of = Arc::new(move |kind, served| {
            let _ = tell_news.send((kind, served));
        });
        let watches = DeclaredWatches::new(api.client(), to, news_of);
        Self { api, served, watches, told, news, stop }
    }

    /// Begins as a process does.
    async fn begin(&self, declared: &Declarations) {
        let (served, _) = find(&self.api.client(), declared).await.unwrap();
        self.watches.begin(declared, &served);
    }

    fn serve(&self, plural: &'static str, names: &[&'static str]) {
        self.served.lock().unwrap().insert(plural, names.to_vec());
    }

    /// Waits until all of this was told, in this order and nothing else.
    async fn until_told(&self, want: &[&str]) {
        let mut said: Vec<String> = Vec::new();
        for _ in 0..500 {
            said.extend(self.told.try_iter().map(say));
            if said.len() >= want.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(said, want, "{:#?}", self.api.lines());
    }

    fn lists(&self) -> usize {
        let is_list = |line: &&String| line.contains("/windows?") && !line.contains("watch=true");
        self.api.lines().iter().filter(is_list).count()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn say(told: Told) -> String {
    match told {
        Told::Input(Input::Object(Object::Declared(o))) => {
            let spec = serde_json::from_str::<Value>(&o.json).unwrap()["spec"].to_string();
            format!("+{} {spec}", o.name)
        }
        Told::Input(Input::ObjectDeleted(Object::Declared(o))) => format!("-{}", o.name),
        Told::Synced(kind) => format!("synced {}", kind.plural),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_kind_that_is_served_later_is_found_and_one_that_goes_has_no_objects() {
    let bench = Bench::new(&[]);
    bench.begin(&declared(&[("Window", &["spec.a"])])).await;
    assert!(bench.watches.states().is_empty());
    bench.serve("windows", &["daily"]);
    bench.until_told(&[r#"+daily {"a":1}"#, "synced windows"]).await;
    assert_eq!(bench.watches.states()[0].sync(), Sync::Complete);
    bench.served.lock().unwrap().clear();
    bench.until_told(&["-daily"]).await;
    bench.serve("windows", &["nightly"]);
    bench.until_told(&[r#"+nightly {"a":1}"#, "synced windows"]).await;
    let window = kind("Window");
    let news: Vec<_> = bench.news.try_iter().collect();
    assert_eq!(news, [(window, true), (window, false), (window, true)]);
}

#[tokio::test]
async fn a_kind_that_is_gone_before_its_first_list_keeps_nobody_waiting() {
    let bench = Bench::new(&[("windows", &[])]);
    let window = declared(&[("Window", &[])]);
    let (served, _) = find(&bench.api.client(), &window).await.unwrap();
    bench.served.lock().unwrap().clear();
    bench.watches.begin(&window, &served);
    bench.until_told(&["synced windows"]).await;
}

#[tokio::test]
async fn other_plugins_read_other_kinds_and_their_objects_are_known_before_they_decide() {
    let bench = Bench::new(&[("windows", &["daily"]), ("quotas", &["small"])]);
    let before = declared(&[("Window", &["spec.a"])]);
    bench.begin(&before).await;
    bench.until_told(&[r#"+daily {"a":1}"#, "synced windows"]).await;
    let after = declared(&[("Quota", &["spec.b"])]);
    bench.watches.add(&after).await.unwrap();
    bench.until_told(&[r#"+small {"b":2}"#, "synced quotas"]).await;
    bench.watches.set(&after).await;
    bench.until_told(&["-daily"]).await;
    let names: Vec<_> = bench.watches.states().iter().map(|state| state.kind.plural).collect();
    assert_eq!(names, ["quotas"]);
    // And back.
    bench.watches.add(&before).await.unwrap();
    bench.watches.set(&before).await;
    bench.until_told(&[r#"+daily {"a":1}"#, "synced windows", "-small"]).await;
}

#[tokio::test]
async fn more_fields_are_read_anew_and_fewer_are_not() {
    let bench = Bench::new(&[("windows", &["daily", "nightly"])]);
    bench.begin(&declared(&[("Window", &["spec.a"])])).await;
    bench.until_told(&[r#"+daily {"a":1}"#, r#"+nightly {"a":1}"#, "synced windows"]).await;
    let lists = bench.lists();
    bench.serve("windows", &["daily"]);
    let more = declared(&[("Window", &["spec.b"])]);
    bench.watches.add(&more).await.unwrap();
    bench.until_told(&["-nightly", r#"+daily {"a":1,"b":2}"#]).await;
    assert_eq!(bench.lists(), lists + 1);
    bench.watches.set(&more).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((bench.lists(), bench.told.try_iter().count()), (lists + 1, 0));
}

#[tokio::test]
async fn objects_that_cannot_be_listed_are_named_and_an_absent_kind_is_waited_for_by_nobody() {
    let bench = Bench::new(&[("windows", &["broken"])]);
    bench.begin(&Declarations::default()).await;
    let error = bench.watches.add(&declared(&[("Window", &[]), ("Quota", &[])])).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Window.v1.example.com: ") && text.contains("cannot list"), "{text}");
    bench.watches.set(&Declarations::default()).await;
    assert!(bench.watches.states().is_empty());
    bench.watches.add(&declared(&[("Quota", &[])])).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_listed_and_watched_is_not_served() {
    let bench = Bench::new(&[]);
    let (served, unknown) = find(&bench.api.client(), &declared(&[("Answer", &[])])).await.unwrap();
    assert_eq!((served.len(), unknown), (0, vec![kind("Answer")]));
}

#[tokio::test]
async fn an_api_server_that_does_not_answer_is_an_error_that_may_pass() {
    let api = FakeApi::new(|_| Answer::failure(503, "ServiceUnavailable", "it is starting"));
    let to = Reporting {
        tell: Arc::new(drop),
        bystander: Arc::new(NoBystander),
        times: Times::default(),
        stop: CancellationToken::new(),
    };
    let watches = DeclaredWatches::new(api.client(), to, Arc::new(|_, _| {}));
    let error = watches.add(&declared(&[("Window", &[])])).await.unwrap_err();
    assert!(matches!(&error, NotKnown::Kinds(why) if why.contains("it is starting")), "{error}");
}
