//! Which Lease, and its times.

use std::time::Duration;

use longshore_framework::Str;

/// The waits between tries to get the Lease are up to this much longer, by chance (client-go's JitterFactor).
pub(crate) const JITTER: f64 = 1.2;

/// Which Lease, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseOptions {
    /// Namespace of the Lease.
    pub namespace: Str,
    /// Name of the Lease.
    pub name: Str,
    /// Who we are, see [`identity`]; unique among all that ever want the Lease.
    pub identity: Str,
    /// How long the others wait without news of the holder before they take over: 15 s.
    pub lease_duration: Duration,
    /// How long the holder tries to renew before it gives up: 10 s.
    pub renew_deadline: Duration,
    /// The time between tries: 2 s.
    pub retry_period: Duration,
}

impl LeaseOptions {
    /// kube-scheduler's times.
    pub fn new(namespace: impl Into<Str>, name: impl Into<Str>, identity: impl Into<Str>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            identity: identity.into(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }

    /// What client-go demands of the times.
    ///
    /// # Errors
    /// The demand that is not met, and its fix.
    pub fn validate(&self) -> Result<(), BadLeaseOptions> {
        if self.identity.is_empty() {
            return Err(BadLeaseOptions("the identity is empty"));
        }
        if self.retry_period.is_zero() {
            return Err(BadLeaseOptions("retryPeriod must be greater than zero"));
        }
        if self.lease_duration <= self.renew_deadline {
            return Err(BadLeaseOptions("leaseDuration must be greater than renewDeadline"));
        }
        if self.renew_deadline <= self.retry_period.mul_f64(JITTER) {
            return Err(BadLeaseOptions("renewDeadline must be greater than 1.2 times retryPeriod"));
        }
        Ok(())
    }
}

/// Options that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leaderElection: {0}")]
pub struct BadLeaseOptions(&'static str);

/// `<hostname>_<uuid>`: who we are to the others.
pub fn identity(hostname: &str) -> Str {
    format!("{hostname}_{}", uuid::Uuid::new_v4()).into()
}
