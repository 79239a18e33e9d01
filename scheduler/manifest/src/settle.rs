//! What controllers do that decisions rest on, once all objects are known: volumes for claims whose class binds at once,
//! claims for devices from templates, and how many disruptions a budget allows.

mod budgets;
mod claims;
mod devices;
mod provision;

use crate::expand::World;

/// Does all of it.
pub(crate) fn settle(world: &mut World<'_>) {
    claims::settle(world);
    devices::settle(world);
    budgets::settle(world);
}

#[cfg(test)]
mod tests;
