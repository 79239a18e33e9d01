//! Amounts, numbers and names, as people read them.

pub mod bytes;
pub mod names;
