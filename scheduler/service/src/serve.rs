//! The HTTPS server of `longshore run`: health, metrics, configuration, and what was decided and why.
//!
//! | path | who may read it | what it is |
//! | --- | --- | --- |
//! | `/livez`, `/readyz`, `/healthz` | everybody | health, in Kubernetes' own format |
//! | `/livez/NAME` and so on | by review | one check, with what it waits for |
//! | `/metrics`, `/metrics/slis`, `/metrics/resources` | by review | Prometheus' text format |
//! | `/configz` | by review | the configuration in force |
//! | `/debug/decisions/NAMESPACE/POD` | by review | the last decisions about a pod |
//! | `/debug/explain/NAMESPACE/POD` | by review | an explanation against the cluster as it stands |
//! | `/debug/flags/v` | by review | the level of the log; PUT changes it |
//! | `/version` | by review | which program this is |
//!
//! "By review" means that a bearer token or a client certificate says who asks, and the API server says whether he may.

mod access;
mod backend;
mod caller;
mod checks;
mod clients;
mod connection;
mod listen;
mod options;
mod pair;
mod policy;
mod query;
mod room;
mod routes;
mod status;
mod subject;
mod tls;
mod trust;

#[cfg(test)]
mod tests;

pub use backend::{Backend, Standing, Unanswered};
pub use checks::{Checks, Flag, Note, Probe};
pub use listen::{Server, start};
pub use options::{Context, Options, PORT};
pub use pair::Certificate;
pub use policy::TlsOptions;
pub use trust::ClientOptions;
