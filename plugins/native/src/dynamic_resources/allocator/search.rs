//! The search: devices for one request after the other, and whatever leads nowhere is taken back.

use std::cell::Cell;
use std::sync::Arc;

use longshore_framework::Str;
use longshore_framework::device::{Device, DeviceTaint, DeviceTaintEffect};
use longshore_framework::device_use::{DeviceUse, InUse, PoolUse};
use longshore_framework::quantity::Quantity;
use longshore_framework::resource_claim::DeviceWish;
use rustc_hash::FxHashMap;

use super::capacity::Rounding;
use super::constraint::Constraint;
use super::counters::Left;
use super::openings::Bits;
use super::plan::{Plan, Spot, broken};
use super::pool::State;
use super::{AllocationError, Known, MOST_DEVICES};

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// By claim.
    pub(super) devices: Vec<Vec<Chosen>>,
    /// By claim and request: which of the options was taken.
    pub(super) options: Vec<Vec<usize>>,
}

/// A device that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) spot: Spot,
    pub(super) request: usize,
    pub(super) option: usize,
    /// It is a share of the device, and takes so much.
    pub(super) share: Option<Vec<(Str, Quantity)>>,
}

/// Why the search does not go on.
enum Halt {
    Failed(AllocationError),
    /// A claim would have more devices than it can. Other alternatives may need fewer.
    TooMany,
}

impl From<AllocationError> for Halt {
    fn from(error: AllocationError) -> Self {
        Self::Failed(error)
    }
}

/// Which device is looked for.
#[derive(Clone, Copy, Default)]
struct Goal {
    claim: usize,
    request: usize,
    option: usize,
    /// How many devices the option has so far.
    device: usize,
}

/// Shares of a device that this search gives.
#[derive(Default)]
struct Shares {
    count: usize,
    consumed: FxHashMap<Str, Quantity>,
}

/// A search that is going on.
pub(super) struct Search<'p, 'a> {
    plan: &'p mut Plan<'a>,
    in_use: &'a InUse,
    /// What is in use of the pool that was asked about last.
    pool_use: Cell<Option<(usize, Option<&'a PoolUse>)>>,
    constraints: Vec<Vec<Constraint<'a>>>,
    found: Found,
    /// Whole devices that this search gives, and to which claims. Administrators may share one.
    taken: FxHashMap<Spot, Vec<usize>>,
    shares: FxHashMap<Spot, Shares>,
    counters: FxHashMap<usize, Left>,
    patience: u64,
    rounding: Rounding,
}

impl<'p, 'a> Search<'p, 'a> {
    pub(super) fn new(plan: &'p mut Plan<'a>, known: Known<'a>) -> Self {
        let options = plan.claims.iter().map(|(_, requests)| vec![0; requests.len()]).collect();
        Self {
            in_use: known.in_use,
            pool_use: Cell::new(None),
            constraints: Vec::new(),
            found: Found { devices: vec![Vec::new(); plan.claims.len()], options },
            taken: FxHashMap::default(),
            shares: FxHashMap::default(),
            counters: FxHashMap::default(),
            patience: known.patience,
            rounding: Rounding { fractional: known.fractional },
            plan,
        }
    }

    /// The first solution.
    pub(super) fn run(mut self) -> Result<Option<Found>, AllocationError> {
        for (claim, _) in &self.plan.claims {
            let mut constraints = Vec::new();
            for (at, constraint) in claim.spec.constraints.iter().enumerate() {
                let known = Constraint::new(constraint).ok_or_else(|| {
                    broken(format!(
                        "claim {}/{}, constraint #{at}: empty constraint (unsupported constraint type?)",
                        claim.namespace, claim.name
                    ))
                })?;
                constraints.push(known);
            }
            self.constraints.push(constraints);
        }
        let done = self.next(Goal::default(), false, Spot::default());
        self.remember();
        match done {
            Ok(true) => Ok(Some(self.found)),
            Ok(false) => Ok(None),
            Err(Halt::Failed(error)) => Err(error),
            Err(Halt::TooMany) => Err(broken("allocation max size exceeded".into())),
        }
    }

