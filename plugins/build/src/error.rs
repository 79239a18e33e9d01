//! Why a core module cannot become a plugin.

/// What is wrong with a core module. The texts are for its author.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The bytes are no WebAssembly module.
    #[error("this is not a WebAssembly module: {0}")]
    NotAModule(String),
    /// The bytes are a component already.
    #[error("this is a component already; give the core module that it was made from")]
    AlreadyAComponent,
    /// Nothing of the interface is exported.
    #[error(
        "the module exports nothing of longshore:scheduler; has `export_plugin!` (Rust) or `sdk.Register` (Go) been left out?"
    )]
    NoPlugin,
    /// An export that looks like ours has an interface that the package does not have.
    #[error(
        "the module exports `{export}`, but longshore:scheduler@{have} has no interface `{interface}`; it has {known}"
    )]
    UnknownInterface {
        /// The export's whole name.
        export: String,
        /// The interface in it.
        interface: String,
        /// The package's version.
        have: &'static str,
        /// The interfaces there are.
        known: String,
    },
    /// An export or an import is of another version of the package.
    #[error(
        "`{name}` is of longshore:scheduler@{found}, but this build makes plugins for {have}; use the SDK of the same release (`longshore plugin update-sdk`)"
    )]
    OtherVersion {
        /// The name of the export, or of the module it is imported from.
        name: String,
        /// The version in it.
        found: String,
        /// The version that is built.
        have: &'static str,
    },
    /// A function that the interface does not have.
    #[error(
        "the module exports `{function}` of the interface `{interface}`, which has no such function; it has {known}"
    )]
    UnknownFunction {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
        /// The functions there are.
        known: String,
    },
    /// An interface is exported only in part.
    #[error("the module exports the interface `{interface}` only in part: {missing} missing")]
    Partial {
        /// The interface.
        interface: String,
        /// The functions that are not there.
        missing: String,
    },
    /// Every plugin exports `lifecycle`.
    #[error("the module does not export the interface `lifecycle`, which every plugin has")]
    NoLifecycle,
    /// Filter and Score need to be told of the pod.
    #[error("the module exports `{stage}` without `cycle`, which tells it which pod is meant")]
    NoCycle {
        /// `filter` or `score`.
        stage: &'static str,
    },
    /// Nobody would answer an import.
    #[error(
        "the module imports `{field}` from `{module}`, which is neither of longshore:scheduler nor of WASI preview 1; a plugin reaches nothing else"
    )]
    UnknownImport {
        /// Where it is imported from.
        module: String,
        /// What is imported.
        field: String,
    },
    /// What the encoder says, mostly that a function's type is not the interface's.
    #[error("the module does not fit the interface: {0}")]
    Encode(String),
}
