//! Who we are for a registry.

/// One way to be known to a registry.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    Anonymous,
    Basic {
        user: String,
        password: String,
    },
    /// A token to be exchanged for another one at the token server.
    Identity(String),
    /// A token for the registry itself.
    Registry(String),
}
