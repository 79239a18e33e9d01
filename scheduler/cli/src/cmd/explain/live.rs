//! What the running scheduler says of pods: what it decided, and what it would decide now.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail};
use longshore_cluster::call::path::escape;
use longshore_cluster::call::{ApiError, Caller};
use longshore_cluster::connect::{self, Found, Liveness};
use longshore_service::live::hostname;
use serde_json::Value;

use super::pods::{self, PodRef};
use super::target::Target;
use crate::args::ExplainArgs;
use crate::ask::{self, find};

/// Pods that are asked about, at the most.
const MOST: usize = 1000;

/// What is known of pods that have the same answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The pods; the first is the one that all else is about.
    pub(super) pods: Vec<PodRef>,
    pub(super) told: Told,
}

/// Who told it.
#[derive(Debug)]
pub(super) enum Told {
    /// The scheduler.
    Scheduler {
        /// Its last attempts at the pod, a `DecisionList`; `None` when it remembers none.
        decisions: Option<Value>,
        /// Its `Explanation` of the pod as the cluster is now, where one was asked for, or why there is none.
        explanation: Option<Result<Value, String>>,
        /// The configuration that it serves, where there is a part that has to be simulated.
        configuration: Option<String>,
    },
    /// Nobody, and why.
    Nobody(String),
}

/// Asks the schedulers of all pods that are meant. Pods that have the same answer are together.
///
/// # Errors
/// There is no cluster, or no such pod.
pub(super) fn ask(args: &ExplainArgs, targets: &[Target<'_>]) -> anyhow::Result<Vec<Answer>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let found = connect::find(&(&args.input.cluster).into()).await?;
        let api = Caller::new(connect::client(&found, None, Liveness::default())?);
        let api = api.within(ask::TIMEOUT).impatient();
        let namespace = args.namespace.clone().unwrap_or_else(|| found.config.default_namespace.clone());
        let mut by_scheduler: BTreeMap<Option<String>, Vec<PodRef>> = BTreeMap::new();
        for target in targets {
            if let (Some(own), Some((other, _))) = (&args.namespace, target.name.split_once('/'))
                && own != other
            {
                bail!("{} is asked for in namespace {own}; leave one of the two namespaces out", target.name);
            }
            for pod in pods::find(&api, target, &namespace).await? {
                let pods = by_scheduler.entry(pod.scheduler.clone()).or_default();
                if !pods.contains(&pod) {
                    pods.push(pod);
                }
            }
        }
        let asking = Asking { args, found, api };
        let mut answers = Vec::new();
        for (scheduler, pods) in by_scheduler {
            answers.extend(asking.ask_one(scheduler.as_deref(), pods).await);
        }
        Ok(answers)
    })
}

struct Asking<'a> {
    args: &'a ExplainArgs,
    found: Found,
    api: Caller,
}

impl Asking<'_> {
    /// What the scheduler of this name says of its pods.
    async fn ask_one(&self, name: Option<&str>, mut pods: Vec<PodRef>) -> Vec<Answer> {
        let asked = match self.scheduler(name).await {
            Ok((scheduler, shown)) => {
                self.decisions(&scheduler, &shown, &mut pods).await.map(|g| (scheduler, g))
            }
            Err(error) => Err(format!("{error:#}")),
        };
        let (scheduler, groups) = match asked {
            Ok(asked) => asked,
            Err(why) => return vec![Answer { pods, told: Told::Nobody(why) }],
        };
        let mut answers = Vec::new();
        for (decisions, pods) in groups {
            let explanation = match &pods[0] {
                pod if pod.node.is_some() && !self.args.as_pending => None,
                pod => Some(self.explanation(&scheduler, pod).await),
            };
            let configuration = match &explanation {
                Some(Err(_)) => configuration(&scheduler).await,
                _ => None,
            };
            answers.push(Answer { pods, told: Told::Scheduler { decisions, explanation, configuration } });
        }
        answers
    }

    /// A way to the scheduler, and how messages name it.
    async fn scheduler(&self, name: Option<&str>) -> anyhow::Result<(Caller, String)> {
        if let Some(address) = ask::address(&self.args.server) {
            return Ok((ask::scheduler(&self.found, &self.args.server, &address)?, address));
        }
        let namespace = self.args.scheduler_namespace.as_deref();
        let running = find::running(&self.api, namespace, name).await?;
        let (way, shown) = (running.way(&hostname())?, running.shown());
        tracing::info!(scheduler = %shown, "asking");
        Ok((ask::pinned(&self.found, &way, running.contact.certificate)?, shown))
    }

    /// The decisions about all pods, those together that say the same.
    async fn decisions(
        &self,
        scheduler: &Caller,
        shown: &str,
        pods: &mut Vec<PodRef>,
    ) -> Result<Vec<(Option<Value>, Vec<PodRef>)>, String> {
        pods.truncate(MOST);
        let mut groups: Vec<(String, Option<Value>, Vec<PodRef>)> = Vec::new();
        for pod in &*pods {
            let decisions = match get(scheduler, &path("decisions", pod, "")).await {
                Ok(list) => of_this_pod(list, pod),
                Err(error) if error.code == 404 => None,
                Err(error) => return Err(refused(shown, &error)),
            };
            let key = same(decisions.as_ref(), pod.node.is_some());
            match groups.iter_mut().find(|(other, ..)| *other == key) {
                Some((.., together)) => together.push(pod.clone()),
                None => groups.push((key, decisions, vec![pod.clone()])),
            }
        }
        Ok(groups.into_iter().map(|(_, decisions, pods)| (decisions, pods)).collect())
    }

    /// What the scheduler would decide about the pod now.
    async fn explanation(&self, scheduler: &Caller, pod: &PodRef) -> Result<Value, String> {
        let as_pending = if self.args.as_pending { "&asPending" } else { "" };
        let query = format!("?top={}{as_pending}", self.args.top);
        let patient = scheduler.clone().within(ask::PATIENCE);
        get(&patient, &path("explain", pod, &query)).await.map_err(|error| refused("it", &error))
    }
}

