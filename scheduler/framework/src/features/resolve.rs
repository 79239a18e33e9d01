//! From what `--feature-gates` says to the rules that are in force.

use std::fmt;

use super::gates::{Gate, GateStage, Standing};
use super::minor::Minor;
use super::{Features, needs, others};

/// Gates that stand for all of a stage.
const ALL_OF: [(&str, GateStage); 2] = [("AllAlpha", GateStage::Alpha), ("AllBeta", GateStage::Beta)];

/// A gate as it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// On or off.
    pub value: bool,
}

impl Setting {
    /// `name=value`.
    pub fn new(name: impl Into<String>, value: bool) -> Self {
        Self { name: name.into(), value }
    }
}

/// What came of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The rules.
    pub features: Features,
    /// What was accepted without effect, in the order of the settings.
    pub remarks: Vec<Remark>,
}

/// A setting without effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    setting: Setting,
    why: &'static str,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { name, value } = &self.setting;
        write!(f, "--feature-gates={name}={value}: accepted without effect: {}", self.why)
    }
}

/// A setting that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// The minor has no such gate.
    #[error("unrecognized feature gate: {name}{}", other_minors(name))]
    Unrecognized {
        /// The name.
        name: String,
    },
    /// The minor does not let it be changed.
    #[error("cannot set feature gate {name} to {value}, feature is locked to {}", !value)]
    Locked {
        /// The gate.
        name: String,
        /// What it was to be.
        value: bool,
    },
    /// It is on, and a gate that it needs is off.
    #[error("{name} is enabled, but depends on features that are disabled: [{}]", missing.join(" "))]
    Needs {
        /// The gate.
        name: &'static str,
        /// What it needs and is off, by name.
        missing: Vec<&'static str>,
    },
    /// Kubernetes can do it and Longshore cannot.
    #[error("cannot set feature gate {} to {value}: {why}; {fix}", gate.name())]
    NotHere {
        /// The gate.
        gate: Gate,
        /// What it was to be.
        value: bool,
        /// Why not.
        why: &'static str,
        /// What to do.
        fix: String,
    },
}

impl FeatureError {
    /// Whether kube-scheduler says so too, before it looks at dependencies.
    fn is_kubernetes_own(&self) -> bool {
        matches!(self, Self::Unrecognized { .. } | Self::Locked { .. })
    }
}

impl From<needs::Unmet> for FeatureError {
    fn from(needs::Unmet { name, missing }: needs::Unmet) -> Self {
        Self::Needs { name, missing }
    }
}

/// Where else there is such a gate.
fn other_minors(name: &str) -> String {
    let having = Minor::ALL.into_iter().filter(|minor| is_known(name, *minor));
    let having: Vec<String> = having.map(|minor| minor.to_string()).collect();
    match having.is_empty() {
        true => String::new(),
        false => format!(" (a gate of Kubernetes {})", having.join(" and ")),
    }
}

/// Whether some minor has a gate of this name.
pub fn is_known_anywhere(name: &str) -> bool {
    Minor::ALL.into_iter().any(|minor| is_known(name, minor))
}

fn is_known(name: &str, minor: Minor) -> bool {
    let scheduling = Gate::find(name).is_some_and(|gate| gate.spec(minor).is_some());
    scheduling
        || ALL_OF.iter().any(|(all, _)| *all == name)
        || others::is_known_elsewhere(name, minor).is_some()
}

