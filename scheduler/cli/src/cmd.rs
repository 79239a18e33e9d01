//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod dump;
pub(crate) mod explain;
pub(crate) mod plugin;
pub(crate) mod profile;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod version;
