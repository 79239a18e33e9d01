//! Tolerations that admission adds, and those that it refuses.

use longshore_framework::Str;
use longshore_framework::features::{Features, Gate};
use longshore_framework::taint::is_canonical;

use super::refused::Refused;
use crate::wire::affinity::Toleration;

/// Taints that each pod tolerates for a while.
const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
/// For how long.
const SECONDS: i64 = 300;
const NO_EXECUTE: &str = "NoExecute";

/// Tolerations of nodes that are not ready or not reachable, where the pod says nothing of them.
pub(super) fn add_defaults(tolerations: &mut Vec<Toleration>) {
    for taint in TAINTS {
        let speaks_of_it = |t: &Toleration| {
            (&*t.key == taint || t.key.is_empty()) && (&*t.effect == NO_EXECUTE || t.effect.is_empty())
        };
        if !tolerations.iter().any(speaks_of_it) {
            tolerations.push(Toleration {
                key: taint.into(),
                operator: "Exists".into(),
                value: Str::default(),
                effect: NO_EXECUTE.into(),
                toleration_seconds: Some(SECONDS),
            });
        }
    }
}

/// Whether tolerations that compare numbers may be there, and have numbers.
pub(super) fn check(tolerations: &[Toleration], features: Features) -> Result<(), Refused> {
    let compares = features.enabled(Gate::TaintTolerationComparisonOperators);
    let mut faults = Vec::new();
    for (at, toleration) in tolerations.iter().enumerate() {
        let operator = &toleration.operator;
        if !matches!(&**operator, "Lt" | "Gt") {
            continue;
        }
        let field = format!("spec.tolerations[{at}]");
        if !compares {
            faults.push(format!(
                "{field}.operator: Unsupported value: {operator:?}: supported values: \"Equal\", \"Exists\", \"Lt\", \"Gt\""
            ));
            continue;
        }
        let invalid = |why: &str| format!("{field}.value: Invalid value: {:?}: {why}", toleration.value);
        faults.extend(not_a_number(&toleration.value).iter().map(|why| invalid(why)));
    }
    match faults.as_slice() {
        [] => Ok(()),
        [one] => Err(Refused(one.clone())),
        many => Err(Refused(format!("[{}]", many.join(", ")))),
    }
}

/// What is wrong with an integer of 64 bits, in Go's words.
fn not_a_number(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.is_empty() {
        faults.push("must be non-empty".to_string());
    } else if !is_canonical(text) {
        faults.push("must be a valid decimal integer in canonical form".to_string());
    }
    if text.parse::<i64>().is_err() {
        let why = if is_canonical(text) { "value out of range" } else { "invalid syntax" };
        faults.push(format!("strconv.ParseInt: parsing {text:?}: {why}"));
    }
    faults
}

/// Both lists, without those that another one makes superfluous.
pub(super) fn merged(first: &[Toleration], second: &[Toleration]) -> Vec<Toleration> {
    let all: Vec<&Toleration> = first.iter().chain(second).collect();
    let mut merged: Vec<Toleration> = Vec::new();
    for (at, toleration) in all.iter().enumerate() {
        let later =
            || all[at + 1..].iter().any(|other| !same(other, toleration) && covers(other, toleration));
        if !merged.iter().any(|kept| covers(kept, toleration)) && !later() {
            merged.push((*toleration).clone());
        }
    }
    merged
}

fn same(a: &Toleration, b: &Toleration) -> bool {
    let fields = |t: &Toleration| {
        (t.key.clone(), t.operator.clone(), t.value.clone(), t.effect.clone(), t.toleration_seconds)
    };
    fields(a) == fields(b)
}

/// Whether `wide` tolerates all that `narrow` does.
fn covers(wide: &Toleration, narrow: &Toleration) -> bool {
    let any_key = wide.key.is_empty() && &*wide.operator == "Exists";
    let outlives = || match (wide.toleration_seconds, narrow.toleration_seconds) {
        (Some(wide), Some(narrow)) => narrow <= wide,
        (Some(_), None) => false,
        (None, _) => true,
    };
    if same(wide, narrow) {
        return true;
    }
    if (wide.key != narrow.key && !any_key) || (wide.effect != narrow.effect && !wide.effect.is_empty()) {
        return false;
    }
    if &*wide.effect == NO_EXECUTE && !outlives() {
        return false;
    }
    match &*wide.operator {
        "Exists" => true,
        _ => &*narrow.operator != "Exists" && narrow.value == wide.value,
    }
}
