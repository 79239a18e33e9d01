//! What is made of errors, without a server.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use tokio_util::sync::CancellationToken;

use super::super::reporting::Times;
use super::*;
use crate::kinds::KINDS;
use crate::told::NoBystander;

fn refused(code: u16) -> watcher::Error {
    let status = Status { code, message: "no".to_string(), ..Status::default() };
    watcher::Error::WatchStartFailed(KubeError::Api(Box::new(status)))
}

fn unreachable() -> watcher::Error {
    watcher::Error::WatchFailed(KubeError::Service("connection refused".into()))
}

/// A watch of `kind` that nobody makes, and what it tells.
fn reporting(times: Times) -> (Reporting, Receiver<Told>) {
    let (send, told) = channel();
    let tell: crate::told::Tell = Arc::new(move |t| drop(send.send(t)));
    (Reporting { tell, bystander: Arc::new(NoBystander), times, stop: CancellationToken::new() }, told)
}

fn kind(name: &str) -> &'static WatchedKind {
    KINDS.iter().find(|k| k.kind == name).unwrap()
}

fn times(forbidden_for: Duration) -> Times {
    Times { forbidden_for, ..Times::default() }
}

/// The pauses after these failures, in milliseconds, without what chance adds.
#[track_caller]
fn check(errors: &[watcher::Error], want: &[u64]) {
    let (to, _told) = reporting(Times::default());
    let state = WatchState::new(kind("Node"));
    state.complete(Sync::Complete);
    let mut trouble = Trouble::new(state.kind, &state, &to);
    for (error, want) in errors.iter().zip(want) {
        let (pause, want) = (trouble.note(error).unwrap(), Duration::from_millis(*want));
        assert!(
            want <= pause && pause <= want.mul_f64(1.0 + JITTER + 0.001),
            "{error:?}: {pause:?}, not {want:?}"
        );
    }
}

fn repeated(error: fn() -> watcher::Error, times: usize) -> Vec<watcher::Error> {
    std::iter::repeat_with(error).take(times).collect()
}

#[test]
fn what_passes_is_tried_again_soon_and_what_stays_less_and_less_often() {
    check(&repeated(|| refused(403), 9), &[1000, 1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    check(&repeated(|| refused(401), 7), &[1000, 1000, 1000, 2000, 4000, 5000, 5000]);
    check(&repeated(|| refused(404), 6), &[1000, 2000, 4000, 8000, 15_000, 15_000]);
    check(&repeated(|| refused(503), 6), &[500, 500, 1000, 2000, 4000, 5000]);
    check(&repeated(unreachable, 5), &[250, 500, 1000, 2000, 2000]);
    check(&repeated(|| refused(500), 8), &[250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
}

#[test]
fn another_cause_begins_anew() {
    let mut errors = repeated(unreachable, 4);
    errors.extend(repeated(|| refused(403), 2));
    errors.push(refused(410));
    check(&errors, &[250, 500, 1000, 2000, 1000, 1000, 250]);
}

#[test]
fn a_server_that_says_when_is_asked_then() {
    let mut status = Status { code: 429, ..Status::default() };
    status.details = serde_json::from_str(r#"{"retryAfterSeconds": 3}"#).unwrap();
    check(&[watcher::Error::WatchError(Box::new(status))], &[3000]);
}

#[test]
fn a_kind_that_was_read_is_never_done_without() {
    let (to, told) = reporting(times(Duration::ZERO));
    let state = WatchState::new(kind("PodDisruptionBudget"));
    state.complete(Sync::Complete);
    let mut trouble = Trouble::new(state.kind, &state, &to);
    for code in [403, 404, 401, 503, 403] {
        trouble.note(&refused(code)).unwrap();
    }
    assert_eq!((state.sync(), told.try_iter().count()), (Sync::Complete, 0));
    assert_eq!(trouble.said, [Cause::Forbidden, Cause::Missing, Cause::Unauthorized, Cause::Busy]);
    trouble.over();
    assert!(!trouble.is_there() && state.last_error().is_empty());
}

#[test]
fn a_kind_that_is_forbidden_from_the_start_is_done_without_but_not_at_the_first_answer() {
    let later = Duration::from_millis(50);
    let (to, told) = reporting(times(later));
    let state = WatchState::new(kind("PodDisruptionBudget"));
    let mut trouble = Trouble::new(state.kind, &state, &to);
    trouble.note(&refused(403)).unwrap();
    assert_eq!((state.sync(), told.try_iter().count()), (Sync::Waiting, 0));
    std::thread::sleep(later);
    trouble.note(&refused(403)).unwrap();
    trouble.note(&refused(403)).unwrap();
    assert_eq!((state.sync(), told.try_iter().count()), (Sync::Forbidden, 1));
}

#[test]
fn without_nodes_nothing_is_decided_however_long_they_are_forbidden() {
    let (to, told) = reporting(times(Duration::ZERO));
    let state = WatchState::new(kind("Node"));
    let mut trouble = Trouble::new(state.kind, &state, &to);
    trouble.note(&refused(403)).unwrap();
    assert_eq!((state.sync(), told.try_iter().count()), (Sync::Waiting, 0));
}

#[test]
fn credentials_that_were_accepted_may_be_refused_for_longer() {
    let soon = Times { refused_for: Duration::ZERO, ..Times::default() };
    let (to, _told) = reporting(soon);
    let state = WatchState::new(kind("Node"));
    let mut trouble = Trouble::new(state.kind, &state, &to);
    trouble.note(&refused(401)).unwrap();
    std::thread::sleep(Duration::from_millis(2));
    let Hopeless(why) = trouble.note(&refused(401)).unwrap_err();
    assert!(why.starts_with("watching nodes: no (401"), "{why}");
    state.complete(Sync::Complete);
    assert!(trouble.note(&refused(401)).is_ok());
}
