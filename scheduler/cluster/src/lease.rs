//! Leader election by a Lease, as client-go does it: of several schedulers of one name one decides, the others stand by.
//!
//! Nobody trusts the clock of another: a Lease has expired when *this* process has seen no change of it for as long as it
//! is said to last, on its own monotonic clock. The times written into the Lease are for people.

mod elector;
mod error;
mod options;
mod standing;
mod watchdog;
mod wire;

pub use self::elector::Elector;
pub use self::error::LeaseError;
pub use self::options::{BadLeaseOptions, LeaseOptions, identity};
pub use self::standing::{Leadership, LeaseEvent, LossReason};
pub use self::watchdog::{WATCHDOG_TOLERANCE, Watchdog};

#[cfg(test)]
mod tests;
