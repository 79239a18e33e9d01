//! Label selectors, as Kubernetes writes them: `matchLabels` and `matchExpressions`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A label selector. It selects what meets all of its requirements; one without any selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LabelSelector {
    /// Labels that must be there with these values.
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements.
    pub match_expressions: Vec<Requirement>,
}

/// One requirement on one label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How its value relates to `values`.
    pub operator: Operator,
    /// Nothing for Exists and DoesNotExist.
    #[serde(default)]
    pub values: Vec<String>,
}

/// How a label's value relates to those of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Operator {
    /// It is one of them.
    In,
    /// It is none of them, or is not there.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether labels, by key, are selected.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.match_labels.iter().all(|(key, value)| label(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(label(&requirement.key)))
    }
}

impl Requirement {
    /// Whether a value, or that there is none, meets the requirement.
    pub fn matches(&self, value: Option<&str>) -> bool {
        let listed = || value.is_some_and(|value| self.values.iter().any(|other| other == value));
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pod;

    #[track_caller]
    fn check(selector: &str, selected: bool) {
        let pod = Pod::new("shop", "web-1").with_label("app", "web").with_label("tier", "front");
        let selector: LabelSelector = serde_json::from_str(selector).unwrap();
        assert_eq!(selector.matches(|key| pod.label(key)), selected);
    }

    #[test]
    fn all_requirements_have_to_be_met() {
        check("{}", true);
        check(r#"{"matchLabels": {"app": "web"}}"#, true);
        check(r#"{"matchLabels": {"app": "web", "tier": "back"}}"#, false);
        check(r#"{"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "web"]}]}"#, true);
        check(r#"{"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}"#, false);
        check(r#"{"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}"#, true);
        check(r#"{"matchExpressions": [{"key": "tier", "operator": "Exists"}]}"#, true);
        check(r#"{"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}"#, false);
    }
}