/// Applies the settings to the defaults of a minor. Of a gate that is set twice the last one counts; what is set by its own name
/// goes before `AllAlpha` and `AllBeta`.
pub(super) fn resolve(defaults: Features, settings: &[Setting]) -> Result<Resolved, Vec<FeatureError>> {
    let mut resolving = Resolving { features: defaults, remarks: Vec::new(), errors: Vec::new() };
    let by_name = |gate: Gate| settings.iter().any(|s| s.name == gate.name());
    let is_last = |at: usize, s: &Setting| !settings[at + 1..].iter().any(|later| later.name == s.name);
    let last: Vec<&Setting> =
        settings.iter().enumerate().filter(|(at, s)| is_last(*at, s)).map(|(_, s)| s).collect();
    let wanted = |name: &str| wanted(name, defaults, &last);
    for setting in &last {
        if let Some((all, stage)) = ALL_OF.iter().find(|(all, _)| *all == setting.name) {
            resolving.all_of(all, *stage, setting.value, by_name);
        }
    }
    for setting in &last {
        resolving.one(setting);
    }
    // Kubernetes looks at these once everything else is well.
    if !resolving.errors.iter().any(FeatureError::is_kubernetes_own) {
        let unmet = needs::unmet(defaults.minor(), wanted);
        resolving.errors.extend(unmet.into_iter().map(FeatureError::from));
    }
    let Resolving { features, remarks, errors } = resolving;
    if errors.is_empty() { Ok(Resolved { features, remarks }) } else { Err(errors) }
}

/// What a gate was to be: as it is set by name, else by its stage, else by default. The stage of gates that scheduling does not read
/// is not known, and so neither is what becomes of them where a stage is set.
fn wanted(name: &str, defaults: Features, settings: &[&Setting]) -> Option<bool> {
    let minor = defaults.minor();
    let set = |name: &str| settings.iter().find(|s| s.name == name).map(|s| s.value);
    if let Some(value) = set(name) {
        return Some(value);
    }
    let Some(gate) = Gate::find(name) else {
        let by_stage = ALL_OF.iter().any(|(all, _)| set(all).is_some());
        let default = others::is_known_elsewhere(name, minor).filter(|_| !by_stage);
        return default.map(|(default, _)| default);
    };
    let stage = gate.spec(minor).map(|spec| spec.stage);
    let all = ALL_OF.iter().find(|(_, of)| stage == Some(*of)).and_then(|(all, _)| set(all));
    Some(all.unwrap_or_else(|| defaults.enabled(gate)))
}

struct Resolving {
    features: Features,
    remarks: Vec<Remark>,
    errors: Vec<FeatureError>,
}

impl Resolving {
    /// Sets all gates of a stage that are not set by name.
    fn all_of(&mut self, all: &str, stage: GateStage, value: bool, by_name: impl Fn(Gate) -> bool) {
        let minor = self.features.minor();
        let of_stage = |gate: &Gate| gate.spec(minor).is_some_and(|spec| spec.stage == stage);
        for gate in Gate::ALL.iter().copied().filter(of_stage).filter(|gate| !by_name(*gate)) {
            let fix = format!("beside {all}={value} give {}={}", gate.name(), !value);
            self.set(gate, value, fix);
        }
    }

    fn one(&mut self, setting: &Setting) {
        let Setting { name, value } = setting;
        let minor = self.features.minor();
        if ALL_OF.iter().any(|(all, _)| all == name) {
            return;
        }
        let gate = Gate::find(name);
        let known = match gate {
            Some(gate) => gate.spec(minor).map(|spec| (spec.default, spec.locked)),
            None => others::is_known_elsewhere(name, minor),
        };
        match (known, gate) {
            (None, _) => self.errors.push(FeatureError::Unrecognized { name: name.clone() }),
            (Some((default, true)), _) if default != *value => {
                self.errors.push(FeatureError::Locked { name: name.clone(), value: *value });
            }
            (Some((default, _)), None) if default != *value => {
                let why = "scheduling does not read it";
                self.remarks.push(Remark { setting: setting.clone(), why });
            }
            (Some(_), None) => {}
            (Some((default, _)), Some(gate)) => {
                self.set(gate, *value, "leave it out".to_string());
                if let (Standing::Indifferent(why), true) = (gate.standing(), default != *value) {
                    self.remarks.push(Remark { setting: setting.clone(), why });
                }
            }
        }
    }

    /// Sets a gate, or says why it cannot be set.
    fn set(&mut self, gate: Gate, value: bool, fix: String) {
        let default = gate.spec(self.features.minor()).is_some_and(|spec| spec.default);
        match gate.standing() {
            Standing::Fixed(done, why) if value != default && value != done => {
                self.errors.push(FeatureError::NotHere { gate, value, why, fix });
            }
            _ => self.features.set(gate, value),
        }
    }
}
