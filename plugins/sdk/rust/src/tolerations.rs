//! Which taints a pod tolerates, by Kubernetes' rules.

use crate::{Pod, Taint, Toleration};

impl Toleration {
    /// Tolerates taints with this key, whatever their value and effect. An empty key tolerates every taint.
    pub fn exists(key: &str) -> Self {
        Self { key: key.to_owned(), exists: true, value: String::new(), effect: None }
    }

    /// Tolerates taints with this key and value, whatever their effect.
    pub fn equal(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), exists: false, value: value.to_owned(), effect: None }
    }

    /// Taints with this effect only.
    pub fn effect(mut self, effect: &str) -> Self {
        self.effect = Some(effect.to_owned());
        self
    }

    /// Whether a taint is tolerated: effect and key are the same or left out, and the value is the same or the
    /// operator is Exists.
    pub fn tolerates(&self, taint: Taint<'_>) -> bool {
        let effect = self.effect.as_deref().is_none_or(|effect| effect.is_empty() || effect == taint.effect);
        let key = self.key.is_empty() || self.key == taint.key;
        effect && key && (self.exists || self.value == taint.value)
    }
}

impl Pod {
    /// Whether one of the pod's tolerations tolerates a taint.
    pub fn tolerates(&self, taint: Taint<'_>) -> bool {
        self.tolerations.iter().any(|toleration| toleration.tolerates(taint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(toleration: Toleration, taint: [&str; 3], tolerated: bool) {
        let [key, value, effect] = taint;
        assert_eq!(toleration.tolerates(Taint { key, value, effect }), tolerated);
    }

    #[test]
    fn key_value_and_effect_are_compared_where_they_are_given() {
        check(Toleration::equal("gpu", "yes"), ["gpu", "yes", "NoSchedule"], true);
        check(Toleration::equal("gpu", "yes"), ["gpu", "no", "NoSchedule"], false);
        check(Toleration::exists("gpu"), ["gpu", "no", "NoSchedule"], true);
        check(Toleration::exists("gpu"), ["tpu", "no", "NoSchedule"], false);
        check(Toleration::exists("gpu").effect("NoExecute"), ["gpu", "", "NoSchedule"], false);
        check(Toleration::exists(""), ["anything", "at all", "NoExecute"], true);
        check(Toleration::exists("").effect("NoSchedule"), ["anything", "", "NoExecute"], false);
    }
}
