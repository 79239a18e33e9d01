//! Everything that talks to the API server: watch, bind, evict, status, events, lease.
//!
//! | module | what it does |
//! | --- | --- |
//! | `check` | whether all this would work |
//! | `connect` | which cluster, as whom; clients |
//! | `contact` | how whoever holds a Lease is reached |
//! | `discover`, `kinds` | what the server serves of what scheduling reads |
//! | `bind`, `claims`, `perform`, `volumes` | what the engine wants done |
//! | `list` | the cluster as it is now, for simulations |
//! | `dump` | the same for files, without what nobody reads |
//! | `call`, `limiter`, `retry` | single requests |
//! | `extender` | HTTP extenders |
//! | `node_metrics` | what is measured on nodes |
//! | `rights` | what of all this an account must be allowed |
//! | `hold` | whether we may write |
//! | `told` | what the scheduling thread is told |
//! | `watch`, `declared` | what happens, as inputs for the engine; the kinds that plugins read come and go |

pub mod bind;
pub mod call;
pub mod check;
pub mod claims;
pub mod connect;
pub mod contact;
pub mod declared;
pub mod discover;
pub mod dump;
pub mod evict;
pub mod extender;
pub mod groups;
pub mod hold;
pub mod kinds;
pub mod lease;
pub mod limiter;
pub mod list;
pub mod node_metrics;
pub mod perform;
pub mod race;
pub mod record;
pub mod requests;
pub mod retry;
pub mod review;
pub mod rights;
pub mod status;
pub mod told;
pub mod volumes;
pub mod watch;

mod pages;
mod tls;
mod waits;

#[cfg(test)]
mod fake_api;
