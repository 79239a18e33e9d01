//! What becomes of each device of a node for each request, for people who ask why there is nothing.

use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{DeviceClass, SliceNodes};
use longshore_framework::node::Node;
use longshore_framework::quantity::Quantity;
use longshore_framework::resource_claim::DeviceWish;

use super::Known;
use super::capacity::Rounding;
use super::counters::Left;
use super::pool::{self, Place, Pool, State};
use super::search::hindering_taint;
use super::selectors::Compiled;

/// A device: driver, pool and name.
pub type DeviceId = (Str, Str, Str);

/// What becomes of a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// This selector says no, or it cannot be said what it says.
    Unselected(Str),
    /// Its pool is not complete or contradicts itself.
    Unusable,
    /// It does not have as much as is asked for.
    TooSmall,
    /// A taint that is not tolerated, as `key=value:effect` or `key:effect`.
    Tainted(String),
    /// Claims have it, or so much of it that too little is left.
    Taken,
    /// Others use up the counters that it shares with them.
    Uncounted,
    /// It could be given.
    Free,
}

/// The devices of the node's pools, with what becomes of each for a wish, by itself: what other requests take and what devices
/// must have in common is left out of account.
pub fn fates(
    node: &Node,
    pools: &[Arc<Pool>],
    (class, wish): (&DeviceClass, &DeviceWish),
    known: Known<'_>,
) -> Vec<(DeviceId, Fate)> {
    let texts = class.selectors.iter().chain(wish.selectors.iter());
    let selectors: Vec<(&Str, Arc<Compiled>)> = texts.map(|text| (text, known.selectors.get(text))).collect();
    let mut fates = Vec::new();
    for pool in pools.iter().filter(|pool| pool.own) {
        for place in (0..pool.len()).filter_map(|at| pool.place(at)) {
            let is_seen = match place.slice.published.nodes {
                SliceNodes::PerDevice => pool::allows(place.device.nodes.as_ref(), node),
                _ => true,
            };
            if is_seen {
                let id = (pool.driver.clone(), pool.name.clone(), place.device.name.clone());
                fates.push((id, fate(pool, place, &selectors, wish, known)));
            }
        }
    }
    fates
}

fn fate(
    pool: &Pool,
    place: Place<'_>,
    selectors: &[(&Str, Arc<Compiled>)],
    wish: &DeviceWish,
    known: Known<'_>,
) -> Fate {
    let selects = |selector: &Compiled| {
        let answers = place.slice.answers(selector);
        selector.problem().is_none() && matches!(place.slice.matches(place.at, selector, &answers), Ok(true))
    };
    if let Some((text, _)) = selectors.iter().find(|(_, selector)| !selects(selector)) {
        return Fate::Unselected((*text).clone());
    }
    if pool.state != State::Usable {
        return Fate::Unusable;
    }
    let (device, rounding) = (place.device, Rounding { fractional: known.fractional });
    let fits =
        |taken: &dyn Fn(&Str) -> Quantity| rounding.fits(device, &wish.capacity, taken).unwrap_or(false);
    if device.withheld || !fits(&|_| Quantity::ZERO) {
        return Fate::TooSmall;
    }
    if let Some(taint) = hindering_taint(device, wish) {
        let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
        return Fate::Tainted(format!("{}{value}:{}", taint.key, taint.effect.as_str()));
    }
    if wish.admin {
        return Fate::Free;
    }
    let pool_use = known.in_use.pool(&pool.driver, &pool.name);
    let used = pool_use.and_then(|pool_use| pool_use.device(&device.name));
    let taken = |name: &Str| used.map_or_else(Default::default, |used| used.consumed(name));
    if used.is_some_and(|used| used.is_whole()) || !fits(&taken) {
        return Fate::Taken;
    }
    let is_counted = device.shared && used.is_some_and(|used| used.is_measured());
    if !device.consumes.is_empty() && !is_counted && !Left::new(pool, pool_use).take(device) {
        return Fate::Uncounted;
    }
    Fate::Free
}
