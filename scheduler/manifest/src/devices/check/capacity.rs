//! How much of a capacity may be asked for (`requestPolicy`).

use longshore_framework::quantity::Quantity;

use super::Result;
use crate::error::Within;
use crate::valid::{at_most, ensure};
use crate::wire::Exact;
use crate::wire::devices as written;

/// Amounts in a list of valid ones, at most.
const MOST_VALUES: usize = 10;

/// A capacity with a policy, if it has one.
pub(super) fn policy(capacity: &written::Capacity, shared: bool) -> Result<()> {
    let Some(policy) = &capacity.request_policy else { return Ok(()) };
    let message = "is only for devices with allowMultipleAllocations: true";
    ensure(shared, "requestPolicy", message)?;
    valid(capacity.value.0, policy).within("requestPolicy")
}

fn valid(whole: Quantity, policy: &written::RequestPolicy) -> Result<()> {
    let values = policy.valid_values.as_deref().unwrap_or_default();
    let both = !values.is_empty() && policy.valid_range.is_some();
    ensure(!both, "", "must not have both validValues and validRange")?;
    if values.is_empty() && policy.valid_range.is_none() {
        return Ok(());
    }
    let Some(Exact(default)) = policy.default else {
        return ensure(false, "default", "must be given where validValues or validRange is");
    };
    match &policy.valid_range {
        Some(range) => self::range(whole, default, range).within("validRange"),
        None => self::values(whole, default, values),
    }
}

fn values(whole: Quantity, default: Quantity, values: &[Exact]) -> Result<()> {
    at_most(values.len(), MOST_VALUES, "validValues")?;
    let ascending = values.windows(2).all(|pair| pair[0].0 < pair[1].0);
    ensure(ascending, "validValues", "must be in ascending order, each different")?;
    let within = values.iter().all(|value| value.0 <= whole);
    ensure(within, "validValues", "must not be more than the value of the capacity")?;
    let has = values.iter().any(|value| value.0 == default);
    ensure(has, "validValues", "must have the default among them")
}

fn range(whole: Quantity, default: Quantity, range: &written::ValidRange) -> Result<()> {
    let Some(Exact(min)) = range.min else {
        return ensure(false, "min", "must be given");
    };
    ensure(min <= whole, "min", "must not be more than the value of the capacity")?;
    ensure(default >= min, "min", "must not be more than the default")?;
    if let Some(Exact(max)) = range.max {
        ensure(min <= max, "max", "must not be less than min")?;
        ensure(max <= whole, "max", "must not be more than the value of the capacity")?;
        ensure(default <= max, "max", "must not be less than the default")?;
    }
    let Some(Exact(step)) = range.step else { return Ok(()) };
    ensure(step > Quantity::units(0), "step", "must be greater than zero")?;
    let mut first = min;
    first += step;
    ensure(first <= whole, "step", "must lead from min to no more than the value of the capacity")?;
    let (default, max) = (steps(min, default, step), range.max.is_none_or(|max| steps(min, max.0, step)));
    ensure(default, "step", "must lead from min to the default in whole steps")?;
    ensure(max, "step", "must lead from min to max in whole steps")
}

/// Whether whole steps lead from `min` to `amount`.
fn steps(min: Quantity, amount: Quantity, step: Quantity) -> bool {
    let whole = (min.whole(), amount.whole(), step.whole());
    let (min, amount, step) = match whole {
        (Some(min), Some(amount), Some(step)) => (min, amount, step),
        _ => (min.milli_value(), amount.milli_value(), step.milli_value()),
    };
    (i128::from(amount) - i128::from(min)) % i128::from(step.max(1)) == 0
}
