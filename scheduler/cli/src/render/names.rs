//! Names on one line.

/// Names on one line, at the most.
const NAMED: usize = 4;

/// The first few names, and how many more there are.
pub(crate) fn named(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
