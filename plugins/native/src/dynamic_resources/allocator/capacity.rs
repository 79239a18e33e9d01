//! How much of a device a request takes.

use longshore_framework::Str;
use longshore_framework::device::{Capacity, Device, ValidAmounts};
use longshore_framework::quantity::Quantity;

/// Whether a device has what is asked for, when so much of it is taken already.
pub(super) fn fits(device: &Device, wanted: &[(Str, Quantity)], taken: impl Fn(&Str) -> Quantity) -> bool {
    let known = |name: &Str| device.capacity.iter().any(|(have, _)| have == name);
    wanted.iter().all(|(name, _)| known(name))
        && device.capacity.iter().all(|(name, capacity)| {
            let amount = amount(asked(wanted, name), capacity);
            let mut total = taken(name);
            total += amount;
            is_valid(amount, capacity) && total <= capacity.value
        })
}

/// How much of everything a request takes.
pub(super) fn consumed(device: &Device, wanted: &[(Str, Quantity)]) -> Vec<(Str, Quantity)> {
    let each = device.capacity.iter();
    each.map(|(name, capacity)| (name.clone(), amount(asked(wanted, name), capacity))).collect()
}

fn asked(wanted: &[(Str, Quantity)], name: &Str) -> Option<Quantity> {
    wanted.iter().find(|(have, _)| have == name).map(|(_, amount)| *amount)
}

/// What is taken for what is asked: the default or all where nothing is, else the next valid amount.
fn amount(asked: Option<Quantity>, capacity: &Capacity) -> Quantity {
    let policy = capacity.policy.as_deref();
    let Some(asked) = asked else { return policy.and_then(|p| p.default).unwrap_or(capacity.value) };
    match policy.and_then(|p| p.valid.as_ref()) {
        None | Some(ValidAmounts::Range { min: None, .. }) => asked,
        Some(ValidAmounts::Values(values)) => {
            values.iter().copied().find(|valid| asked <= *valid).unwrap_or(asked)
        }
        Some(ValidAmounts::Range { min: Some(min), .. }) if asked < *min => *min,
        Some(ValidAmounts::Range { min: Some(min), step, .. }) => match step.map(Quantity::value) {
            None | Some(0) => asked,
            Some(step) => {
                let (asked, min) = (i128::from(asked.value()), i128::from(min.value()));
                let steps = (asked - min + i128::from(step) - 1).div_euclid(i128::from(step));
                let rounded = min + i128::from(step) * steps;
                Quantity::units(i64::try_from(rounded).unwrap_or(i64::MAX))
            }
        },
    }
}

/// Whether the amount is one that can be taken. The default always is.
fn is_valid(amount: Quantity, capacity: &Capacity) -> bool {
    let Some(policy) = capacity.policy.as_deref() else { return true };
    if policy.default == Some(amount) {
        return true;
    }
    match &policy.valid {
        None => true,
        Some(ValidAmounts::Values(values)) => values.is_empty() || values.contains(&amount),
        Some(ValidAmounts::Range { min, max, step }) => {
            let from = i128::from(min.unwrap_or_default().value());
            let whole = |step: i64| step == 0 || (i128::from(amount.value()) - from) % i128::from(step) == 0;
            max.is_none_or(|max| amount <= max) && step.is_none_or(|step| whole(step.value()))
        }
    }
}
