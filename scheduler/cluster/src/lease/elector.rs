//! The loop that gets the Lease, keeps it and gives it back.

use std::sync::Arc;
use std::time::Duration;

use boot_time::Instant;
use jiff::Timestamp;
use longshore_framework::Str;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::error::LeaseError;
use super::options::{BadLeaseOptions, JITTER, LeaseOptions};
use super::standing::{Leadership, LeaseEvent, LossReason};
use super::watchdog::Watchdog;
use super::wire::{Lease, LeaseSpec, micro_time};
use crate::call::{Caller, decode, path};
use crate::contact::{self, Contact};
use crate::hold::Hold;
use crate::retry::jittered;

/// Told of events to be recorded.
type Announcer = Arc<dyn Fn(LeaseEvent) + Send + Sync>;

/// Takes part in the election for one Lease.
pub struct Elector {
    caller: Caller,
    options: LeaseOptions,
    announcer: Option<Announcer>,
    watchdog: Watchdog,
    hold: Hold,
    /// How we can be reached, as far as it is known.
    contact: Option<watch::Receiver<Option<Contact>>>,
    /// The Lease as last read or written.
    lease: Option<Lease>,
    /// When the spec of `lease` was first seen.
    observed: Instant,
}

/// How a try ended that was not in vain for a broken call.
enum Tried {
    Leading,
    HeldBy(Str),
}

impl Elector {
    /// An elector that has not started yet. No call takes longer than half the renew deadline, nor waits because a server
    /// says so.
    ///
    /// # Errors
    /// The options cannot work.
    pub fn new(caller: Caller, options: LeaseOptions) -> Result<Self, BadLeaseOptions> {
        options.validate()?;
        let caller = caller.within(options.renew_deadline / 2).impatient();
        let observed = Instant::now();
        let (watchdog, hold) = (Watchdog::default(), Hold::default());
        Ok(Self { caller, options, announcer: None, watchdog, hold, contact: None, lease: None, observed })
    }

    /// Has `announcer` told what is to be recorded as events on the Lease.
    #[must_use]
    pub fn announcing(mut self, announcer: impl Fn(LeaseEvent) + Send + Sync + 'static) -> Self {
        self.announcer = Some(Arc::new(announcer));
        self
    }

    /// Has `hold` say, at any moment, whether we may write.
    #[must_use]
    pub fn holding(mut self, hold: Hold) -> Self {
        self.hold = hold;
        self
    }

    /// Has the Lease say how we can be reached, as long as it is ours.
    #[must_use]
    pub fn showing(mut self, contact: watch::Receiver<Option<Contact>>) -> Self {
        self.contact = Some(contact);
        self
    }

    /// For the health check `leaderElection`.
    pub fn watchdog(&self) -> Watchdog {
        self.watchdog.clone()
    }

    /// Runs until leadership is lost, or until `stop`; then the Lease is given back if we hold it. Whoever is told to stop
    /// this way must have stopped to act before. `state` always says where we stand, at the end
    /// [`Leadership::Lost`], or the standby we still were.
    pub async fn run(mut self, stop: CancellationToken, state: watch::Sender<Leadership>) {
        let (lease, identity) = (self.lease_name(), Arc::clone(&self.options.identity));
        tracing::info!(%lease, %identity, "Attempting to acquire leader lease");
        if !self.acquire(&stop, &state).await {
            return;
        }
        tracing::info!(%lease, %identity, "Successfully acquired lease");
        self.announce("became leader");
        state.send_replace(Leadership::Leading);
        let reason = self.renew(&stop).await;
        // Nobody may act as leader from here on, whatever the rest takes.
        let reason = match reason {
            LossReason::Stopped { .. } => {
                self.hold.give_back();
                LossReason::Stopped { released: self.release().await }
            }
            reason => {
                self.hold.lose();
                reason
            }
        };
        self.watchdog.set(None);
        self.announce("stopped leading");
        tracing::info!(%lease, %reason, "Stopped leading");
        state.send_replace(Leadership::Lost(reason));
    }

