//! The plugin's arguments: which constraints a pod gets that has none of its own.

use longshore_framework::fields::{Fields, Problems};
use longshore_framework::node::{HOSTNAME, ZONE};
use longshore_framework::pod::{SpreadConstraint, WhenUnsatisfiable};
use longshore_framework::resources::is_qualified_name;
use serde_json::{Map, Value, json};

const KIND: &str = "PodTopologySpreadArgs";
const MAX_INT32: i64 = i32::MAX as i64;

/// Where the constraints of pods without constraints come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Defaulting {
    /// Built in: softly over hostnames (`maxSkew` 3) and zones (`maxSkew` 5).
    #[default]
    System,
    /// From `defaultConstraints`.
    List,
}

/// `PodTopologySpreadArgs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTopologySpreadArgs {
    /// `defaultingType`; System by default.
    pub defaulting: Defaulting,
    /// `defaultConstraints`, without selectors; none by default, and none with System.
    pub constraints: Vec<SpreadConstraint>,
    /// `defaultConstraints` as written.
    written: Vec<Value>,
}

impl PodTopologySpreadArgs {
    /// Reads the arguments; everything wrong with them is reported and left out.
    pub fn read(value: &Value, problems: &mut Problems<'_>) -> Self {
        let mut fields = Fields::of_args(value, KIND, problems);
        let types = [("System", Defaulting::System), ("List", Defaulting::List)];
        let defaulting = fields.word("defaultingType", &types, problems).unwrap_or_default();
        let list = fields.list("defaultConstraints", problems);
        fields.finish(problems);
        if defaulting == Defaulting::System && !list.is_empty() {
            problems
                .field("defaultingType")
                .report("must be \"List\" when defaultConstraints are given; set it, or leave them out");
        }
        let constraints = read_constraints(list, &mut problems.field("defaultConstraints"));
        Self { defaulting, constraints, written: list.to_vec() }
    }

    /// The arguments with every default filled in.
    pub fn to_json(&self) -> Value {
        let mut shown = Map::new();
        if !self.written.is_empty() {
            shown.insert("defaultConstraints".into(), Value::Array(self.written.clone()));
        }
        let kind = if self.defaulting == Defaulting::System { "System" } else { "List" };
        shown.insert("defaultingType".into(), json!(kind));
        Value::Object(shown)
    }

    /// The default constraints in force.
    pub(super) fn into_defaults(self) -> Vec<SpreadConstraint> {
        match self.defaulting {
            Defaulting::System => vec![soft(HOSTNAME, 3), soft(ZONE, 5)],
            Defaulting::List => self.constraints,
        }
    }
}

fn soft(topology_key: &str, max_skew: i32) -> SpreadConstraint {
    SpreadConstraint {
        max_skew,
        topology_key: topology_key.into(),
        when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
        selector: None,
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
    }
}

fn read_constraints(list: &[Value], problems: &mut Problems<'_>) -> Vec<SpreadConstraint> {
    let mut constraints: Vec<SpreadConstraint> = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let mut problems = problems.index(at);
        let Some(constraint) = read_constraint(value, &mut problems) else { continue };
        let same = |c: &SpreadConstraint| {
            (&c.topology_key, c.when_unsatisfiable)
                == (&constraint.topology_key, constraint.when_unsatisfiable)
        };
        if constraints.iter().any(same) {
            problems.report(
                "repeats the topologyKey and whenUnsatisfiable of an earlier constraint; leave one out",
            );
        }
        constraints.push(constraint);
    }
    constraints
}

fn read_constraint(value: &Value, problems: &mut Problems<'_>) -> Option<SpreadConstraint> {
    let mut fields = Fields::of(value, problems);
    let max_skew = required(&mut fields, "maxSkew", problems, |f, p| f.int("maxSkew", 1..=MAX_INT32, p));
    let key = required(&mut fields, "topologyKey", problems, |f, p| f.string("topologyKey", p));
    let key = key.filter(|key| is_label_key(key, problems));
    let actions = [
        ("DoNotSchedule", WhenUnsatisfiable::DoNotSchedule),
        ("ScheduleAnyway", WhenUnsatisfiable::ScheduleAnyway),
    ];
    let when =
        required(&mut fields, "whenUnsatisfiable", problems, |f, p| f.word("whenUnsatisfiable", &actions, p));
    let min_domains = fields.int("minDomains", 1..=MAX_INT32, problems).unwrap_or(1);
    let policies = [("Honor", true), ("Ignore", false)];
    let honor_affinity = fields.word("nodeAffinityPolicy", &policies, problems).unwrap_or(true);
    let honor_taints = fields.word("nodeTaintsPolicy", &policies, problems).unwrap_or(false);
    // Kept for the record only: the selector of a default constraint comes from Services and controllers alone.
    fields.strings("matchLabelKeys", problems);
    if fields.value("labelSelector").is_some() {
        problems
            .field("labelSelector")
            .report("may not be set: it is deduced for each pod from Services and controllers; leave it out");
    }
    fields.finish(problems);
    Some(SpreadConstraint {
        max_skew: i32::try_from(max_skew?).ok()?,
        topology_key: key?.into(),
        when_unsatisfiable: when?,
        selector: None,
        min_domains: i32::try_from(min_domains).ok()?,
        honor_affinity,
        honor_taints,
    })
}

/// A field that has to be there.
fn required<'v, T>(
    fields: &mut Fields<'v>,
    name: &'static str,
    problems: &mut Problems<'_>,
    read: impl FnOnce(&mut Fields<'v>, &mut Problems<'_>) -> Option<T>,
) -> Option<T> {
    if fields.value(name).is_none() {
        problems.field(name).report("is required; add it");
        return None;
    }
    read(fields, problems)
}

fn is_label_key(key: &str, problems: &mut Problems<'_>) -> bool {
    let valid = is_qualified_name(key);
    if !valid {
        problems
            .field("topologyKey")
            .report("must be a label key such as topology.kubernetes.io/zone: an optional DNS prefix and a slash, then at most 63 letters, digits, '-', '_' or '.'");
    }
    valid
}
