//! `resources` of containers, pods and claims.

use super::{Amounts, wire};

wire! {
    /// `resources`.
    struct Resources {
        requests: Amounts,
        limits: Amounts,
    }
}