    /// Tries until we lead (`true`) or are told to stop.
    async fn acquire(&mut self, stop: &CancellationToken, state: &watch::Sender<Leadership>) -> bool {
        loop {
            let tried = tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                tried = self.try_once() => tried,
            };
            let (holder, trouble) = match tried {
                Ok(Tried::Leading) => return true,
                Ok(Tried::HeldBy(holder)) => (Some(holder), None),
                // Another one was quicker; the next try reads who.
                Err(error) if error.is_conflict() => (self.holder(), None),
                Err(error) => (self.holder(), Some(error)),
            };
            self.stand_by(state, Leadership::Standby { holder, trouble });
            tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(jittered(self.options.retry_period, JITTER)) => {}
            }
        }
    }

    /// Tells a change of our standing, once.
    fn stand_by(&self, state: &watch::Sender<Leadership>, new: Leadership) {
        state.send_if_modified(|old| {
            if *old == new {
                return false;
            }
            if let Leadership::Standby { holder, trouble } = &new {
                let lease = self.lease_name();
                match (trouble, holder) {
                    (Some(trouble), _) => tracing::warn!(%lease, "{trouble}"),
                    (None, Some(holder)) => tracing::info!(%lease, %holder, "Standing by"),
                    (None, None) => {}
                }
            }
            *old = new;
            true
        });
    }

    /// Renews until that fails for too long; why it ended. A holder other than us ends it at once.
    async fn renew(&mut self, stop: &CancellationToken) -> LossReason {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return LossReason::Stopped { released: false },
                () = tokio::time::sleep(self.options.retry_period) => {}
            }
            let deadline = tokio::time::Instant::now() + self.options.renew_deadline;
            let mut trouble = None;
            loop {
                let tried = tokio::select! {
                    biased;
                    () = stop.cancelled() => return LossReason::Stopped { released: false },
                    () = tokio::time::sleep_until(deadline) => return self.not_renewed(trouble),
                    tried = self.try_once() => tried,
                };
                match tried {
                    Ok(Tried::Leading) => break,
                    Ok(Tried::HeldBy(holder)) => return LossReason::TakenBy(holder),
                    Err(error) => {
                        tracing::warn!(lease = %self.lease_name(), "{error}");
                        trouble = Some(error);
                    }
                }
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return LossReason::Stopped { released: false },
                    () = tokio::time::sleep_until(deadline) => return self.not_renewed(trouble),
                    () = tokio::time::sleep(self.options.retry_period) => {}
                }
            }
        }
    }

    fn not_renewed(&self, trouble: Option<LeaseError>) -> LossReason {
        let silent = || {
            crate::call::ApiError::timed_out(&http::Method::PUT, &self.path(), self.options.renew_deadline)
        };
        let silent = || LeaseError::of("update", self.lease_name(), silent());
        LossReason::NotRenewed(trouble.unwrap_or_else(silent))
    }

    /// One try to get or keep the Lease.
    async fn try_once(&mut self) -> Result<Tried, LeaseError> {
        let started = Instant::now();
        // The holder writes at once what it wrote last, which nobody should have touched.
        if self.is_held_by_us() && self.is_valid(started) && self.write().await.is_ok() {
            return Ok(Tried::Leading);
        }
        match self.read().await? {
            None => self.create().await?,
            Some(lease) => {
                self.observe(lease);
                if let Some(holder) = self.holder()
                    && holder != self.options.identity
                    && self.is_valid(started)
                {
                    return Ok(Tried::HeldBy(holder));
                }
                self.write().await?;
            }
        }
        Ok(Tried::Leading)
    }

    async fn read(&self) -> Result<Option<Lease>, LeaseError> {
        match self.caller.get(&self.path()).await {
            Ok(lease) => Ok(Some(lease)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(LeaseError::of("get", self.lease_name(), error)),
        }
    }

    async fn create(&mut self) -> Result<(), LeaseError> {
        let (namespace, name) = (&self.options.namespace, &self.options.name);
        let mut lease = Lease::new(namespace, name, self.claim(None));
        self.show_contact(&mut lease);
        let sent = Instant::now();
        let answer = match self.caller.post(&path::leases(namespace), &lease).await {
            Ok(answer) => decode(&answer),
            Err(error) => Err(error),
        };
        let lease = answer.map_err(|e| LeaseError::of("create", self.lease_name(), e))?;
        self.wrote(lease, sent);
        Ok(())
    }

    /// Writes ourselves into the Lease as it was last seen.
    async fn write(&mut self) -> Result<(), LeaseError> {
        let Some(mut lease) = self.lease.clone() else { return Ok(()) };
        lease.spec = self.claim(Some(&lease.spec));
        self.show_contact(&mut lease);
        self.put(lease).await
    }

    async fn put(&mut self, lease: Lease) -> Result<(), LeaseError> {
        let sent = Instant::now();
        let answer = match self.caller.put(&self.path(), &lease).await {
            Ok(answer) => decode(&answer),
            Err(error) => Err(error),
        };
        let lease = answer.map_err(|e| LeaseError::of("update", self.lease_name(), e))?;
        self.wrote(lease, sent);
        Ok(())
    }

    /// What we write to hold the Lease, `old` being what it says now.
    fn claim(&self, old: Option<&LeaseSpec>) -> LeaseSpec {
        let now = micro_time(Timestamp::now());
        let ours = old.is_some_and(|old| old.holder() == Some(&self.options.identity));
        let transitions = old.map_or(0, |old| old.lease_transitions.unwrap_or(0));
        LeaseSpec {
            holder_identity: Some(Arc::clone(&self.options.identity)),
            lease_duration_seconds: i32::try_from(self.options.lease_duration.as_secs()).ok(),
            acquire_time: match old {
                Some(old) if ours => old.acquire_time.clone(),
                _ => Some(now.clone()),
            },
            renew_time: Some(now),
            lease_transitions: Some(match old {
                Some(_) if !ours => transitions.saturating_add(1),
                _ => transitions,
            }),
        }
    }

    /// Writes how we can be reached, in place of what an earlier holder wrote.
    fn show_contact(&self, lease: &mut Lease) {
        let contact = self.contact.as_ref().and_then(|contact| contact.borrow().clone());
        contact::put(&mut lease.metadata, contact.as_ref().map(|contact| (contact, &*self.options.identity)));
    }

    /// Gives the Lease back, if it is still ours. Its newest version is read first.
    async fn release(&mut self) -> bool {
        let deadline = self.options.renew_deadline;
        let release = async {
            let Some(lease) = self.read().await? else { return Ok(false) };
            self.observe(lease);
            let Some(mut lease) = self.lease.clone().filter(|_| self.is_held_by_us()) else {
                return Ok(false);
            };
            lease.spec = lease.spec.released(Timestamp::now());
            contact::put(&mut lease.metadata, None);
            self.put(lease).await.map(|()| true)
        };
        match tokio::time::timeout(deadline, release).await {
            Ok(Ok(released)) => released,
            Ok(Err::<_, LeaseError>(error)) => {
                tracing::warn!("{error}");
                false
            }
            Err(_) => false,
        }
    }

    /// The Lease was read: its time runs anew if it is not as we know it.
    fn observe(&mut self, lease: Lease) {
        if self.lease.as_ref().is_none_or(|known| known.spec != lease.spec) {
            self.observed = Instant::now();
        }
        self.lease = Some(lease);
        self.feed_watchdog();
    }

    /// We wrote the Lease. Our time runs from before the call, so that nobody else's can end sooner than ours.
    fn wrote(&mut self, lease: Lease, sent: Instant) {
        self.lease = Some(lease);
        self.observed = sent;
        self.feed_watchdog();
        if self.is_held_by_us() {
            self.hold.renewed(sent, self.options.renew_deadline);
        }
    }

    fn feed_watchdog(&self) {
        let until = self.observed + self.options.lease_duration;
        self.watchdog.set(self.is_held_by_us().then_some(until));
    }

    fn announce(&self, what: &str) {
        let (Some(announcer), Some(lease)) = (&self.announcer, &self.lease) else { return };
        announcer(LeaseEvent {
            namespace: Arc::clone(&self.options.namespace),
            name: Arc::clone(&self.options.name),
            uid: lease.uid(),
            note: format!("{} {what}", self.options.identity),
        });
    }

    fn holder(&self) -> Option<Str> {
        self.lease.as_ref()?.spec.holder().cloned()
    }

    fn is_held_by_us(&self) -> bool {
        self.holder().as_ref() == Some(&self.options.identity)
    }

    fn is_valid(&self, now: Instant) -> bool {
        let duration = self.lease.as_ref().map_or(Duration::ZERO, |lease| lease.spec.duration());
        self.observed + duration > now
    }

    fn lease_name(&self) -> String {
        format!("{}/{}", self.options.namespace, self.options.name)
    }

    fn path(&self) -> String {
        format!("{}/{}", path::leases(&self.options.namespace), self.options.name)
    }
}
