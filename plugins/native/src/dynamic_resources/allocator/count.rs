//! How many devices there are.

use std::sync::Arc;

use longshore_framework::device::{DeviceClass, SliceNodes};
use longshore_framework::device_use::InUse;
use longshore_framework::node::Node;

use super::pool::{self, Pool};
use super::selectors::Selectors;

/// The devices of a class in pools of the node, and how many of them are in use; `None` where a selector fails.
pub fn count(
    pools: &[Arc<Pool>],
    class: &DeviceClass,
    node: &Node,
    in_use: &InUse,
    selectors: &Selectors,
) -> Option<(usize, usize)> {
    let selectors: Vec<_> = class.selectors.iter().map(|text| selectors.get(text)).collect();
    if selectors.iter().any(|selector| selector.problem().is_some()) {
        return None;
    }
    let (mut all, mut used) = (0, 0);
    for pool in pools.iter().filter(|pool| pool.own) {
        let pool_use = in_use.pool(&pool.driver, &pool.name);
        for slice in &pool.slices {
            let answers: Vec<_> = selectors.iter().map(|selector| slice.answers(selector)).collect();
            for (at, device) in slice.published.devices.iter().enumerate() {
                let is_seen = match slice.published.nodes {
                    SliceNodes::PerDevice => pool::allows(device.nodes.as_ref(), node),
                    _ => true,
                };
                let mut matches = is_seen;
                for (selector, answers) in selectors.iter().zip(&answers).filter(|_| is_seen) {
                    matches &= slice.matches(at, selector, answers).ok()?;
                }
                all += usize::from(matches);
                let is_used = pool_use.is_some_and(|pool_use| pool_use.device(&device.name).is_some());
                used += usize::from(matches && is_used);
            }
        }
    }
    Some((all, used))
}
