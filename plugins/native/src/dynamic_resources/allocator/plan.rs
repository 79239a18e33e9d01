//! What is to be looked for: every request with its class, its selectors and how many devices it needs.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;

use longshore_framework::Str;
use longshore_framework::device::{DeviceClass, SliceNodes};
use longshore_framework::node::Node;
use longshore_framework::resource_claim::{DeviceCount, DeviceRequest, DeviceWish, Wanted};
use rustc_hash::FxHashMap;

use super::capacity::Rounding;
use super::openings::{Key, Openings};
use super::pool::{self, Place, Pool, State};
use super::pools::Pools;
use super::selectors::Compiled;
use super::{AllocationError, Claim, Known, MOST_DEVICES};

/// A device by the number of its pool and its number in the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    pub(super) pool: usize,
    pub(super) device: usize,
}

/// What is to be looked for.
pub(super) struct Plan<'a> {
    pub(super) node: &'a Node,
    pub(super) pools: &'a Pools,
    /// By claim, then by request.
    pub(super) claims: Vec<(Claim<'a>, Vec<Request<'a>>)>,
}

/// A request.
pub(super) struct Request<'a> {
    /// One, or the alternatives in order.
    pub(super) options: Vec<Choice<'a>>,
    pub(super) has_alternatives: bool,
}

/// One way to satisfy a request.
pub(super) struct Choice<'a> {
    pub(super) request: &'a Str,
    pub(super) alternative: Option<&'a Str>,
    pub(super) wish: &'a DeviceWish,
    pub(super) class: Arc<DeviceClass>,
    pub(super) count: usize,
    /// The devices, where all that match are wanted.
    pub(super) all: Option<Vec<Spot>>,
    /// In which pools there may be something, where there are many.
    pub(super) openings: Option<Opening>,
    filters: Vec<Filter>,
    /// What is kept of each filter's answers, by slice.
    answers: FxHashMap<(usize, usize), Vec<Arc<[AtomicU8]>>>,
}

/// In which pools there may be something for a choice.
pub(super) struct Opening {
    pub(super) key: Key,
    /// As it was known before the search.
    pub(super) known: Arc<Openings>,
    /// What the search finds out.
    pub(super) learnt: Openings,
}

/// A selector.
struct Filter {
    selector: Arc<Compiled>,
    /// For messages.
    place: String,
}

impl Choice<'_> {
    /// `request` or `request/alternative`.
    pub(super) fn full_name(&self) -> Str {
        match self.alternative {
            None => self.request.clone(),
            Some(alternative) => format!("{}/{alternative}", self.request).into(),
        }
    }

    /// The name of the alternative, or of the request.
    fn own_name(&self) -> &Str {
        self.alternative.unwrap_or(self.request)
    }

    /// Whether a device matches the class and the request, and can be used from the node.
    pub(super) fn selects(
        &mut self,
        pools: &[Arc<Pool>],
        spot: Spot,
        node: &Node,
    ) -> Result<bool, AllocationError> {
        let Some(place) = pools.get(spot.pool).and_then(|pool| pool.place(spot.device)) else {
            return Ok(false);
        };
        let start = spot.device - place.at;
        let filters = &self.filters;
        let answers = self
            .answers
            .entry((spot.pool, start))
            .or_insert_with(|| filters.iter().map(|filter| place.slice.answers(&filter.selector)).collect());
        for (filter, answers) in filters.iter().zip(answers) {
            if let Some(problem) = filter.selector.problem() {
                return Err(broken(format!("{}: CEL compile error: {problem}", filter.place)));
            }
            let matches = place.slice.matches(place.at, &filter.selector, answers);
            match matches {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => return Err(broken(format!("{}: CEL runtime error: {error}", filter.place))),
            }
        }
        Ok(match place.slice.published.nodes {
            SliceNodes::PerDevice => pool::allows(place.device.nodes.as_ref(), node),
            _ => true,
        })
    }
}

pub(super) fn broken(text: String) -> AllocationError {
    AllocationError::Broken(text)
}

impl<'a> Plan<'a> {
    /// Prepares the search.
    pub(super) fn new(
        node: &'a Node,
        pools: &'a Pools,
        claims: &[Claim<'a>],
        known: Known<'a>,
    ) -> Result<Self, AllocationError> {
        let mut plan = Self { node, pools, claims: Vec::with_capacity(claims.len()) };
        for claim in claims {
            let mut requests = Vec::with_capacity(claim.spec.requests.len());
            for request in &claim.spec.requests {
                requests.push(plan.request(*claim, request, known)?);
            }
            let fewest = |request: &Request<'_>| request.options.iter().map(|o| o.count).min().unwrap_or(0);
            let least = requests.iter().map(fewest).fold(0usize, usize::saturating_add);
            if least > MOST_DEVICES {
                return Err(broken(format!(
                    "claim {}/{}: number of requested devices {least} exceeds the claim limit of {MOST_DEVICES}",
                    claim.namespace, claim.name
                )));
            }
            plan.claims.push((*claim, requests));
        }
        Ok(plan)
    }

    fn request(
        &self,
        claim: Claim<'a>,
        request: &'a DeviceRequest,
        known: Known<'a>,
    ) -> Result<Request<'a>, AllocationError> {
        let options = match &request.wanted {
            Wanted::Exactly(wish) => vec![self.choice(claim, &request.name, None, wish, known)?],
            Wanted::FirstAvailable(wishes) => {
                let all = wishes.iter();
                all.map(|(name, wish)| self.choice(claim, &request.name, Some(name), wish, known))
                    .collect::<Result<_, _>>()?
            }
            Wanted::Unknown => {
                let (namespace, name, request) = (claim.namespace, claim.name, &request.name);
                return Err(broken(format!(
                    "claim {namespace}/{name}, request {request}: unsupported request type"
                )));
            }
        };
        Ok(Request { options, has_alternatives: matches!(request.wanted, Wanted::FirstAvailable(_)) })
    }

