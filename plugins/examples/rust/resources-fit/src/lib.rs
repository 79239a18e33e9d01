//! Room for what the pod requests, as the scheduler's own NodeResourcesFit has it: the same arithmetic and the same
//! reasons, with the strategy LeastAllocated.
//!
//! It shows how to work on whole columns. Columns are declared before there is a config, so the scalar resources are
//! those listed in `resources.rs`; a pod that requests another one is an error rather than a wrong answer.

mod filter;
mod resources;
mod score;
#[cfg(test)]
mod tests;

use longshore_plugin::prelude::*;
use serde::Deserialize;

use filter::Need;
use resources::{COLUMNS, RESOURCES};
use score::Part;

/// The plugin's config.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Config {
    /// Extended resources that Filter leaves out. None by default.
    ignored_resources: Vec<String>,
    /// What is scored, with weights. cpu and memory with weight 1 by default.
    resources: Vec<Weighted>,
}

/// A resource that counts when nodes are scored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    name: String,
    #[serde(default = "one")]
    weight: i64,
}

fn one() -> i64 {
    1
}

impl Default for Config {
    fn default() -> Self {
        let weighted = |name: &str| Weighted { name: name.to_owned(), weight: 1 };
        Self { ignored_resources: Vec::new(), resources: vec![weighted("cpu"), weighted("memory")] }
    }
}

/// The plugin.
pub struct ResourcesFit {
    ignored: Vec<String>,
    /// Places in `RESOURCES`, with weights.
    scored: Vec<(usize, i64)>,
}

/// What each node is compared with.
#[derive(Default)]
pub struct Prepared {
    needs: Vec<Need>,
    parts: Vec<Part>,
}

impl Plugin for ResourcesFit {
    type Config = Config;
    type Shared = ();
    type Prepared = Prepared;

    fn manifest() -> Manifest {
        Manifest::new("ResourcesFit")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Room for what pods request, as NodeResourcesFit has it")
            .columns(COLUMNS)
            .pure()
            .event("Pod", &["Delete", "UpdatePodScaleDown"])
            .event("Node", &["Add", "UpdateNodeAllocatable"])
    }

    fn new(config: Config) -> Result<Self, Error> {
        let mut scored = Vec::new();
        for Weighted { name, weight } in config.resources {
            if !(1..=100).contains(&weight) {
                return Err(format!("the weight of {name} is {weight}; it has to be in 1 to 100").into());
            }
            scored.push((resources::place(&name)?, weight));
        }
        Ok(Self { ignored: config.ignored_resources, scored })
    }

    fn prepare(&self, pod: &Pod, _shared: &(), _words: &mut Words) -> Result<Prepared, Error> {
        let mut wanted = Vec::new();
        for (name, amount) in &pod.requests {
            if *amount > 0 && name != "pods" && !self.ignored.contains(name) {
                wanted.push((resources::place(name)?, *amount));
            }
        }
        // Reasons come in the list's order.
        wanted.sort_unstable();
        let needs =
            wanted.into_iter().map(|(at, amount)| Need { amount, resource: &RESOURCES[at] }).collect();
        let parts = self.scored.iter().filter_map(|(at, weight)| Part::of(&RESOURCES[*at], *weight, pod));
        Ok(Prepared { needs, parts: parts.collect() })
    }
}

export_plugin!(ResourcesFit: Filter, Score);
