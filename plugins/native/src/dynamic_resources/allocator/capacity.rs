//! How much of a device a request takes.

use longshore_framework::Str;
use longshore_framework::device::{Capacity, Device, ValidAmounts};
use longshore_framework::quantity::Quantity;

/// How amounts are rounded to the steps of a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounding {
    /// Ranges may be in thousandths (DRAFractionalCapacityRange).
    pub(super) fractional: bool,
}

impl Rounding {
    /// Whether a device has what is asked for, when so much of it is taken already.
    ///
    /// # Errors
    /// What is asked for cannot be counted: that ends the attempt.
    pub(super) fn fits(
        self,
        device: &Device,
        wanted: &[(Str, Quantity)],
        taken: impl Fn(&Str) -> Quantity,
    ) -> Result<bool, String> {
        let known = |name: &Str| device.capacity.iter().any(|(have, _)| have == name);
        if !wanted.iter().all(|(name, _)| known(name)) {
            return Ok(false);
        }
        for (name, capacity) in device.capacity.iter().filter(|_| self.fractional) {
            if let Some(asked) = asked(wanted, name).filter(|asked| !self.counts(*asked, capacity)) {
                return Err(format!(
                    "capacity {name:?}: capacity request cannot be represented in the device's range arithmetic: request \
                     {asked} is not a representable milli value"
                ));
            }
        }
        Ok(self.has(device, wanted, taken))
    }

    /// Whether an amount can be rounded to the steps of a range, if it has to be.
    fn counts(self, asked: Quantity, capacity: &Capacity) -> bool {
        let policy = capacity.policy.as_deref();
        let Some(valid @ ValidAmounts::Range { min: Some(min), step: Some(_), .. }) =
            policy.and_then(|policy| policy.valid.as_ref())
        else {
            return true;
        };
        asked < *min || self.unit(valid).counts(asked)
    }

    fn has(self, device: &Device, wanted: &[(Str, Quantity)], taken: impl Fn(&Str) -> Quantity) -> bool {
        device.capacity.iter().all(|(name, capacity)| {
            let amount = self.amount(asked(wanted, name), capacity);
            let mut total = taken(name);
            total += amount;
            self.is_valid(amount, capacity) && total <= capacity.value
        })
    }

    /// How much of everything a request takes.
    pub(super) fn consumed(self, device: &Device, wanted: &[(Str, Quantity)]) -> Vec<(Str, Quantity)> {
        let each = device.capacity.iter();
        each.map(|(name, capacity)| (name.clone(), self.amount(asked(wanted, name), capacity))).collect()
    }

    /// What is taken for what is asked: the default or all where nothing is, else the next valid amount.
    fn amount(self, asked: Option<Quantity>, capacity: &Capacity) -> Quantity {
        let policy = capacity.policy.as_deref();
        let Some(asked) = asked else { return policy.and_then(|p| p.default).unwrap_or(capacity.value) };
        let Some(valid) = policy.and_then(|p| p.valid.as_ref()) else { return asked };
        match valid {
            ValidAmounts::Values(values) => {
                values.iter().copied().find(|valid| asked <= *valid).unwrap_or(asked)
            }
            ValidAmounts::Range { min: Some(min), .. } if asked < *min => *min,
            ValidAmounts::Range { min: Some(min), step: Some(step), .. } => {
                let unit = self.unit(valid);
                match unit.count(*step) {
                    0 => asked,
                    // What cannot be counted is not rounded, and then not valid.
                    _ if !unit.counts(asked) => asked,
                    step => {
                        let (asked, min) = (unit.count(asked), unit.count(*min));
                        let steps = (asked - min + step - 1).div_euclid(step);
                        unit.amount(min + step * steps)
                    }
                }
            }
            ValidAmounts::Range { .. } => asked,
        }
    }

    /// Whether the amount is one that can be taken. The default always is.
    fn is_valid(self, amount: Quantity, capacity: &Capacity) -> bool {
        let Some(policy) = capacity.policy.as_deref() else { return true };
        if policy.default == Some(amount) {
            return true;
        }
        match &policy.valid {
            None => true,
            Some(ValidAmounts::Values(values)) => values.is_empty() || values.contains(&amount),
            Some(valid @ ValidAmounts::Range { min, max, step }) => {
                let unit = self.unit(valid);
                let beyond = unit.count(amount) - unit.count(min.unwrap_or_default());
                let whole = |step: i128| step == 0 || (unit.counts(amount) && beyond % step == 0);
                max.is_none_or(|max| amount <= max) && step.is_none_or(|step| whole(unit.count(step)))
            }
        }
    }