    fn choice(
        &self,
        claim: Claim<'a>,
        request: &'a Str,
        alternative: Option<&'a Str>,
        wish: &'a DeviceWish,
        known: Known<'a>,
    ) -> Result<Choice<'a>, AllocationError> {
        let of_claim = format!("claim {}/{}", claim.namespace, claim.name);
        if !known.shares && !wish.capacity.is_empty() {
            let what = if alternative.is_some() { "subrequest" } else { "request" };
            return Err(broken(format!(
                "{of_claim}, {what} {}: has capacity requests, but the DRAConsumableCapacity feature is disabled",
                alternative.unwrap_or(request)
            )));
        }
        let Some(class) = (known.class)(&wish.class) else {
            let (request, class) = (alternative.unwrap_or(request), &wish.class);
            return Err(broken(format!(
                "{of_claim}, request {request}: could not retrieve device class {class}: not found"
            )));
        };
        let of_class = format!("class {}", class.name);
        let filters = |texts: &[Str], place: &str| -> Vec<Filter> {
            let numbered = texts.iter().enumerate();
            numbered
                .map(|(at, text)| Filter {
                    selector: known.selectors.get(text),
                    place: format!("{place}: selector #{at}"),
                })
                .collect()
        };
        let mut all_filters = filters(&class.selectors, &of_class);
        all_filters.extend(filters(&wish.selectors, &of_claim));
        let mut choice = Choice {
            request,
            alternative,
            wish,
            class,
            count: 0,
            all: None,
            openings: None,
            filters: all_filters,
            answers: FxHashMap::default(),
        };
        match wish.count {
            DeviceCount::Exactly(count) => {
                choice.count = usize::try_from(count).unwrap_or(usize::MAX);
                choice.openings = self.openings(&choice, known);
            }
            DeviceCount::All => {
                let all = self.all_of(&mut choice, &of_claim, known)?;
                choice.count = all.len();
                choice.all = Some(all);
            }
        }
        Ok(choice)
    }

    fn openings(&self, choice: &Choice<'_>, known: Known<'_>) -> Option<Opening> {
        if !self.pools.are_many() {
            return None;
        }
        let selectors = choice.filters.iter().map(|filter| filter.selector.id()).collect();
        let key = Key::new(selectors, choice.wish, known.fractional);
        let known = self.pools.openings(&key, known.in_use);
        let learnt = known.blank();
        Some(Opening { key, known, learnt })
    }

    /// Every device that matches and has enough of what is asked for.
    fn all_of(
        &self,
        choice: &mut Choice<'_>,
        claim: &str,
        known: Known<'_>,
    ) -> Result<Vec<Spot>, AllocationError> {
        let mut all = Vec::new();
        for (at, pool) in self.pools.iter().enumerate().filter(|(_, pool)| pool.own) {
            let why = match pool.state {
                State::Usable => None,
                State::Incomplete => Some("being updated"),
                State::Invalid => Some("invalid"),
            };
            if let Some(why) = why {
                let (request, driver, pool) = (choice.own_name(), &pool.driver, &pool.name);
                return Err(broken(format!(
                    "{claim}, request {request}: asks for all devices, but resource pool {driver}/{pool} is currently {why}"
                )));
            }
            let in_use = known.in_use.pool(&pool.driver, &pool.name);
            for device in 0..pool.len() {
                let spot = Spot { pool: at, device };
                if !choice.selects(self.pools, spot, self.node)? {
                    continue;
                }
                let Some(Place { device, .. }) = pool.place(device) else { continue };
                let used = in_use.and_then(|in_use| in_use.device(&device.name));
                let taken = |name: &Str| used.map_or_else(Default::default, |used| used.consumed(name));
                let rounding = Rounding { fractional: known.fractional };
                let fits = rounding.fits(device, &choice.wish.capacity, taken).map_err(|why| {
                    let (request, device) = (choice.own_name(), &device.name);
                    broken(format!(
                        "{claim}, request {request}: checking capacity for device {device}: {why}"
                    ))
                })?;
                if fits {
                    all.push(spot);
                }
            }
        }
        Ok(all)
    }
}
