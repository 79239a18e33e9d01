//! Kinds of data that CEL itself does not know, each with how it is read and compared.

pub(super) mod address;
pub(super) mod format;
pub(super) mod instant;
pub(super) mod pattern;
pub(super) mod semver;
pub(super) mod url;
