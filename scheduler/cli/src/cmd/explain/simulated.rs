//! Explanations without a running scheduler: the cluster is read, and the decision simulated.

use std::sync::Arc;

use anyhow::bail;
use longshore_engine::Options;
use longshore_framework::pod::Pod;
use longshore_simulation::explain::{Question, explain as explained, find};
use longshore_simulation::report::{Explanation, Status};

use super::target::{Kind, Target};
use crate::args::{ExplainArgs, InputArgs};
use crate::cmd::simulate::options;
use crate::console::Console;
use crate::input::{self, Input};

/// Pods that wait whose explanations are worked out, at the most: each takes a simulation.
const WORKED_OUT: usize = 20;

/// Which pods are meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// Those that are named, or belong to what is named.
    Targets(&'a [Target<'a>]),
    /// `namespace/name` of each.
    Keys(&'a [String]),
}

/// `namespace/name` of a pod, and its node.
pub(super) type Place = (String, Option<String>);

/// Explanations, those that say the same together.
#[derive(Debug)]
pub(super) struct Simulated {
    /// The pods, and the explanation of the first.
    pub(super) groups: Vec<(Vec<Place>, Explanation)>,
    /// Pods beside these that wait too.
    pub(super) more: usize,
    /// Whether the default profile decided whatever scheduler the pods name.
    pub(super) by_default: bool,
    /// Whether all of the input could be read.
    pub(super) whole: bool,
}

/// Reads the input and explains the pods.
///
/// # Errors
/// The input cannot be read, or there is no such pod.
pub(super) fn explain(
    args: &ExplainArgs,
    from: &InputArgs,
    which: Which<'_>,
    console: &mut Console<'_>,
) -> anyhow::Result<Simulated> {
    let input = input::load(from, console)?;
    let mut pods = match which {
        Which::Targets(targets) => of_targets(&input, targets, args.namespace.as_deref())?,
        Which::Keys(keys) => of_keys(&input, keys)?,
    };
    let waits = |pod: &Arc<Pod>| pod.meta.node_name.is_none() || args.as_pending;
    let mut waiting = 0;
    let before = pods.len();
    pods.retain(|pod| {
        waiting += usize::from(waits(pod));
        !waits(pod) || waiting <= WORKED_OUT
    });
    let mut groups: Vec<(String, Vec<Place>, Explanation)> = Vec::new();
    for pod in &pods {
        let explanation = one(args, &input, pod)?;
        let own = (explanation.pod.clone(), explanation.node.clone());
        let key = same(&explanation);
        match groups.iter_mut().find(|(other, ..)| *other == key) {
            Some((_, together, _)) => together.push(own),
            None => groups.push((key, vec![own], explanation)),
        }
    }
    for line in input.failures.lines() {
        console.warn(&line);
    }
    Ok(Simulated {
        groups: groups.into_iter().map(|(_, pods, explanation)| (pods, explanation)).collect(),
        more: before - pods.len(),
        by_default: input.adopt_all,
        whole: input.cluster.problems.is_empty() && !input.failures.spoils(),
    })
}

fn one(args: &ExplainArgs, input: &Input, pod: &Arc<Pod>) -> anyhow::Result<Explanation> {
    Ok(explained(Question {
        cluster: &input.cluster,
        profiles: input.resolved.profiles.clone(),
        options: Options {
            adopt_all: input.adopt_all,
            extenders: input.extenders.list(),
            requests: input.requests.clone(),
            features: input.features,
            ..options(&args.decision)?
        },
        pod: Arc::clone(pod),
        now: args.now,
        as_pending: args.as_pending,
        top: args.top,
    }))
}

fn of_targets(
    input: &Input,
    targets: &[Target<'_>],
    namespace: Option<&str>,
) -> anyhow::Result<Vec<Arc<Pod>>> {
    let mut found: Vec<Arc<Pod>> = Vec::new();
    for target in targets {
        if target.kind == Kind::Pod {
            found.push(find(&input.cluster.pods, target.name, namespace)?);
            continue;
        }
        let before = found.len();
        found.extend(input.cluster.pods.iter().filter(|pod| is_of(target, namespace, pod)).cloned());
        if found.len() == before {
            let place = namespace.map(|name| format!(" in {name}")).unwrap_or_default();
            bail!("{} has no pods{place} that wait or run; is its name right?", target.shown());
        }
    }
    let mut seen: Vec<String> = Vec::new();
    found.retain(|pod| {
        let key = pod.key();
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
    Ok(found)
}

fn is_of(target: &Target<'_>, namespace: Option<&str>, pod: &Pod) -> bool {
    let owner = pod.meta.owner.as_ref().map(|owner| (&*owner.kind, &*owner.name));
    let hash = pod.meta.labels.get("pod-template-hash").map(|hash| &**hash);
    namespace.is_none_or(|name| name == &*pod.meta.namespace) && target.makes(owner, hash)
}

fn of_keys(input: &Input, keys: &[String]) -> anyhow::Result<Vec<Arc<Pod>>> {
    keys.iter().map(|key| Ok(find(&input.cluster.pods, key, None)?)).collect()
}

/// What is alike for pods whose explanations are the same to a reader: why, not which pod and where.
fn same(explanation: &Explanation) -> String {
    if explanation.status == Status::Running {
        return "running".to_string();
    }
    let mut value = serde_json::to_value(explanation).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        for own in ["pod", "node", "scores", "tied", "decidedBefore", "preemption"] {
            fields.remove(own);
        }
    }
    value.to_string()
}