    /// Whether everything from the goal on was found. `inside` says that the option was chosen, `from` where a request
    /// goes on: its devices come in ascending order, because one set of them is as good in any order.
    fn next(&mut self, goal: Goal, inside: bool, from: Spot) -> Result<bool, Halt> {
        self.patience = self.patience.checked_sub(1).ok_or(AllocationError::GaveUp)?;
        let Some((_, requests)) = self.plan.claims.get(goal.claim) else { return Ok(true) };
        let Some(request) = requests.get(goal.request) else {
            let next = Goal { claim: goal.claim + 1, ..Goal::default() };
            return match self.next(next, false, Spot::default()) {
                Err(Halt::TooMany) => Ok(false),
                other => other,
            };
        };
        if request.has_alternatives && !inside {
            let options = request.options.len();
            return self.alternatives(goal, options);
        }
        let Some(option) = request.options.get(goal.option) else { return Ok(false) };
        let (count, all) = (option.count, option.all.is_some());
        if all && count == 0 {
            return Ok(false);
        }
        if goal.device >= count {
            let next = Goal { claim: goal.claim, request: goal.request + 1, ..Goal::default() };
            return self.next(next, false, Spot::default());
        }
        let missing = count - goal.device;
        if self.found.devices[goal.claim].len().saturating_add(missing) > MOST_DEVICES {
            return Err(Halt::TooMany);
        }
        match all {
            true => self.exactly_this(goal, inside),
            false => self.any(goal, inside, from),
        }
    }

    /// One alternative after the other. If each would be too many devices, so will it be with other devices before.
    fn alternatives(&mut self, goal: Goal, options: usize) -> Result<bool, Halt> {
        let mut too_many = true;
        for option in 0..options {
            match self.next(Goal { option, device: 0, ..goal }, true, Spot::default()) {
                Err(Halt::TooMany) => {}
                Err(error) => return Err(error),
                Ok(false) => too_many = false,
                Ok(true) => {
                    self.found.options[goal.claim][goal.request] = option;
                    return Ok(true);
                }
            }
        }
        if too_many { Err(Halt::TooMany) } else { Ok(false) }
    }

    /// Of all devices the next one. Without it there is no solution.
    fn exactly_this(&mut self, goal: Goal, inside: bool) -> Result<bool, Halt> {
        let all = self.option(goal).all.as_ref();
        let Some(spot) = all.and_then(|all| all.get(goal.device)).copied() else { return Ok(false) };
        match self.give(goal, spot) {
            Given::No => Ok(false),
            Given::Constrained => Err(Halt::Failed(self.constrained(goal, spot))),
            Given::Yes(taken) => {
                let next = Goal { device: goal.device + 1, ..goal };
                let done = self.next(next, inside, Spot::default());
                if !matches!(done, Ok(true)) {
                    self.take_back(goal, spot, taken);
                }
                done
            }
        }
    }

    fn any(&mut self, goal: Goal, inside: bool, from: Spot) -> Result<bool, Halt> {
        let (pools, node) = (self.plan.pools, self.plan.node);
        let only = self.only(goal);
        let mut at = from.pool;
        while let Some(pool) = self.next_pool(goal, at, only.as_deref()) {
            at = pool + 1;
            let (of, first) = (&pools[pool], if pool == from.pool { from.device } else { 0 });
            let mut has_some = false;
            let devices = if of.state == State::Usable { first..of.len() } else { 0..0 };
            for device in devices {
                let spot = Spot { pool, device };
                self.patience = self.patience.checked_sub(1).ok_or(AllocationError::GaveUp)?;
                if !self.is_free(goal, spot) || !self.option_mut(goal).selects(pools, spot, node)? {
                    continue;
                }
                if !self.has_capacity(goal, spot).map_err(|why| self.uncounted(goal, spot, &why))? {
                    continue;
                }
                let taken = match self.give(goal, spot) {
                    Given::No => continue,
                    Given::Constrained => {
                        has_some = true;
                        continue;
                    }
                    Given::Yes(taken) => taken,
                };
                has_some = true;
                let next = Goal { device: goal.device + 1, ..goal };
                let done = self.next(next, inside, Spot { pool, device: device + 1 });
                if let Ok(true) = done {
                    return done;
                }
                self.take_back(goal, spot, taken);
                done?;
            }
            if first == 0 {
                self.note(goal, pool, !has_some);
            }
        }
        Ok(false)
    }

    /// The next pool from `at` on in which there may be a device.
    fn next_pool(&self, goal: Goal, at: usize, only: Option<&Bits>) -> Option<usize> {
        match &self.option(goal).openings {
            Some(opening) => opening.known.next(&opening.learnt, at, only),
            None => (at < self.plan.pools.len()).then_some(at),
        }
    }

    /// The pools with a device that goes with those that were chosen before, where that is known.
    fn only(&self, goal: Goal) -> Option<Arc<Bits>> {
        let option = self.option(goal);
        option.openings.as_ref()?;
        let constraints = &self.constraints[goal.claim];
        let bound = constraints.iter().find_map(|c| c.bound(option.request, option.alternative));
        bound.map(|(attribute, value)| self.plan.pools.valued(attribute, value))
    }

