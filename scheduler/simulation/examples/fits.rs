//! Does this Deployment fit? `cargo run --example fits -- cluster.yaml deployment.yaml`: the first file holds nodes and the pods on
//! them, as `longshore dump` or `kubectl get nodes,pods -A -o yaml` write them.

use std::error::Error;

use longshore_framework::features::Features;
use longshore_manifest::Source;
use longshore_simulation::report::{Around, Simulation};
use longshore_simulation::{Options, default_profiles, run};

/// The pods that find no node, each with the reason; none when everything fits. The Deployment's pods are made as its controllers
/// would make them, unless the API server would refuse them.
pub(crate) fn left_over(sources: &[Source]) -> Result<Vec<String>, Box<dyn Error>> {
    let cluster = longshore_manifest::read(sources);
    if let Some(problem) = cluster.problems.first() {
        return Err(problem.to_string().into());
    }
    // Which minor of Kubernetes decides; every pod is taken, whatever scheduler it names.
    let features = Features::default();
    let options = Options { features, adopt_all: true, ..Options::default() };
    let simulated = run(&cluster, default_profiles(features)?, options, &mut |_| {});
    let scores = Default::default();
    let around = Around { cluster: &cluster, seed: None, read_seconds: 0.0, scores: &scores };
    let report = Simulation::new(&simulated, around);
    let pending = report.pending.iter().map(|pending| format!("{}: {}", pending.pod, pending.message));
    // Quotas and the like: what the API server would not let be made.
    Ok(pending.chain(cluster.refused.iter().map(ToString::to_string)).collect())
}

#[allow(clippy::print_stdout, reason = "an example is a program")]
fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let left_over = left_over(&longshore_manifest::collect(&files)?)?;
    println!("{}", if left_over.is_empty() { "It fits.".to_string() } else { left_over.join("\n") });
    Ok(())
}
