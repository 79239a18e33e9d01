//! What an engine was given beside its inputs.

use std::time::Duration;

use longshore_engine::{Engine, Evaluation, Options, TieBreak};
use longshore_framework::features::{FeatureError, Features, Minor, Setting};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A plugin in WebAssembly, by what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Scheduler name of the profile.
    pub profile: String,
    /// The plugin.
    pub plugin: String,
    /// SHA-256 of the module, in hexadecimal.
    pub digest: String,
}

/// What an engine was given beside its inputs: with the inputs, all that its decisions depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Version of the program.
    pub program: String,
    /// Whether the decisions are those of the engine that was recorded. Otherwise another scheduler decided, and only
    /// inputs were recorded.
    pub decides: bool,
    /// The effective configuration, as `longshore profile show` prints it: without secrets.
    pub configuration: Value,
    /// Plugins in WebAssembly.
    pub modules: Vec<Module>,
    /// The minor of Kubernetes whose rules were followed.
    pub minor: String,
    /// Feature gates that were otherwise than by default.
    pub gates: Vec<(String, bool)>,
    /// Seed of the choice among equals.
    pub seed: u64,
    /// Pods of any scheduler go to the first profile.
    pub adopt_all: bool,
    /// First backoff.
    pub initial_backoff: Duration,
    /// Longest backoff.
    pub max_backoff: Duration,
    /// After this time a pod is tried that no event woke.
    pub max_unschedulable: Duration,
    /// Bindings are looked at once more before they are sent.
    pub holds_bindings: bool,
    /// There are extenders: what they answered is not recorded, so ties and more may come out otherwise.
    pub extenders: bool,
}

impl Settings {
    /// Those of an engine, by this configuration.
    pub fn of(engine: &Engine, configuration: Value, modules: Vec<Module>) -> Self {
        let options = engine.options();
        let features = options.features;
        Self {
            program: env!("CARGO_PKG_VERSION").to_string(),
            decides: true,
            configuration,
            modules,
            minor: features.minor().to_string(),
            gates: features.changed().map(|(gate, on)| (gate.name().to_string(), on)).collect(),
            seed: options.seed,
            adopt_all: options.adopt_all,
            initial_backoff: options.initial_backoff,
            max_backoff: options.max_backoff,
            max_unschedulable: options.max_unschedulable,
            holds_bindings: engine.holds_bindings(),
            extenders: !options.extenders.is_empty(),
        }
    }

    /// The rules that were followed.
    ///
    /// # Errors
    /// A minor or a gate that this program does not have.
    pub fn features(&self) -> Result<Features, String> {
        let minor = Minor::parse(&self.minor).map_err(|error| error.to_string())?;
        let gates: Vec<Setting> = self.gates.iter().map(|(name, on)| Setting::new(name, *on)).collect();
        let said =
            |errors: Vec<FeatureError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Ok(Features::resolve(minor, &gates).map_err(said)?.features)
    }

    /// Options of an engine that decides as the recorded one did.
    ///
    /// # Errors
    /// As [`features`](Self::features).
    pub fn options(&self) -> Result<Options, String> {
        Ok(Options {
            seed: self.seed,
            tie_break: TieBreak::Random,
            adopt_all: self.adopt_all,
            retry: true,
            initial_backoff: self.initial_backoff,
            max_backoff: self.max_backoff,
            max_unschedulable: self.max_unschedulable,
            evaluation: Evaluation::Incremental,
            features: self.features()?,
            ..Options::default()
        })
    }
}
