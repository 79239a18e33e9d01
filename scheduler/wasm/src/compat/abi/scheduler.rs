//! `k8s.io/scheduler`, the half that guests pull their questions through, and what they want of the scheduler.

use std::sync::Arc;

use longshore_framework::port::Request;
use serde::Deserialize;
use wasmtime::{Caller, Linker, Result};

use super::super::common::locked;
use super::super::objects::PodSource;
use super::Inside;
use super::memory::{give, read, read_text, write, write_u64};
use crate::failure::{cut, one_line};

const MODULE: &str = "k8s.io/scheduler";

/// The longest event as JSON, in bytes.
const LONGEST_EVENT: usize = 64 << 10;

pub(super) fn add(linker: &mut Linker<Inside>) -> Result<()> {
    linker.func_wrap(MODULE, "get_config", get_config)?;
    linker.func_wrap(MODULE, "currentPod", current_pod)?;
    linker.func_wrap(MODULE, "targetPod", target_pod)?;
    linker.func_wrap(MODULE, "currentNodeName", current_node_name)?;
    linker.func_wrap(MODULE, "filteredNodeList", filtered_node_list)?;
    linker.func_wrap(MODULE, "nodeToStatusMap", node_to_status_map)?;
    linker.func_wrap(MODULE, "nodeScoreList", node_score_list)?;
    linker.func_wrap(MODULE, "nodeImageStates", node_image_states)?;
    linker.func_wrap(MODULE, "handle.eventrecorder.eventf", eventf)?;
    linker.func_wrap(MODULE, "handle.reject_waiting_pod", reject_waiting_pod)?;
    linker.func_wrap(MODULE, "handle.get_waiting_pod", get_waiting_pod)?;
    Ok(())
}

fn get_config(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let common = Arc::clone(&caller.data().common);
    give(&mut caller, buf, limit, common.config.as_bytes())
}

fn current_pod(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let pod = caller.data().input.pod.clone();
    give_pod(&mut caller, buf, limit, pod.as_deref())
}

fn target_pod(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let pod = caller.data().input.target.clone();
    give_pod(&mut caller, buf, limit, pod.as_deref())
}

fn give_pod(caller: &mut Caller<'_, Inside>, buf: i32, limit: i32, pod: Option<&PodSource>) -> Result<i32> {
    let bytes = pod.map(|pod| Arc::clone(pod.bytes(&*caller.data().common.raw)));
    give(caller, buf, limit, bytes.as_deref().unwrap_or_default())
}

fn current_node_name(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let name = Arc::clone(&caller.data().input.node);
    give(&mut caller, buf, limit, name.as_bytes())
}

fn filtered_node_list(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let names = caller.data().input.filtered_nodes.clone();
    give(&mut caller, buf, limit, names.as_deref().unwrap_or("[]").as_bytes())
}

fn node_to_status_map(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let statuses = caller.data().input.statuses.clone();
    give(&mut caller, buf, limit, statuses.as_deref().unwrap_or("{}").as_bytes())
}

fn node_score_list(mut caller: Caller<'_, Inside>, buf: i32, limit: i32) -> Result<i32> {
    let scores = caller.data().input.scores.clone();
    give(&mut caller, buf, limit, scores.as_deref().unwrap_or("{}").as_bytes())
}

fn node_image_states(
    mut caller: Caller<'_, Inside>,
    name: i32,
    len: i32,
    buf: i32,
    limit: i32,
) -> Result<i32> {
    let name = read_text(&mut caller, name, len, "nodeName")?;
    let states = locked(&caller.data().nodes).images(&name);
    give(&mut caller, buf, limit, states.as_bytes())
}

/// What an event is about.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Reference {
    kind: String,
    #[serde(rename = "UID")]
    uid: String,
}

/// An event as the SDK writes it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Event {
    regarding_reference: Reference,
    eventtype: String,
    reason: String,
    note: String,
}

/// Events are about pods here: one about another object is not recorded.
fn eventf(mut caller: Caller<'_, Inside>, at: i32, len: i32) -> Result<()> {
    let json = read(&mut caller, at, len, "eventrecorder event")?;
    if json.len() > LONGEST_EVENT {
        wasmtime::bail!("an event of {} bytes", json.len());
    }
    let event: Event = match serde_json::from_slice(json) {
        Ok(event) => event,
        Err(error) => wasmtime::bail!("the event is not JSON of the right shape: {error}"),
    };
    let common = &caller.data().common;
    let regarding = event.regarding_reference;
    if !matches!(&*regarding.kind, "" | "Pod") || regarding.uid.is_empty() {
        tracing::debug!(
            plugin = &*common.plugin,
            kind = cut(regarding.kind),
            "an event about no pod is left out"
        );
        return Ok(());
    }
    if common.may_emit && !caller.data().muted && common.may_record() {
        let (reason, note) = (one_line(event.reason).into(), cut(event.note).into());
        let (plugin, warning) = (Arc::clone(&common.plugin), event.eventtype == "Warning");
        common.requests.push(Request::Event { uid: regarding.uid.into(), plugin, warning, reason, note });
    }
    Ok(())
}

/// Whether the pod was waiting and is turned away.
fn reject_waiting_pod(
    mut caller: Caller<'_, Inside>,
    uid: i32,
    len: i32,
    out: i32,
    _limit: i32,
) -> Result<()> {
    let uid = read_text(&mut caller, uid, len, "rejectWaitingPod")?;
    let common = &caller.data().common;
    let waited = !caller.data().muted && locked(&common.waiting).remove(&*uid).is_some();
    if waited {
        let plugin = Arc::clone(&common.plugin);
        // The words of kube-scheduler's framework.
        let message = "removed".into();
        common.requests.push(Request::Reject { uid: uid.into(), plugin, message });
    }
    write_u64(&mut caller, out, u64::from(waited))
}

/// The waiting pod, or a zero. The guest is not told how long the answer is, which no host can fix; what does not fit
/// its buffer is a failure.
fn get_waiting_pod(mut caller: Caller<'_, Inside>, uid: i32, len: i32, out: i32, limit: i32) -> Result<()> {
    let uid = read_text(&mut caller, uid, len, "getWaitingPod")?;
    let pod = locked(&caller.data().common.waiting).get(&*uid).cloned();
    let Some(pod) = pod else { return write_u64(&mut caller, out, 0) };
    let bytes = Arc::clone(pod.bytes(&*caller.data().common.raw));
    if bytes.len() > limit.cast_unsigned() as usize {
        wasmtime::bail!("out of memory writing getWaitingPod result");
    }
    write(&mut caller, out, &bytes)
}
