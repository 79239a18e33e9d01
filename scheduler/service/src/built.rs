//! What this program was built from, as the build was told.

/// The version of the release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, from the variable `LONGSHORE_COMMIT` of the build; `make build` and the Dockerfile set it.
pub const COMMIT: &str = match option_env!("LONGSHORE_COMMIT") {
    Some(commit) if !commit.is_empty() => commit,
    _ => "unknown",
};

/// The compiler, from `LONGSHORE_RUST`; the oldest that will do when the build was not told.
pub const RUST: &str = match option_env!("LONGSHORE_RUST") {
    Some(rust) if !rust.is_empty() => rust,
    _ => env!("CARGO_PKG_RUST_VERSION"),
};
