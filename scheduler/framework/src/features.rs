//! Which rules decisions follow: those of one minor of Kubernetes, with its feature gates as they were set.
//!
//! Two tables say how minors differ, and nothing else does: [`gates`](Gate) by Kubernetes' own names, and [`rules`](Rule) for
//! what changed without a gate. Both are resolved once, at the start, into [`Features`], which factories of plugins and the
//! engine are given. Nobody asks for a version: a new minor is a column of one table and a line of the other.

mod gates;
mod minor;
mod needs;
mod others;
mod resolve;
mod rules;

pub use gates::{Gate, GateStage, Spec, Standing};
pub use minor::{Minor, Nearest, UnknownMinor};
pub use others::is_known_elsewhere;
pub use resolve::{FeatureError, Remark, Resolved, Setting, is_known_anywhere};
pub use rules::Rule;

/// The rules that are in force. The default is the newest stable minor with its defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    minor: Minor,
    /// A bit for each [`Gate`].
    gates: u64,
}

// A bit for each gate is all there is room for.
const _: () = assert!(Gate::ALL.len() <= 64);

impl Default for Features {
    fn default() -> Self {
        Self::of(Minor::STABLE)
    }
}

impl Features {
    /// A minor with the defaults of its gates.
    pub fn of(minor: Minor) -> Self {
        let mut features = Self { minor, gates: 0 };
        for gate in Gate::ALL {
            features.set(*gate, gate.spec(minor).is_some_and(|spec| spec.default));
        }
        features
    }

    /// A minor with gates set as by `--feature-gates`.
    ///
    /// # Errors
    /// All that cannot be set.
    pub fn resolve(minor: Minor, settings: &[Setting]) -> Result<Resolved, Vec<FeatureError>> {
        resolve::resolve(Self::of(minor), settings)
    }

    /// For messages and metrics; what is decided asks [`enabled`](Self::enabled) and [`follow`](Self::follow).
    pub fn minor(self) -> Minor {
        self.minor
    }

    /// Whether the gate is on. One that the minor does not have is off.
    pub fn enabled(self, gate: Gate) -> bool {
        self.gates & bit(gate) != 0
    }

    /// Whether the minor has the rule.
    pub fn follow(self, rule: Rule) -> bool {
        self.minor >= rule.since()
    }

    /// Gates that are otherwise than by default, by name.
    pub fn changed(self) -> impl Iterator<Item = (Gate, bool)> {
        let defaults = Self::of(self.minor);
        let others = Gate::ALL.iter().filter(move |gate| self.enabled(**gate) != defaults.enabled(**gate));
        others.map(move |gate| (*gate, self.enabled(*gate)))
    }

    /// Whether decisions are those of a kube-scheduler with the gate on; `None` where the minor has no such gate.
    pub fn decide_as_with(self, gate: Gate) -> Option<bool> {
        gate.spec(self.minor)?;
        Some(match gate.standing() {
            Standing::Obeyed | Standing::Indifferent(_) => self.enabled(gate),
            Standing::Fixed(on, _) => on,
        })
    }

    fn set(&mut self, gate: Gate, on: bool) {
        self.gates = if on { self.gates | bit(gate) } else { self.gates & !bit(gate) };
    }
}

fn bit(gate: Gate) -> u64 {
    1 << gate as u64
}

#[cfg(test)]
mod tests;
