//! What becomes of the probe pod, step by step.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::super::{Check, list, text};
use super::pod::Probe;
use crate::call::{ApiError, Caller, path};

/// First and longest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// How much longer the event of the binding may take than the binding, at the most.
const EVENT_WAIT: Duration = Duration::from_secs(5);

/// Looks that may fail before the wait is given up.
const FAILURES: u32 = 5;

/// What is known of the pod.
#[derive(Default)]
struct Known {
    pod: Value,
    events: Vec<Value>,
    /// Why events cannot be read.
    hidden: Option<String>,
}

/// Waits for the node and for the event that says who chose it.
pub(super) async fn wait(api: &Caller, probe: &Probe, uid: &str, told: &mut dyn FnMut(Check)) {
    let began = Instant::now();
    let mut known = Known::default();
    let (mut pause, mut failures, mut seen) = (PAUSES.0, 0, false);
    loop {
        match known.look(api, probe, uid).await {
            Ok(()) => failures = 0,
            Err(error) if failures + 1 < FAILURES && !error.is_not_found() => failures += 1,
            Err(error) => return told(lost(&error)),
        }
        if !seen && let Some(how) = known.seen() {
            seen = true;
            told(Check::ok("the probe pod is seen by a scheduler").saying(how).after(began.elapsed()));
        }
        if !known.node().is_empty() {
            break;
        }
        if began.elapsed() >= probe.wait {
            return told(known.stuck(probe));
        }
        sleep(pause.min(probe.wait.saturating_sub(began.elapsed()))).await;
        pause = (pause * 5 / 4).min(PAUSES.1);
    }
    let node = format!("to {}", known.node());
    told(Check::ok("the probe pod is bound").saying(node).after(began.elapsed()));
    told(binder(api, probe, uid, known).await);
}

fn lost(error: &ApiError) -> Check {
    const NAME: &str = "the probe pod is bound";
    if error.is_not_found() {
        let remedy = "something in the cluster deletes unknown pods: choose another --namespace";
        return Check::failed(NAME, "somebody deleted it", remedy);
    }
    Check::failed(NAME, error.to_string(), "run the check again when the API server answers")
}

/// Whether it was us who chose the node.
async fn binder(api: &Caller, probe: &Probe, uid: &str, mut known: Known) -> Check {
    let name = format!("{} has bound it", probe.scheduler_name);
    let began = Instant::now();
    loop {
        let scheduled = known.events.iter().find(|e| text(e, "/reason") == "Scheduled");
        if let Some(event) = scheduled {
            let by = reporter(event);
            if by == probe.scheduler_name {
                let instance = text(event, "/reportingInstance");
                return Check::ok(name).saying(format!("event Scheduled from {instance}"));
            }
            let remedy =
                "the scheduler with that name takes pods that ask for another one: look at its configuration";
            return Check::failed(name, format!("event Scheduled is from {by}"), remedy);
        }
        if let Some(why) = &known.hidden {
            return Check::skipped(name, format!("no permission to read events: {why}"));
        }
        if began.elapsed() >= EVENT_WAIT.min(probe.wait) {
            let remedy =
                "the scheduler may not write events, or the API server refuses them: look at its log";
            return Check::warning(name, "the pod has no event Scheduled", remedy);
        }
        sleep(PAUSES.1).await;
        // What cannot be read now may be read next time.
        let _ = known.look(api, probe, uid).await;
    }
}

/// Who wrote an event.
fn reporter(event: &Value) -> &str {
    match text(event, "/reportingComponent") {
        "" => text(event, "/source/component"),
        component => component,
    }
}

impl Known {
    async fn look(&mut self, api: &Caller, probe: &Probe, uid: &str) -> Result<(), ApiError> {
        self.pod = api.get(&path::pod(&probe.namespace, &probe.name)).await?;
        if self.hidden.is_none() {
            let events = format!("/api/v1/namespaces/{}/events", probe.namespace);
            match list(api, &events, &format!("involvedObject.uid={uid}")).await {
                Ok(events) => self.events = events,
                Err(error) if error.code == 403 => self.hidden = Some(error.message),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn node(&self) -> &str {
        text(&self.pod, "/spec/nodeName")
    }

    fn condition(&self) -> Option<&Value> {
        let conditions = self.pod.pointer("/status/conditions").and_then(Value::as_array);
        conditions.into_iter().flatten().find(|c| text(c, "/type") == "PodScheduled")
    }

    /// The first sign that a scheduler knows of the pod.
    fn seen(&self) -> Option<String> {
        let condition = self.condition().map(|c| match text(c, "/reason") {
            "" => format!("condition PodScheduled={}", text(c, "/status")),
            reason => format!("condition PodScheduled={} ({reason})", text(c, "/status")),
        });
        let event =
            || self.events.first().map(|e| format!("event {} from {}", text(e, "/reason"), reporter(e)));
        let node = || (!self.node().is_empty()).then(|| "it has a node".to_string());
        condition.or_else(event).or_else(node)
    }

    /// Why there is no node, once there is no time left.
    fn stuck(&self, probe: &Probe) -> Check {
        let (name, ours) = ("the probe pod is bound", &probe.scheduler_name);
        let after = format!("not within {:?}", probe.wait);
        if let Some(condition) = self.condition().filter(|c| text(c, "/status") == "False") {
            let reason = text(condition, "/reason");
            let message = format!("{after}: {reason}: {}", text(condition, "/message"));
            let remedy = match reason {
                "Unschedulable" => {
                    "the scheduler answers, but no node takes the pod: fix what the message says about the nodes"
                }
                "SchedulingGated" => "an admission webhook or policy gates pods: choose another --namespace",
                _ => "the scheduler failed: look at its log",
            };
            return Check::failed(name, message, remedy);
        }
        let message = match self.events.last() {
            Some(event) => format!("{after}: {}: {}", text(event, "/reason"), text(event, "/message")),
            None => format!("{after}: no scheduler has looked at it; nobody serves schedulerName {ours}"),
        };
        let remedy = format!(
            "is the scheduler running, the leader, and is a profile of its configuration called {ours}? \
             kubectl get pods -A -l app.kubernetes.io/name=longshore, and their logs"
        );
        Check::failed(name, message, remedy)
    }
}