/// The decisions about this pod; one of the same name may have been there before.
fn of_this_pod(mut list: Value, pod: &PodRef) -> Option<Value> {
    let decisions = list.get_mut("decisions")?.as_array_mut()?;
    if let Some(uid) = &pod.uid {
        decisions.retain(|decision| decision.get("uid").and_then(Value::as_str) == Some(uid));
    }
    (!decisions.is_empty()).then_some(list)
}

fn path(what: &str, pod: &PodRef, query: &str) -> String {
    format!("/debug/{what}/{}/{}{query}", escape(&pod.namespace), escape(&pod.name))
}

async fn get(scheduler: &Caller, path: &str) -> Result<Value, ApiError> {
    let text = ask::get(scheduler, path).await?;
    serde_json::from_str(&text).map_err(|_| ApiError {
        code: 0,
        reason: String::new(),
        message: "it is not a scheduler: its answer is not JSON".to_string(),
        retry_after: None,
        in_doubt: false,
    })
}

async fn configuration(scheduler: &Caller) -> Option<String> {
    let served = get(scheduler, "/configz").await.ok()?;
    served.get("componentconfig").map(Value::to_string)
}

fn refused(who: &str, error: &ApiError) -> String {
    match error.code {
        // What the scheduler says of a pod that it does not know, or of another leader, says it all.
        404 | 503 => format!("{who}: {}", error.message),
        _ => anyhow!("{who}: {error}: {}", ask::remedy(error)).to_string(),
    }
}

/// What is alike for pods whose answers are the same to a reader: how the last attempt ended and why, not when and where.
fn same(decisions: Option<&Value>, bound: bool) -> String {
    let newest = decisions.and_then(|list| list.pointer("/decisions/0"));
    let field = |name: &str| newest.and_then(|d| d.get(name)).map(Value::to_string).unwrap_or_default();
    let why = if bound { String::new() } else { field("filters") + &field("message") };
    format!("{bound} {} {} {why}", field("status"), field("profile"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decisions_about_an_earlier_pod_of_the_name_are_left_out() {
        let pod = |uid: Option<&str>| PodRef {
            namespace: "a".to_string(),
            name: "b".to_string(),
            uid: uid.map(str::to_string),
            scheduler: None,
            node: None,
        };
        let list = json!({"decisions": [{"uid": "new", "attempt": 1}, {"uid": "old", "attempt": 3}]});
        let count =
            |uid| of_this_pod(list.clone(), &pod(uid)).map(|l| l["decisions"].as_array().unwrap().len());
        assert_eq!((count(Some("new")), count(None), count(Some("newer"))), (Some(1), Some(2), None));
    }

    #[test]
    fn replicas_have_the_same_answer_wherever_and_whenever() {
        let list = |node: &str, time: &str, message: &str| json!({"decisions": [{"status": "Scheduled", "profile": "p", "node": node, "time": time, "message": message}]});
        let one = list("n1", "1", "");
        assert_eq!(same(Some(&one), true), same(Some(&list("n2", "2", "")), true));
        assert_eq!(same(Some(&list("n2", "2", "a")), false), same(Some(&list("n2", "3", "a")), false));
        assert_ne!(same(Some(&list("n2", "2", "a")), false), same(Some(&list("n2", "2", "b")), false));
        assert_ne!(same(Some(&one), true), same(None, true));
    }
}
