//! Calls for the Lease that failed.

use crate::call::ApiError;

/// A call for the Lease that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// 401.
    #[error(
        "the API server does not accept our credentials for {verb} of lease {lease}: renew the token or certificate in \
         the kubeconfig, or the service account of the pod"
    )]
    Unauthorized {
        /// `get`, `create` or `update`.
        verb: &'static str,
        /// `namespace/name`.
        lease: String,
    },
    /// 403.
    #[error(
        "not allowed to {verb} lease {lease}: the Role must allow create on leases.coordination.k8s.io, and get and \
         update on the one of this name"
    )]
    Forbidden {
        /// `get`, `create` or `update`.
        verb: &'static str,
        /// `namespace/name`.
        lease: String,
    },
    /// 404 of a create.
    #[error(
        "cannot create lease {lease}: its namespace does not exist; create it or set leaderElection.resourceNamespace"
    )]
    NoNamespace {
        /// `namespace/name`.
        lease: String,
    },
    /// Anything else.
    #[error("cannot {verb} lease {lease}: {error}")]
    Call {
        /// `get`, `create` or `update`.
        verb: &'static str,
        /// `namespace/name`.
        lease: String,
        /// What went wrong.
        error: ApiError,
    },
}

impl LeaseError {
    pub(super) fn of(verb: &'static str, lease: String, error: ApiError) -> Self {
        match error {
            e if e.is_unauthorized() => Self::Unauthorized { verb, lease },
            // A Lease cannot be created in a namespace that is terminating; the permission is not at fault.
            e if e.is_forbidden() && !e.is_namespace_terminating() => Self::Forbidden { verb, lease },
            e if e.is_not_found() && verb == "create" => Self::NoNamespace { lease },
            error => Self::Call { verb, lease, error },
        }
    }

    /// The Lease changed between our reading and our writing: someone else was quicker.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Call { error, .. } if error.is_conflict() || error.already_exists())
    }
}
