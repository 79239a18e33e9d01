//! The connections to the API server. Watches, writes, events, reviews and the Lease have one each: none waits behind the
//! others' bytes.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use longshore_cluster::call::Caller;
use longshore_cluster::connect::{self, ConnectError, Found, Liveness};
use longshore_cluster::hold::Hold;
use longshore_cluster::limiter::Limiter;
use longshore_cluster::requests::RequestMeter;
use longshore_profile::ClientConnection;

use crate::metrics::Metrics;

/// How long an answer to a binding is waited for. After that the pod is looked up: it says whether it is bound.
const BINDING: Duration = Duration::from_secs(15);

/// Every connection.
pub(crate) struct Clients {
    /// What is watched.
    pub(crate) watching: Client,
    /// Who may ask our own server.
    pub(crate) reviewing: Client,
    /// The Lease: it must not wait behind anything.
    pub(crate) lease: Caller,
    /// Bindings: whoever asks for them heeds the limit.
    pub(crate) bindings: Caller,
    /// Everything else that is written of pods and volumes.
    pub(crate) writes: Caller,
    /// Events, with a limit of their own, as kube-scheduler has it.
    pub(crate) events: Caller,
    /// The limit of bindings and writes.
    pub(crate) limiter: Arc<Limiter>,
    /// Whether the lease lets anything be written: bindings and writes look at it each time.
    pub(crate) hold: Hold,
}

impl Clients {
    /// Connections to `found`, limited as `connection` says, counted in `metrics`.
    ///
    /// # Errors
    /// Certificates, keys or tokens that cannot be used.
    pub(crate) fn new(
        found: &Found,
        connection: &ClientConnection,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, ConnectError> {
        let meter = || Some(Arc::clone(metrics) as Arc<dyn RequestMeter>);
        let client = || connect::client(found, meter(), Liveness::default());
        let limiter = || Arc::new(Limiter::new(connection.qps, connection.burst));
        let (shared, writing) = (limiter(), client()?);
        let hold = Hold::default();
        let bindings = Caller::new(writing.clone()).within(BINDING).held_by(hold.clone());
        let writes = Caller::new(writing).limited_by(Arc::clone(&shared)).held_by(hold.clone());
        Ok(Self {
            watching: client()?,
            reviewing: client()?,
            lease: Caller::new(client()?),
            writes,
            bindings,
            events: Caller::new(client()?).limited_by(limiter()),
            limiter: shared,
            hold,
        })
    }
}
