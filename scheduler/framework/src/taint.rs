//! Taints and tolerations.

use crate::Str;
use serde::{Deserialize, Serialize};

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TaintEffect {
    /// New pods stay away.
    NoSchedule,
    /// New pods stay away when they can.
    PreferNoSchedule,
    /// New pods stay away and running ones leave.
    NoExecute,
}

impl TaintEffect {
    /// Whether the effect keeps pods from being scheduled.
    pub fn forbids(self) -> bool {
        matches!(self, Self::NoSchedule | Self::NoExecute)
    }

    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

/// A taint of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Taint {
    /// Key.
    pub key: Str,
    /// Value, possibly empty.
    pub value: Str,
    /// Effect.
    pub effect: TaintEffect,
}

impl Taint {
    /// The taint that an unschedulable node is treated as having.
    pub fn unschedulable() -> Self {
        Self {
            key: "node.kubernetes.io/unschedulable".into(),
            value: "".into(),
            effect: TaintEffect::NoSchedule,
        }
    }
}

/// How a toleration compares values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TolerationOperator {
    /// Values are equal (also when the operator is left out).
    #[default]
    Equal,
    /// Any value.
    Exists,
    /// The value of the taint is a smaller number.
    Lt,
    /// The value of the taint is a greater number.
    Gt,
}

/// A toleration of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Toleration {
    /// Key; empty with `Exists` matches every key.
    pub key: Str,
    /// How values are compared.
    pub operator: TolerationOperator,
    /// Value.
    pub value: Str,
    /// Effect; `None` matches every effect.
    pub effect: Option<TaintEffect>,
    /// Whether numbers are compared. Without the gate TaintTolerationComparisonOperators `Lt` and `Gt` tolerate nothing.
    pub compares: bool,
}

impl Toleration {
    /// Whether this toleration tolerates `taint`.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        if self.effect.is_some_and(|e| e != taint.effect) || (!self.key.is_empty() && self.key != taint.key) {
            return false;
        }
        match self.operator {
            TolerationOperator::Equal => self.value == taint.value,
            TolerationOperator::Exists => true,
            TolerationOperator::Lt => self.compared(taint).is_some_and(|(taint, bound)| taint < bound),
            TolerationOperator::Gt => self.compared(taint).is_some_and(|(taint, bound)| taint > bound),
        }
    }

    /// The numbers to compare: the taint's and the toleration's.
    fn compared(&self, taint: &Taint) -> Option<(i64, i64)> {
        if !self.compares {
            return None;
        }
        Some((number(&taint.value)?, number(&self.value)?))
    }
}

/// An integer as people write it, without a plus sign or leading zeros.
fn number(text: &str) -> Option<i64> {
    is_canonical(text).then(|| text.parse().ok()).flatten()
}

/// Whether a text is an integer in canonical form, of whatever size (`IsDecimalInteger`).
pub fn is_canonical(text: &str) -> bool {
    match text.strip_prefix('-').unwrap_or(text).as_bytes() {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether any of `tolerations` tolerates `taint`.
pub fn tolerated(taint: &Taint, tolerations: &[Toleration]) -> bool {
    tolerations.iter().any(|t| t.tolerates(taint))
}

/// The first taint that forbids scheduling and that no toleration matches.
pub fn first_untolerated<'a>(taints: &'a [Taint], tolerations: &[Toleration]) -> Option<&'a Taint> {
    taints.iter().find(|t| t.effect.forbids() && !tolerated(t, tolerations))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(key: &str, value: &str, effect: TaintEffect) -> Taint {
        Taint { key: key.into(), value: value.into(), effect }
    }

    #[test]
    fn an_empty_key_with_exists_tolerates_everything() {
        let all = Toleration { operator: TolerationOperator::Exists, ..Default::default() };
        assert!(all.tolerates(&taint("a", "b", TaintEffect::NoExecute)));
    }

    #[test]
    fn equal_compares_key_value_and_effect() {
        let t = Toleration {
            key: "a".into(),
            value: "b".into(),
            effect: Some(TaintEffect::NoSchedule),
            ..Default::default()
        };
        assert!(t.tolerates(&taint("a", "b", TaintEffect::NoSchedule)));
        assert!(!t.tolerates(&taint("a", "c", TaintEffect::NoSchedule)));
        assert!(!t.tolerates(&taint("a", "b", TaintEffect::NoExecute)));
    }

    #[test]
    fn numbers_are_compared_where_the_gate_is_on() {
        #[track_caller]
        fn check(operator: TolerationOperator, [value, of_taint]: [&str; 2], want: bool) {
            let off = Toleration { key: "a".into(), operator, value: value.into(), ..Default::default() };
            let taint = taint("a", of_taint, TaintEffect::NoSchedule);
            assert!(!off.tolerates(&taint));
            assert_eq!(Toleration { compares: true, ..off }.tolerates(&taint), want, "{value} {of_taint}");
        }
        use TolerationOperator::{Gt, Lt};
        check(Lt, ["10", "9"], true);
        check(Lt, ["10", "10"], false);
        check(Gt, ["-5", "-4"], true);
        check(Gt, ["-5", "-6"], false);
        check(Gt, ["9223372036854775806", "9223372036854775807"], true);
        // Neither side is taken for a number that is not written as one.
        for odd in ["", "-", "+1", "01", "-0", "1.5", "1 ", "many", "9223372036854775808"] {
            check(Gt, ["-9", odd], false);
            check(Lt, [odd, "-9"], false);
        }
    }

    #[test]
    fn a_preference_does_not_forbid() {
        let taints = [taint("a", "", TaintEffect::PreferNoSchedule), taint("b", "", TaintEffect::NoExecute)];
        assert_eq!(first_untolerated(&taints, &[]), Some(&taints[1]));
    }
}
