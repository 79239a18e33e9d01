//! Taints and tolerations.

use crate::Str;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TolerationOperator {
    /// Values are equal (also when the operator is left out).
    #[default]
    Equal,
    /// Any value.
    Exists,
    /// `Lt` and `Gt`, behind a gate that is off in 1.36: they tolerate nothing.
    Unsupported,
}

/// A toleration of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// Key; empty with `Exists` matches every key.
    pub key: Str,
    /// How values are compared.
    pub operator: TolerationOperator,
    /// Value.
    pub value: Str,
    /// Effect; `None` matches every effect.
    pub effect: Option<TaintEffect>,
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
            TolerationOperator::Unsupported => false,
        }
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
    fn a_preference_does_not_forbid() {
        let taints = [taint("a", "", TaintEffect::PreferNoSchedule), taint("b", "", TaintEffect::NoExecute)];
        assert_eq!(first_untolerated(&taints, &[]), Some(&taints[1]));
    }
}
