//! One kind that plugins declare, and its watch, if the API server serves it.

use std::sync::Arc;

use kube::Client;
use longshore_framework::objects::declared::Projection;
use tokio::sync::watch::Sender;
use tokio::task::JoinHandle;

use crate::kinds::WatchedKind;
use crate::watch::{End, Order, Orders, Reading, Reporting, WatchState, watch_as};

/// A kind that is read.
pub(super) struct Entry {
    reading: Reading,
    watch: Option<Watch>,
}

struct Watch {
    state: Arc<WatchState>,
    orders: Sender<Order>,
    task: JoinHandle<()>,
}

impl Entry {
    /// A kind that is not watched yet.
    pub(super) fn new(wanted: &Projection) -> Self {
        Self { reading: Reading { wanted: Arc::new(wanted.clone()), number: 0 }, watch: None }
    }

    /// What is kept of its objects.
    pub(super) fn wanted(&self) -> &Projection {
        &self.reading.wanted
    }

    /// Its watch, if there is one.
    pub(super) fn state(&self) -> Option<Arc<WatchState>> {
        self.watch.as_ref().map(|watch| Arc::clone(&watch.state))
    }

    /// Begins to watch it, unless that was begun. `ended` is told when the watch comes to its end.
    pub(super) fn begin(
        &mut self,
        kind: &'static WatchedKind,
        client: &Client,
        to: &Reporting,
        ended: impl FnOnce(Arc<WatchState>, End) + Send + 'static,
    ) {
        if self.watch.is_some() {
            return;
        }
        let state = Arc::new(WatchState::new(kind));
        let (orders, receiver) = tokio::sync::watch::channel(Order::Read(self.reading.clone()));
        let (of, client, to) = (Arc::clone(&state), client.clone(), to.clone());
        let task = tokio::spawn(async move {
            let end = watch_as(client, kind, Arc::clone(&of), to, Orders::new(receiver)).await;
            ended(of, end);
        });
        self.watch = Some(Watch { state, orders, task });
    }

    /// Keeps these fields as well. Objects are listed anew if that is more than before.
    pub(super) fn widen(&mut self, wanted: &Projection) {
        if self.reading.wanted.covers(wanted) {
            return;
        }
        let mut all = (*self.reading.wanted).clone();
        all.add(wanted);
        self.read(all, self.reading.number + 1);
    }

    /// Keeps these fields and no others. Those that are kept of objects that do not change stay.
    pub(super) fn narrow(&mut self, wanted: &Projection) {
        let more = !self.reading.wanted.covers(wanted);
        if more || *self.reading.wanted != *wanted {
            self.read(wanted.clone(), self.reading.number + u64::from(more));
        }
    }

    fn read(&mut self, wanted: Projection, number: u64) {
        self.reading = Reading { wanted: Arc::new(wanted), number };
        if let Some(watch) = &self.watch {
            watch.orders.send_replace(Order::Read(self.reading.clone()));
        }
    }

    /// Nobody reads it any more. Returns what to wait for until everybody knows that its objects are gone.
    pub(super) fn forget(self) -> Option<JoinHandle<()>> {
        let watch = self.watch?;
        watch.orders.send_replace(Order::Forget);
        Some(watch.task)
    }

    /// The watch with this state ended. Whether it was the one in force.
    pub(super) fn ended(&mut self, state: &Arc<WatchState>) -> bool {
        let is_it = self.watch.as_ref().is_some_and(|watch| Arc::ptr_eq(&watch.state, state));
        if is_it {
            self.watch = None;
        }
        is_it
    }

    /// Why its objects are not known as they are to be read, with a colon before it; `None` when they are, or there are none.
    pub(super) fn waits(&self) -> Option<String> {
        let state = &self.watch.as_ref()?.state;
        if state.is_settled(self.reading.number) {
            return None;
        }
        let error = state.last_error();
        Some(if error.is_empty() { error } else { format!(": {error}") })
    }
}
