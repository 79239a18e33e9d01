//! Counts that workloads ask for.

use crate::error::{ObjectError, Within};

/// What the expansion of a workload ends in.
pub(super) type Result<T> = std::result::Result<T, ObjectError>;

/// A count that defaults to 1.
pub(super) fn wanted(field: &str, written: Option<i64>) -> Result<usize> {
    let count = written.unwrap_or(1);
    usize::try_from(count)
        .map_err(|_| ObjectError::new(format!("must not be negative, but is {count}")))
        .within(field)
}
