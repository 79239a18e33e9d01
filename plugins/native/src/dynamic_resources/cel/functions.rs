//! The functions of Kubernetes' environment, by what they are about.

mod arithmetic;
mod comparison;
mod conversion;
mod formats;
mod lists;
mod network;
mod optionals;
mod patterns;
mod print;
mod quantities;
mod sets;
mod strings;
mod times;
mod versions;

pub(super) use lists::sorted_by;
pub(super) use print::problem as format_problem;

use super::function::Row;

/// All tables.
pub(super) const TABLES: &[&[Row]] = &[
    arithmetic::TABLE,
    comparison::TABLE,
    conversion::TABLE,
    formats::TABLE,
    lists::TABLE,
    network::TABLE,
    optionals::TABLE,
    patterns::TABLE,
    print::TABLE,
    quantities::TABLE,
    sets::TABLE,
    strings::TABLE,
    times::TABLE,
    versions::TABLE,
];
