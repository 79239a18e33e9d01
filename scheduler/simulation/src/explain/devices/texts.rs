//! What a request finds, in a sentence.

use crate::report::{DeviceHolder, DeviceSearch};

/// Claims and selectors that are named, at the most.
const NAMED: usize = 3;

/// `2 of 8 devices match, both taken by default/train-0`.
pub(super) fn text(search: &DeviceSearch) -> String {
    if search.devices == 0 {
        return "there are no devices".to_string();
    }
    if search.matching == 0 {
        return format!("none of {} matches: {}", count(search.devices), rejected(search));
    }
    let verb = if search.matching == 1 { "matches" } else { "match" };
    let mut parts = vec![format!("{} of {} {verb}", search.matching, count(search.devices))];
    parts.extend(taken(search));
    for tainted in &search.tainted {
        parts.push(format!("{} with the taint {}", part(search, tainted.devices), tainted.taint));
    }
    for (devices, what) in [
        (search.too_small, "too small"),
        (search.without_counters, "without counters that are left"),
        (search.in_unusable_pools, "in a pool that is being updated or is invalid"),
    ] {
        if devices > 0 {
            parts.push(format!("{} {what}", part(search, devices)));
        }
    }
    match search.wanted {
        Some(wanted) if search.free > 0 => parts.push(format!("{} free of {wanted} wanted", search.free)),
        None if search.free > 0 => parts.push(format!("{} free, all wanted", search.free)),
        _ => {}
    }
    parts.join(", ")
}

fn count(devices: usize) -> String {
    if devices == 1 { "1 device".to_string() } else { format!("{devices} devices") }
}

/// `both`, `all`, or how many of those that match.
fn part(search: &DeviceSearch, devices: usize) -> String {
    match (search.matching, devices) {
        (1, 1) => "it is".to_string(),
        (2, 2) => "both".to_string(),
        (matching, devices) if matching == devices => "all".to_string(),
        _ => devices.to_string(),
    }
}

fn taken(search: &DeviceSearch) -> Option<String> {
    let amount = (search.taken > 0).then(|| part(search, search.taken))?;
    let named = |holder: &DeviceHolder| match holder.pods.as_slice() {
        [] => format!("claim {}, which no pod uses", holder.claim),
        [pod] => pod.clone(),
        [pod, others @ ..] => format!("{pod} and {} more", others.len()),
    };
    let (first, rest) = search.taken_by.split_at(NAMED.min(search.taken_by.len()));
    let who: Vec<String> = match first {
        [only] => vec![named(only)],
        several => several.iter().map(|holder| format!("{} ({})", named(holder), holder.devices)).collect(),
    };
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more claims", rest.len()) };
    let by = if who.is_empty() { String::new() } else { format!(" by {}{more}", who.join(", ")) };
    Some(format!("{amount} taken{by}"))
}

/// Which selectors reject how many.
fn rejected(search: &DeviceSearch) -> String {
    let mut by: Vec<_> = search.rejected_by.iter().collect();
    by.sort_by_key(|selector| std::cmp::Reverse(selector.devices));
    let (first, rest) = by.split_at(NAMED.min(by.len()));
    let named = first.iter().map(|selector| format!("{} fail {}", selector.devices, selector.selector));
    let more = (!rest.is_empty()).then(|| format!("{} other selectors reject the rest", rest.len()));
    named.chain(more).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{DeviceTaintCount, SelectorCount};

    fn holder(claim: &str, pods: &[&str], devices: usize) -> DeviceHolder {
        let pods = pods.iter().map(ToString::to_string).collect();
        DeviceHolder { claim: claim.to_string(), pods, devices }
    }

    #[track_caller]
    fn check(search: DeviceSearch, want: &str) {
        assert_eq!(text(&search), want);
    }

    #[test]
    fn what_matches_and_who_has_it() {
        let some = || DeviceSearch { devices: 8, matching: 2, wanted: Some(1), ..DeviceSearch::default() };
        let taken_by = vec![holder("default/c", &["default/train-0"], 2)];
        check(
            DeviceSearch { taken: 2, taken_by, ..some() },
            "2 of 8 devices match, both taken by default/train-0",
        );
        let taken_by = vec![holder("a/b", &[], 2), holder("a/c", &["a/p", "a/q", "a/r"], 1)];
        let tainted = vec![DeviceTaintCount { taint: "hot=yes:NoSchedule".to_string(), devices: 1 }];
        let many = DeviceSearch { matching: 6, taken: 3, taken_by, tainted, free: 1, too_small: 1, ..some() };
        check(
            DeviceSearch { wanted: Some(2), ..many },
            "6 of 8 devices match, 3 taken by claim a/b, which no pod uses (2), a/p and 2 more (1), 1 with the taint \
             hot=yes:NoSchedule, 1 too small, 1 free of 2 wanted",
        );
    }

    #[test]
    fn which_selectors_reject_how_many() {
        check(DeviceSearch::default(), "there are no devices");
        let by = |selector: &str, devices| SelectorCount { selector: selector.to_string(), devices };
        let rejected_by = vec![by("a", 1), by("b", 3)];
        check(
            DeviceSearch { devices: 4, rejected_by, ..DeviceSearch::default() },
            "none of 4 devices matches: 3 fail b, 1 fail a",
        );
        let free = DeviceSearch { devices: 1, matching: 1, free: 1, ..DeviceSearch::default() };
        check(free, "1 of 1 device matches, 1 free, all wanted");
    }
}
