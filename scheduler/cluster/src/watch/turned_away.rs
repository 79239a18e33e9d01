//! Pods that a kubelet turned away after they were bound.
//!
//! The watch of all pods cannot tell: its selector leaves finished pods out, and of an object that stops matching a
//! selector the API server sends the state before that change. So the pods in phase Failed have a watch of their own.
//! Nothing waits for it, and without it only lost races are not counted.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::Client;
use kube::runtime::watcher::Event;
use longshore_framework::Str;
use rustc_hash::FxHashSet;

use super::item::{Item, PodBody};
use super::reporting::Reporting;
use super::stream::events;
use super::trouble::words;
use crate::connect::explained;
use crate::kinds::WatchedKind;
use crate::told::Told;

const FAILED_PODS: &str = "status.phase=Failed";
/// After every error: there is no hurry.
const PAUSE: Duration = Duration::from_secs(15);

/// Tells of pods that are turned away from now on; does not end.
pub(super) async fn follow(client: &Client, kind: &'static WatchedKind, to: &Reporting) {
    let mut failed = Failed::default();
    let mut stream = std::pin::pin!(events::<PodBody>(client, kind, FAILED_PODS, false));
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => {
                if let Some(rejected) = failed.take(event) {
                    (to.tell)(rejected);
                }
            }
            Err(error) => {
                let text = words(&error, explained);
                tracing::debug!("cannot watch failed pods, so lost races are not counted: {text}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    std::future::pending::<()>().await;
}

/// Failed pods by UID: all that is kept, so that none is told of twice.
#[derive(Default)]
struct Failed {
    known: FxHashSet<Str>,
    /// Those in the list that is being received.
    listing: FxHashSet<Str>,
    /// The first list is complete. Whatever stood in it is an old story.
    listed: bool,
}

impl Failed {
    fn take(&mut self, event: Event<Item<PodBody>>) -> Option<Told> {
        match event {
            Event::Init => self.listing.clear(),
            Event::InitApply(item) => {
                self.listing.insert(Arc::clone(&item.identity.uid));
                if self.listed {
                    return self.failed(item);
                }
            }
            Event::InitDone => {
                self.known = std::mem::take(&mut self.listing);
                self.listed = true;
            }
            Event::Apply(item) => return self.failed(item),
            Event::Delete(item) => {
                self.known.remove(&item.identity.uid);
            }
        }
        None
    }

    fn failed(&mut self, item: Item<PodBody>) -> Option<Told> {
        if !self.known.insert(item.identity.uid) {
            return None;
        }
        let (pod, reason) = item.body.turned_away()?;
        Some(Told::Rejected { pod: Arc::new(pod), reason })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(uid: &str, node: &str, reason: &str) -> Item<PodBody> {
        let value = json!({"metadata": {"name": "p", "namespace": "n", "uid": uid, "resourceVersion": "1"},
            "spec": {"containers": [{"name": "c"}], "nodeName": node},
            "status": {"phase": "Failed", "reason": reason}});
        serde_json::from_str(&value.to_string()).unwrap()
    }

    fn list(uids: &[&str]) -> Vec<Event<Item<PodBody>>> {
        let items = uids.iter().map(|uid| Event::InitApply(pod(uid, "n1", "OutOfcpu")));
        std::iter::once(Event::Init).chain(items).chain([Event::InitDone]).collect()
    }

    #[track_caller]
    fn check(failed: &mut Failed, events: Vec<Event<Item<PodBody>>>, want: &[(&str, &str)]) {
        let mut told = Vec::new();
        for event in events {
            match failed.take(event) {
                Some(Told::Rejected { pod, reason }) => {
                    told.push((pod.meta.uid.to_string(), reason.to_string()))
                }
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
        let told: Vec<_> = told.iter().map(|(uid, reason)| (&**uid, &**reason)).collect();
        assert_eq!(told, want);
    }

    #[test]
    fn a_pod_is_told_of_once_and_old_ones_never() {
        let mut failed = Failed::default();
        check(&mut failed, list(&["old"]), &[]);
        let apply = |uid| Event::Apply(pod(uid, "n1", "OutOfcpu"));
        check(&mut failed, vec![apply("a"), apply("a"), apply("old")], &[("a", "OutOfcpu")]);
        check(&mut failed, list(&["old", "a", "b"]), &[("b", "OutOfcpu")]);
        check(&mut failed, vec![apply("b")], &[]);
    }

    #[test]
    fn a_list_that_breaks_off_does_not_repeat_itself() {
        let mut failed = Failed::default();
        check(&mut failed, list(&[]), &[]);
        let mut broken = list(&["a"]);
        broken.pop();
        check(&mut failed, broken, &[("a", "OutOfcpu")]);
        check(&mut failed, list(&["a"]), &[]);
    }

    #[test]
    fn pods_without_node_or_reason_were_not_turned_away() {
        let mut failed = Failed::default();
        check(&mut failed, list(&[]), &[]);
        check(
            &mut failed,
            vec![Event::Apply(pod("a", "", "OutOfcpu")), Event::Apply(pod("b", "n1", ""))],
            &[],
        );
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut failed = Failed::default();
        check(&mut failed, list(&["a", "b"]), &[]);
        check(&mut failed, vec![Event::Delete(pod("a", "n1", ""))], &[]);
        check(&mut failed, list(&[]), &[]);
        assert!(failed.known.is_empty() && failed.listing.is_empty());
    }
}
