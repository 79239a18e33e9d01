//! What is known of a kind: enough to notice what vanished between two lists.

use longshore_framework::Str;
use longshore_framework::port::Input;
use longshore_manifest::Identity;
use rustc_hash::FxHashMap;
use std::sync::Arc;

use kube::runtime::watcher::Event;

use super::item::{How, Inputs, Item, Readable};
use super::orders::Reading;
use super::pool::Pool;
use super::reporting::Reporting;
use super::state::{Sync, WatchState};
use crate::kinds::WatchedKind;
use crate::told::Told;

/// What to say when an object goes.
struct Known {
    identity: Identity,
    gone: Input,
}

/// Objects by UID.
pub(super) struct Ledger<'a> {
    kind: &'static WatchedKind,
    to: &'a Reporting,
    state: &'a WatchState,
    known: FxHashMap<Str, Known>,
    /// How objects are read, and the number of the list after which that is so.
    how: How,
    number: u64,
    /// UIDs of objects that stand in the list that is being received and cannot be read.
    unreadable: Vec<Str>,
    /// Why objects cannot be read, by UID, as it was last logged.
    warned: FxHashMap<Str, String>,
    /// The list that is being received: read at once, so that no text waits in memory.
    listing: Vec<(Known, Input)>,
    /// A list is being received, or none has been.
    is_listing: bool,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(kind: &'static WatchedKind, to: &'a Reporting, state: &'a WatchState) -> Self {
        Self {
            kind,
            to,
            state,
            known: FxHashMap::default(),
            how: How { kind, wanted: Arc::default(), pool: Pool::default() },
            number: 0,
            unreadable: Vec::new(),
            warned: FxHashMap::default(),
            listing: Vec::new(),
            is_listing: true,
        }
    }

    pub(super) fn take<B: Readable>(&mut self, event: Event<Item<B>>) {
        if !matches!(event, Event::Init) {
            self.state.heard();
        }
        match event {
            Event::Init => {
                self.is_listing = true;
                self.listing.clear();
                self.unreadable.clear();
            }
            Event::InitApply(item) => {
                let read = self.read(item);
                self.listing.extend(read);
            }
            Event::InitDone => self.listed(),
            Event::Apply(item) => self.apply(item),
            Event::Delete(item) => self.finished(&item.identity),
        }
        self.count();
    }

    /// From now on objects of a kind that plugins declare are read like this. Whether all of them are to be listed anew.
    pub(super) fn read_as(&mut self, reading: Reading) -> bool {
        self.how.wanted = reading.wanted;
        std::mem::replace(&mut self.number, reading.number) != reading.number
    }

    /// The kind is read no more, or is there no more: all of its objects go.
    pub(super) fn forget(&mut self) {
        self.listing.clear();
        self.unreadable.clear();
        self.warned.clear();
        for (_, known) in std::mem::take(&mut self.known) {
            self.leave(known);
        }
        self.count();
        if self.state.absent() {
            self.tell(Told::Synced(self.kind));
        }
    }

    /// Nothing has happened for a while: what the objects that left have shared is let go.
    pub(super) fn sweep(&mut self) {
        self.how.pool.sweep();
        self.count();
    }

    /// Says how much is kept.
    fn count(&self) {
        self.state.keeps(self.known.len(), self.how.pool.len(), self.warned.len());
    }

    /// Whether a list is being received or has yet to come.
    pub(super) fn is_listing(&self) -> bool {
        self.is_listing
    }

    /// A list is complete: first what vanished, then what is there.
    fn listed(&mut self) {
        self.is_listing = false;
        let listing = std::mem::take(&mut self.listing);
        let mut vanished = std::mem::take(&mut self.known);
        for (known, _) in &listing {
            vanished.remove(&known.identity.uid);
        }
        // What stands in the list but could not be read counts as it was.
        let unreadable = std::mem::take(&mut self.unreadable);
        let mut warned = std::mem::take(&mut self.warned);
        self.warned = unreadable.iter().filter_map(|uid| warned.remove_entry(uid)).collect();
        for uid in unreadable {
            if let Some(known) = vanished.remove(&uid) {
                self.known.insert(uid, known);
            }
        }
        for (_, known) in vanished {
            self.leave(known);
        }
        for (known, here) in listing {
            self.enter(known, here);
        }
        self.known.shrink_to_fit();
        self.state.listed(self.number);
        if self.state.complete(Sync::Complete) {
            self.tell(Told::Synced(self.kind));
        }
    }

    fn apply<B: Readable>(&mut self, item: Item<B>) {
        if let Some((known, here)) = self.read(item) {
            self.enter(known, here);
        }
    }

    /// What an object means; `None` when it cannot be read, or when it is a pod that has finished.
    fn read<B: Readable>(&mut self, item: Item<B>) -> Option<(Known, Input)> {
        let Item { identity, json, mut body, .. } = item;
        body.mark(json.get(), self.to.bystander.reads_whole());
        let inputs = match body.inputs(json.get(), &mut self.how) {
            Ok(inputs) => inputs,
            Err(error) => {
                self.report_unreadable(&identity, &error.to_string());
                if self.is_listing {
                    self.unreadable.push(identity.uid);
                }
                return None;
            }
        };
        self.warned.remove(&identity.uid);
        let Inputs { here, gone, pod } = inputs;
        let Some(here) = here else {
            self.finished(&identity);
            return None;
        };
        match &pod {
            Some(seen) => self.to.bystander.pod(&identity, seen, json.get()),
            None => self.to.bystander.object(self.kind, &identity, json.get()),
        }
        Some((Known { identity: identity.without_version(), gone }, here))
    }

    fn enter(&mut self, known: Known, here: Input) {
        let was_there = self.known.insert(Arc::clone(&known.identity.uid), known).is_some();
        self.tell(Told::Input(here));
        if was_there {
            self.how.pool.left();
        }
    }

    /// An object leaves the watch: deleted, or a pod that has finished.
    fn finished(&mut self, identity: &Identity) {
        self.warned.remove(&identity.uid);
        if let Some(known) = self.known.remove(&identity.uid) {
            self.leave(known);
        }
    }

    fn leave(&mut self, known: Known) {
        self.to.bystander.gone(self.kind, &known.identity);
        self.tell(Told::Input(known.gone));
        self.how.pool.left();
    }

    /// What cannot be read is reported and counts as it was when it could be read, if ever. The log tells of it once,
    /// not at every update.
    fn report_unreadable(&mut self, identity: &Identity, error: &str) {
        self.state.unreadable();
        self.to.bystander.unreadable(self.kind, identity, error);
        if self.warned.get(&identity.uid).is_some_and(|known| known == error) {
            return;
        }
        self.warned.insert(Arc::clone(&identity.uid), error.to_string());
        tracing::warn!(
            resource = self.kind.plural,
            namespace = &*identity.namespace,
            name = &*identity.name,
            resource_version = &*identity.resource_version,
            "an object cannot be read and is not counted: {error}"
        );
    }

    fn tell(&self, told: Told) {
        (self.to.tell)(told);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::super::item::{ObjectBody, PodBody};
    use super::super::reporting::Times;
    use super::*;
    use crate::extender::Wants;
    use crate::kinds::KINDS;
    use crate::told::{Bystander, NoBystander};

    fn pod(uid: &str, node: &str, phase: &str) -> Item<PodBody> {
        let value = json!({"metadata": {"name": "p", "namespace": "n", "uid": uid, "resourceVersion": "1"},
            "spec": {"containers": [{"name": "c"}], "nodeName": node},
            "status": {"phase": phase, "reason": "OutOfcpu"}});
        serde_json::from_str(&value.to_string()).unwrap()
    }

    fn said(told: &Receiver<Told>) -> Vec<String> {
        let say = |t: Told| match t {
            Told::Input(Input::Pod(p)) => format!("+{}", p.meta.uid),
            Told::Input(Input::PodDeleted { uid }) => format!("-{uid}"),
            Told::Input(Input::Object(_)) => "+object".to_string(),
            Told::Input(other) => format!("{other:?}"),
            Told::Synced(kind) => format!("synced {}", kind.plural),
            Told::Rejected { reason, .. } => format!("rejected {reason}"),
            Told::Fatal(text) => text,
        };
        told.try_iter().map(say).collect()
    }

    /// Events, and what is then said.
    type Step<B> = (Vec<Event<Item<B>>>, &'static [&'static str]);

    #[track_caller]
    fn check<B: Readable>(kind: &str, steps: Vec<Step<B>>) {
        let (send, told) = channel();
        let to = Reporting {
            tell: Arc::new(move |t| send.send(t).unwrap()),
            bystander: Arc::new(NoBystander),
            times: Times::default(),
            stop: CancellationToken::new(),
        };
        let kind = KINDS.iter().find(|k| k.kind == kind).unwrap();
        let state = WatchState::new(kind);
        let mut ledger = Ledger::new(kind, &to, &state);
        for (events, want) in steps {
            events.into_iter().for_each(|e| ledger.take(e));
            assert_eq!(said(&told), want);
        }
    }

    /// Reads these whole.
    struct Reader(Wants);

    impl Bystander for Reader {
        fn reads_whole(&self) -> Wants {
            self.0
        }
    }

    /// Whether a pod on `node` is another one to the engine when only an annotation changes.
    #[track_caller]
    fn check_unread(whole: Wants, node: &str, other: bool) {
        let (send, told) = channel();
        let tell: crate::told::Tell = Arc::new(move |t| send.send(t).unwrap());
        let (bystander, times) = (Arc::new(Reader(whole)), Times::default());
        let to = Reporting { tell, bystander, times, stop: CancellationToken::new() };
        let kind = KINDS.iter().find(|k| k.kind == "Pod").unwrap();
        let state = WatchState::new(kind);
        let mut ledger = Ledger::new(kind, &to, &state);
        for (version, annotation) in [("1", "x"), ("2", "x"), ("3", "y")] {
            let value = json!({"metadata": {"name": "p", "namespace": "n", "uid": "u", "resourceVersion": version,
                "annotations": {"a": annotation}}, "spec": {"containers": [{"name": "c"}], "nodeName": node}});
            ledger.take(Event::Apply(serde_json::from_str::<Item<PodBody>>(&value.to_string()).unwrap()));
        }
        let pods: Vec<_> = told
            .try_iter()
            .filter_map(|told| match told {
                Told::Input(Input::Pod(pod)) => Some(pod),
                _ => None,
            })
            .collect();
        assert_eq!(pods.len(), 3);
        assert_eq!((pods[0] == pods[1], pods[1] == pods[2]), (true, !other));
    }

    #[test]
    fn what_the_model_does_not_read_is_news_where_somebody_reads_objects_whole() {
        let waiting = Wants { waiting_pods: true, ..Wants::default() };
        check_unread(Wants::default(), "", false);
        check_unread(waiting, "", true);
        check_unread(waiting, "n1", false);
        check_unread(Wants { placed_pods: true, ..waiting }, "n1", true);
    }

    #[test]
    fn what_vanished_between_two_lists_is_told_first() {
        let list = |uids: &[&str]| {
            let mut events = vec![Event::Init];
            events.extend(uids.iter().map(|u| Event::InitApply(pod(u, "", "Pending"))));
            events.push(Event::InitDone);
            events
        };
        check(
            "Pod",
            vec![(list(&["a", "b"]), &["+a", "+b", "synced pods"]), (list(&["c", "b"]), &["-a", "+c", "+b"])],
        );
    }

    #[test]
    fn a_pod_that_has_finished_is_gone() {
        check(
            "Pod",
            vec![
                (vec![Event::Apply(pod("a", "n1", "Pending"))], &["+a"]),
                (vec![Event::Delete(pod("a", "n1", "Pending"))], &["-a"]),
                (vec![Event::Delete(pod("a", "n1", "Pending"))], &[]),
                (vec![Event::Apply(pod("b", "", "Pending"))], &["+b"]),
                (vec![Event::Apply(pod("b", "", "Succeeded"))], &["-b"]),
            ],
        );
    }

    #[test]
    fn items_of_a_list_need_not_say_their_kind() {
        let item = json!({"metadata": {"name": "r", "namespace": "n", "uid": "u"}, "spec": {"selector": {}}});
        let item: Item<ObjectBody> = serde_json::from_str(&item.to_string()).unwrap();
        check("ReplicaSet", vec![(vec![Event::Apply(item)], &["+object"])]);
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_was() {
        let bad = r#"{"metadata": {"name": "p", "uid": "a"}, "spec": {"priority": "x"}}"#;
        let bad: Item<PodBody> = serde_json::from_str(bad).unwrap();
        let again = vec![Event::Init, Event::InitApply(bad.clone()), Event::InitDone];
        check(
            "Pod",
            vec![
                (vec![Event::Apply(pod("a", "n1", "Running")), Event::Apply(bad)], &["+a"]),
                (again, &["synced pods"]),
                (vec![Event::Delete(pod("a", "n1", "Running"))], &["-a"]),
            ],
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_kept_longer_than_it_is_there() {
        let bad = r#"{"metadata": {"name": "p", "uid": "a"}, "spec": {"priority": "x"}}"#;
        let bad: Item<PodBody> = serde_json::from_str(bad).unwrap();
        let tell: crate::told::Tell = Arc::new(drop);
        let (bystander, times) = (Arc::new(NoBystander), Times::default());
        let to = Reporting { tell, bystander, times, stop: CancellationToken::new() };
        let kind = KINDS.iter().find(|k| k.kind == "Pod").unwrap();
        let state = WatchState::new(kind);
        let mut ledger = Ledger::new(kind, &to, &state);
        let list = |bad: &Item<PodBody>| [Event::Init, Event::InitApply(bad.clone()), Event::InitDone];
        let kept = |ledger: &Ledger| (ledger.unreadable.len(), ledger.warned.len());
        list(&bad).into_iter().for_each(|e| ledger.take(e));
        (0..5).for_each(|_| ledger.take(Event::Apply(bad.clone())));
        assert_eq!((kept(&ledger), state.unreadable_objects()), ((0, 1), 6));
        ledger.take(Event::Delete(bad.clone()));
        assert_eq!(kept(&ledger), (0, 0));
        list(&bad).into_iter().for_each(|e| ledger.take(e));
        [Event::<Item<PodBody>>::Init, Event::InitDone].into_iter().for_each(|e| ledger.take(e));
        assert_eq!(kept(&ledger), (0, 0));
    }
}