    /// What the steps of a range are counted in.
    fn unit(self, valid: &ValidAmounts) -> Unit {
        let ValidAmounts::Range { min, max, step } = valid else { return Unit::Whole };
        let all = [min, max, step].into_iter().flatten().all(|amount| Unit::Milli.counts(*amount));
        let has_step = step.is_none_or(|step| step.milli_value() >= 1);
        if self.fractional && all && has_step { Unit::Milli } else { Unit::Whole }
    }
}

/// What amounts are counted in.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// Whole numbers, rounded up.
    Whole,
    /// Thousandths.
    Milli,
}

impl Unit {
    fn count(self, amount: Quantity) -> i128 {
        i128::from(match self {
            Self::Whole => amount.value(),
            Self::Milli => amount.milli_value(),
        })
    }

    /// Whether the amount can be counted.
    fn counts(self, amount: Quantity) -> bool {
        match self {
            Self::Whole => true,
            Self::Milli => Quantity::milli(amount.milli_value()) == amount,
        }
    }

    fn amount(self, count: i128) -> Quantity {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        match self {
            Self::Whole => Quantity::units(count),
            Self::Milli => Quantity::milli(count),
        }
    }
}

fn asked(wanted: &[(Str, Quantity)], name: &Str) -> Option<Quantity> {
    wanted.iter().find(|(have, _)| have == name).map(|(_, amount)| *amount)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use longshore_framework::device::RequestPolicy;

    use super::*;

    /// What is taken for `asked` of a range with these bounds; `None` when the device does not fit.
    #[track_caller]
    fn check(fractional: bool, (min, max, step): (&str, &str, &str), asked: &str, want: Option<&str>) {
        let amount = |text: &str| (!text.is_empty()).then(|| text.parse::<Quantity>().unwrap());
        let valid = ValidAmounts::Range { min: amount(min), max: amount(max), step: amount(step) };
        let policy = RequestPolicy { default: None, valid: Some(valid) };
        let capacity = Capacity { value: "10".parse().unwrap(), policy: Some(Arc::new(policy)) };
        let device = Device { capacity: vec![("share".into(), capacity)], ..Device::default() };
        let wanted = [("share".into(), asked.parse().unwrap())];
        let rounding = Rounding { fractional };
        let fits = rounding.fits(&device, &wanted, |_| Quantity::ZERO);
        let taken = fits.unwrap_or(false).then(|| rounding.consumed(&device, &wanted)[0].1);
        assert_eq!(taken, want.map(|want| want.parse().unwrap()));
    }

    #[test]
    fn amounts_are_rounded_up_to_the_next_step() {
        check(false, ("1", "8", "2"), "2", Some("3"));
        check(false, ("1", "8", "2"), "500m", Some("1"));
        check(false, ("1", "8", "2"), "8", None);
        check(false, ("1", "", ""), "2500m", Some("2500m"));
    }

    #[test]
    fn what_cannot_be_counted_in_thousandths_ends_the_attempt() {
        let amount = |text: &str| text.parse::<Quantity>().unwrap();
        let valid = ValidAmounts::Range { min: Some(amount("500m")), max: None, step: Some(amount("250m")) };
        let policy = RequestPolicy { default: None, valid: Some(valid) };
        let capacity = Capacity { value: amount("10"), policy: Some(Arc::new(policy)) };
        let device = Device { capacity: vec![("share".into(), capacity)], ..Device::default() };
        let fits = |fractional: bool, asked: &str| {
            let wanted = [("share".into(), amount(asked))];
            Rounding { fractional }.fits(&device, &wanted, |_| Quantity::ZERO)
        };
        let error = fits(true, "700100u").unwrap_err();
        assert!(error.starts_with("capacity \"share\": capacity request cannot be represented"), "{error}");
        assert!(error.ends_with(" is not a representable milli value"), "{error}");
        assert_eq!(fits(true, "400100u"), Ok(true), "the least is taken in its place");
        assert_eq!(fits(true, "750m"), Ok(true));
        assert!(fits(false, "700100u").is_ok());
    }

    #[test]
    fn ranges_in_thousandths_need_the_gate() {
        let range = ("500m", "4", "250m");
        check(true, range, "600m", Some("750m"));
        check(true, range, "2", Some("2"));
        check(true, range, "100m", Some("500m"));
        check(true, range, "3900m", Some("4"));
        check(true, range, "4100m", None);
        check(true, range, "700100u", None);
        check(false, range, "600m", Some("1"));
        check(true, ("500u", "4", "250u"), "600m", Some("1"));
    }
}
