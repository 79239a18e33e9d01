//! What the devices of a claim must have in common, checked device by device.

use longshore_framework::Str;
use longshore_framework::device::{Attribute, Device};
use longshore_framework::resource_claim::{ConstraintRule, DeviceConstraint};

/// A constraint with the devices that were chosen under it so far.
pub(super) struct Constraint<'a> {
    requests: &'a [Str],
    attribute: &'a Str,
    distinct: bool,
    /// The values of the devices that were added, in order.
    values: Vec<Attribute>,
}

impl<'a> Constraint<'a> {
    /// Without a device so far. `None` if it is of a kind that is not known here.
    pub(super) fn new(constraint: &'a DeviceConstraint) -> Option<Self> {
        let (attribute, distinct) = match &constraint.rule {
            ConstraintRule::Match(attribute) => (attribute, false),
            ConstraintRule::Distinct(attribute) => (attribute, true),
            ConstraintRule::Unknown => return None,
        };
        Some(Self { requests: &constraint.requests, attribute, distinct, values: Vec::new() })
    }

    /// Whether it is meant for the devices of a request.
    fn concerns(&self, request: &Str, alternative: Option<&Str>) -> bool {
        let is = |name: &Str| match name.split_once('/') {
            None => name == request,
            Some((main, sub)) => {
                *main == **request && alternative.is_some_and(|alternative| **alternative == *sub)
            }
        };
        self.requests.is_empty() || self.requests.iter().any(is)
    }

    /// The value that devices of a request have to have, if there is only one.
    pub(super) fn bound(&self, request: &Str, alternative: Option<&Str>) -> Option<(&Str, &Attribute)> {
        if self.distinct || !self.concerns(request, alternative) {
            return None;
        }
        let first = self.values.first().filter(|value| **value != Attribute::Unsupported)?;
        Some((self.attribute, first))
    }

    /// Adds a device, if it goes with the others.
    pub(super) fn add(
        &mut self,
        request: &Str,
        alternative: Option<&Str>,
        driver: &Str,
        device: &Device,
    ) -> bool {
        if !self.concerns(request, alternative) {
            return true;
        }
        let Some(value) = attribute(device, driver, self.attribute) else { return false };
        let goes = match (self.distinct, self.values.first()) {
            (_, None) => true,
            (false, Some(first)) => *value != Attribute::Unsupported && first == value,
            (true, Some(_)) => *value != Attribute::Unsupported && !self.values.contains(value),
        };
        if goes {
            self.values.push(value.clone());
        }
        goes
    }

    /// Takes back the device that was added last.
    pub(super) fn remove(&mut self, request: &Str, alternative: Option<&Str>) {
        if self.concerns(request, alternative) {
            self.values.pop();
        }
    }
}

/// The attribute by its full name, or without its domain if that is the driver's.
pub(super) fn attribute<'a>(device: &'a Device, driver: &Str, name: &Str) -> Option<&'a Attribute> {
    let find =
        |name: &str| device.attributes.iter().find(|(have, _)| **have == *name).map(|(_, value)| value);
    find(name).or_else(|| {
        let (domain, id) = name.split_once('/')?;
        (*domain == **driver).then(|| find(id))?
    })
}