    /// All devices of a pool were looked at. What was seen holds for others if nothing of this search had a part in it.
    fn note(&mut self, goal: Goal, pool: usize, closed: bool) {
        let chosen = self.found.devices.iter().flatten().any(|chosen| chosen.spot.pool == pool);
        if let (false, Some(opening)) = (chosen, &mut self.option_mut(goal).openings) {
            opening.learnt.note(pool, closed);
        }
    }

    /// Leaves what was seen of pools to others.
    fn remember(&mut self) {
        let requests = self.plan.claims.iter_mut().flat_map(|(_, requests)| requests);
        for option in requests.flat_map(|request| &mut request.options) {
            if let Some(opening) = option.openings.take().filter(|opening| !opening.learnt.is_blank()) {
                self.plan.pools.learn(&opening.key, opening.learnt);
            }
        }
    }

    fn option(&self, goal: Goal) -> &super::plan::Choice<'a> {
        &self.plan.claims[goal.claim].1[goal.request].options[goal.option]
    }

    fn option_mut(&mut self, goal: Goal) -> &mut super::plan::Choice<'a> {
        &mut self.plan.claims[goal.claim].1[goal.request].options[goal.option]
    }

    fn device(&self, spot: Spot) -> Option<&'a Device> {
        let pools = self.plan.pools;
        pools.get(spot.pool)?.place(spot.device).map(|place| place.device)
    }

    fn used(&self, spot: Spot, device: &Device) -> Option<&'a DeviceUse> {
        self.of_pool(spot.pool)?.device(&device.name)
    }

    fn of_pool(&self, pool: usize) -> Option<&'a PoolUse> {
        if let Some((known, pool_use)) = self.pool_use.get()
            && known == pool
        {
            return pool_use;
        }
        let of = self.plan.pools.get(pool)?;
        let pool_use = self.in_use.pool(&of.driver, &of.name);
        self.pool_use.set(Some((pool, pool_use)));
        pool_use
    }

    /// Whether the device may be given to the claim as far as others and the claim itself have it. Administrators do not
    /// mind others.
    fn is_free(&self, goal: Goal, spot: Spot) -> bool {
        let claims = self.taken.get(&spot).map_or(&[][..], Vec::as_slice);
        if self.option(goal).wish.admin {
            return !claims.contains(&goal.claim);
        }
        let Some(device) = self.device(spot) else { return false };
        claims.is_empty() && !self.used(spot, device).is_some_and(DeviceUse::is_whole)
    }

    fn has_capacity(&self, goal: Goal, spot: Spot) -> Result<bool, String> {
        let Some(device) = self.device(spot) else { return Ok(false) };
        let (used, shares) = (self.used(spot, device), self.shares.get(&spot));
        let taken = |name: &Str| {
            let mut taken = used.map_or_else(Quantity::default, |used| used.consumed(name));
            taken += shares.and_then(|shares| shares.consumed.get(name)).copied().unwrap_or_default();
            taken
        };
        self.rounding.fits(device, &self.option(goal).wish.capacity, taken)
    }

    /// Gives a device to the goal, if nothing speaks against it.
    fn give(&mut self, goal: Goal, spot: Spot) -> Given {
        let Some(device) = self.device(spot) else { return Given::No };
        let wish = self.option(goal).wish;
        let counted = !device.consumes.is_empty() && !self.is_shared_already(spot, device);
        let is_given = !device.withheld && self.is_free(goal, spot);
        if !is_given || (counted && !self.count(spot, device)) {
            return Given::No;
        }
        let undo = |search: &mut Self| {
            if counted {
                search.uncount(spot, device);
            }
        };
        if hindering_taint(device, wish).is_some() {
            undo(self);
            return Given::No;
        }
        if !self.constrain(goal, spot, device) {
            undo(self);
            return Given::Constrained;
        }
        // What cannot be counted was found out before.
        if !self.has_capacity(goal, spot).unwrap_or(false) {
            self.release(goal, usize::MAX);
            undo(self);
            return Given::No;
        }
        let share = device.shared.then(|| self.rounding.consumed(device, &wish.capacity));
        match &share {
            None => self.taken.entry(spot).or_default().push(goal.claim),
            Some(consumed) => {
                let shares = self.shares.entry(spot).or_default();
                shares.count += 1;
                for (name, amount) in consumed {
                    *shares.consumed.entry(name.clone()).or_default() += *amount;
                }
            }
        }
        let chosen = Chosen { spot, request: goal.request, option: goal.option, share };
        self.found.devices[goal.claim].push(chosen);
        Given::Yes(Taken { counted })
    }

    fn take_back(&mut self, goal: Goal, spot: Spot, taken: Taken) {
        let Some(chosen) = self.found.devices[goal.claim].pop() else { return };
        match chosen.share {
            None => {
                if let Some(claims) = self.taken.get_mut(&spot) {
                    claims.pop();
                }
            }
            Some(consumed) => self.unshare(spot, &consumed),
        }
        self.release(goal, usize::MAX);
        if let (true, Some(device)) = (taken.counted, self.device(spot)) {
            self.uncount(spot, device);
        }
    }

    fn unshare(&mut self, spot: Spot, consumed: &[(Str, Quantity)]) {
        let Some(shares) = self.shares.get_mut(&spot) else { return };
        shares.count -= 1;
        for (name, amount) in consumed {
            if let Some(total) = shares.consumed.get_mut(name) {
                *total -= *amount;
            }
        }
        if shares.count == 0 {
            self.shares.remove(&spot);
        }
    }

    /// Whether the device's counters were charged before, for another share of it.
    fn is_shared_already(&self, spot: Spot, device: &Device) -> bool {
        let used = || self.used(spot, device).is_some_and(DeviceUse::is_measured);
        device.shared && (self.shares.contains_key(&spot) || used())
    }

    /// Charges the counters that the device consumes.
    fn count(&mut self, spot: Spot, device: &Device) -> bool {
        let (pools, in_use) = (self.plan.pools, self.of_pool(spot.pool));
        let Some(pool) = pools.get(spot.pool) else { return false };
        self.counters.entry(spot.pool).or_insert_with(|| Left::new(pool, in_use)).take(device)
    }

    fn uncount(&mut self, spot: Spot, device: &Device) {
        if let Some(left) = self.counters.get_mut(&spot.pool) {
            left.put_back(device);
        }
    }

    /// Adds the device to all constraints of the claim, or to none.
    fn constrain(&mut self, goal: Goal, spot: Spot, device: &Device) -> bool {
        let option = &self.plan.claims[goal.claim].1[goal.request].options[goal.option];
        let (request, alternative) = (option.request, option.alternative);
        let driver = &self.plan.pools[spot.pool].driver;
        let constraints = &mut self.constraints[goal.claim];
        let failed = constraints.iter_mut().position(|c| !c.add(request, alternative, driver, device));
        if let Some(failed) = failed {
            self.release(goal, failed);
        }
        failed.is_none()
    }

    /// Takes the device that was added last out of the first constraints of the claim.
    fn release(&mut self, goal: Goal, first: usize) {
        let option = &self.plan.claims[goal.claim].1[goal.request].options[goal.option];
        let (request, alternative) = (option.request, option.alternative);
        self.constraints[goal.claim].iter_mut().take(first).for_each(|c| c.remove(request, alternative));
    }

    /// That it cannot be counted what a device is asked for.
    fn uncounted(&self, goal: Goal, spot: Spot, why: &str) -> AllocationError {
        let (claim, _) = &self.plan.claims[goal.claim];
        let (option, pool) = (self.option(goal), &self.plan.pools[spot.pool]);
        let request = option.alternative.unwrap_or(option.request);
        let device = self.device(spot).map_or("", |device| &device.name);
        broken(format!(
            "claim {}/{}, request {request}: checking capacity for device {}/{}/{device}: {why}",
            claim.namespace, claim.name, pool.driver, pool.name
        ))
    }

    /// That all devices are wanted and one of them breaks a constraint.
    fn constrained(&self, goal: Goal, spot: Spot) -> AllocationError {
        let (claim, _) = &self.plan.claims[goal.claim];
        let option = self.option(goal);
        let request = option.alternative.unwrap_or(option.request);
        let pool = &self.plan.pools[spot.pool];
        let device = self.device(spot).map_or("", |device| &device.name);
        broken(format!(
            "claim {}/{}, request {request}: cannot add device {}/{}/{device} because a claim constraint would not be \
             satisfied",
            claim.namespace, claim.name, pool.driver, pool.name
        ))
    }
}

/// Whether a device was given.
enum Given {
    No,
    /// A constraint of the claim speaks against it.
    Constrained,
    Yes(Taken),
}

/// What there is to take back.
struct Taken {
    /// Counters were charged.
    counted: bool,
}

/// The first taint that keeps the device from being given.
pub(super) fn hindering_taint<'d>(device: &'d Device, wish: &DeviceWish) -> Option<&'d DeviceTaint> {
    let forbids = |effect| matches!(effect, DeviceTaintEffect::NoSchedule | DeviceTaintEffect::NoExecute);
    let tolerated = |taint| wish.tolerations.iter().any(|toleration| toleration.tolerates(taint));
    device.taints.iter().find(|taint| forbids(taint.effect) && !tolerated(taint))
}
