//! Watches of a server that does not have streaming lists.

mod soak;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use longshore_framework::objects::Object;
use longshore_framework::port::Input;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::fake_api::{Answer, Call, FakeApi};
use crate::kinds::KINDS;
use crate::told::{NoBystander, Tell, Told};

/// Answers a list and the watches that follow it.
type Server = fn(&Call) -> Answer;

/// A watch of namespaces.
struct Watched {
    api: FakeApi,
    state: Arc<WatchState>,
    told: Receiver<Told>,
    stop: CancellationToken,
}

impl Watched {
    fn begin(server: Server) -> Self {
        let api = FakeApi::new(move |call| {
            if call.line.contains("sendInitialEvents") {
                return Answer::failure(422, "Invalid", "sendInitialEvents: Forbidden");
            }
            server(call)
        });
        let kind = KINDS.iter().find(|k| k.kind == "Namespace").unwrap();
        let (state, (send, told)) = (Arc::new(WatchState::new(kind)), channel());
        let stop = CancellationToken::new();
        let tell: Tell = Arc::new(move |t| drop(send.send(t)));
        let times = Times { mended_after: Duration::from_secs(1), ..Times::default() };
        let to = Reporting { tell, bystander: Arc::new(NoBystander), times, stop: stop.clone() };
        tokio::spawn(watch(api.client(), kind, Arc::clone(&state), to));
        Self { api, state, told, stop }
    }

    /// Waits for something, for ten seconds at the most.
    async fn until(&self, done: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if done(self) {
                return;
            }
            sleep(10).await;
        }
        panic!("{:?}, {:?}", self.api.lines(), self.said());
    }

    fn said(&self) -> Vec<String> {
        let say = |t: Told| match t {
            Told::Input(Input::Object(Object::Namespace(n))) => format!("+{}", n.name),
            Told::Input(Input::ObjectDeleted(Object::Namespace(n))) => format!("-{}", n.name),
            Told::Synced(_) => "synced".to_string(),
            other => format!("{other:?}"),
        };
        self.told.try_iter().map(say).collect()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn namespace(name: &str, version: u32) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "uid": name, "resourceVersion": version.to_string()}})
}

fn happened(events: &[(&str, Value)]) -> Answer {
    // As every API server writes it: the type first.
    let line = |(what, object): &(&str, Value)| format!("{{\"type\":\"{what}\",\"object\":{object}}}\n");
    let lines = events.iter().map(line);
    Answer::text(200, &lines.collect::<String>())
}

async fn sleep(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn a_list_that_keeps_failing_is_asked_for_less_and_less_often() {
    let watched = Watched::begin(|_| Answer::failure(500, "InternalError", "no"));
    for _ in 0..20 {
        sleep(100).await;
        if watched.api.calls().len() > 2 {
            assert_ne!(watched.state.last_error(), "");
        }
    }
    // The streaming list, then at 0, 250, 750 and 1750 ms.
    let calls = watched.api.calls().len();
    assert!((3..=5).contains(&calls), "{calls} calls");
    assert_eq!(watched.state.events(), 0);
}

#[tokio::test]
async fn a_watch_that_ends_goes_on_where_it_ended() {
    let watched = Watched::begin(|call| {
        let line = &call.line;
        if !line.contains("watch=true") {
            let items = [namespace("a", 5)];
            return Answer::json(json!({"metadata": {"resourceVersion": "10"}, "items": items}));
        }
        if line.contains("resourceVersion=10") {
            happened(&[("ADDED", namespace("b", 11)), ("DELETED", namespace("a", 12))])
        } else if line.contains("resourceVersion=12") {
            happened(&[("ADDED", namespace("c", 13))])
        } else {
            happened(&[]).after(Duration::from_secs(60))
        }
    });
    watched.until(|w| w.api.calls().len() == 5).await;
    assert_eq!(watched.said(), ["+a", "synced", "+b", "-a", "+c"]);
    let lists = watched.api.lines().iter().filter(|l| !l.contains("watch=true")).count();
    assert_eq!((lists, watched.state.last_error().as_str()), (1, ""));
}

#[tokio::test]
async fn a_watch_that_goes_on_without_news_works_again() {
    let watched = Watched::begin(|call| match call.number {
        1 => Answer::json(json!({"metadata": {"resourceVersion": "10"}, "items": []})),
        2 => Answer::failure(500, "InternalError", "no"),
        _ => happened(&[]).after(Duration::from_secs(60)),
    });
    watched.until(|w| w.api.calls().len() == 4).await;
    assert_ne!(watched.state.last_error(), "");
    watched.until(|w| w.state.last_error().is_empty()).await;
    assert_eq!(watched.state.lag(), Duration::ZERO);
    assert_eq!((watched.said(), watched.api.calls().len()), (vec!["synced".to_string()], 4));
}

#[tokio::test]
async fn a_kind_that_is_forbidden_for_a_moment_stays_as_it_was() {
    let watched = Watched::begin(|call| match call.number {
        1 => Answer::json(json!({"metadata": {"resourceVersion": "10"}, "items": [namespace("a", 5)]})),
        2 | 3 => Answer::failure(403, "Forbidden", "roles are not loaded"),
        4 => happened(&[("ADDED", namespace("b", 11))]),
        _ => happened(&[]).after(Duration::from_secs(60)),
    });
    watched.until(|w| w.api.calls().len() == 4).await;
    assert_eq!(watched.state.sync(), Sync::Complete);
    assert!(watched.state.last_error().contains("roles are not loaded"));
    watched.until(|w| w.api.calls().len() == 6).await;
    assert_eq!(watched.said(), ["+a", "synced", "+b"]);
    assert_eq!(watched.state.last_error(), "");
}
