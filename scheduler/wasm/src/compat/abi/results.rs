//! `k8s.io/scheduler`, the half that guests push their answers through.

use std::collections::BTreeMap;

use wasmtime::{Caller, Linker, Result};

use super::memory::{read, read_text, strings, try_read};
use super::{Inside, Pushed};
use crate::failure::LONGEST_TEXT;

const MODULE: &str = "k8s.io/scheduler";

/// The longest list of scores as JSON, in bytes: more than a hundred thousand nodes.
const LONGEST_SCORES: usize = 16 << 20;

/// Node names and events that one call may push.
const MOST_NAMES: usize = 1 << 20;
const MOST_EVENTS: usize = 1024;

pub(super) fn add(linker: &mut Linker<Inside>) -> Result<()> {
    linker.func_wrap(MODULE, "result.cluster_events", cluster_events)?;
    linker.func_wrap(MODULE, "result.node_names", node_names)?;
    linker.func_wrap(MODULE, "result.nominated_node_name", nominated_node_name)?;
    linker.func_wrap(MODULE, "result.status_reason", status_reason)?;
    linker.func_wrap(MODULE, "result.normalized_score_list", normalized_score_list)?;
    Ok(())
}

fn pushed<'c>(caller: &'c mut Caller<'_, Inside>) -> &'c mut Pushed {
    &mut caller.data_mut().pushed
}

/// Pairs of little-endian numbers: a kind of object and what may have happened to it.
fn cluster_events(mut caller: Caller<'_, Inside>, at: i32, len: i32) -> Result<()> {
    let (records, _rest) = read(&mut caller, at, len, "clusterEvents")?.as_chunks::<8>();
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
    let pair = |record: &[u8; 8]| (number(&record[..4]), number(&record[4..]));
    let events = records.iter().take(MOST_EVENTS).map(pair).collect();
    pushed(&mut caller).events = events;
    Ok(())
}

fn node_names(mut caller: Caller<'_, Inside>, at: i32, len: i32) -> Result<()> {
    let names = strings(read(&mut caller, at, len, "nodeNames")?).filter(|name| !name.is_empty());
    let names = names.take(MOST_NAMES).map(|name| name.as_ref().into()).collect();
    pushed(&mut caller).node_names = names;
    Ok(())
}

fn nominated_node_name(mut caller: Caller<'_, Inside>, at: i32, len: i32) -> Result<()> {
    let name = read_text(&mut caller, at, len, "nominatedNodeName")?;
    pushed(&mut caller).nominated = name.into();
    Ok(())
}

/// The last one counts.
fn status_reason(mut caller: Caller<'_, Inside>, at: i32, len: i32) -> Result<()> {
    let reason = match try_read(&mut caller, at, len)? {
        // A little more than is kept, so that what is cut shows.
        Some(text) => String::from_utf8_lossy(&text[..text.len().min(LONGEST_TEXT + 4)]).into_owned(),
        None => "BUG: out of memory reading message".to_string(),
    };
    pushed(&mut caller).reason = reason;
    Ok(())
}

fn normalized_score_list(mut caller: Caller<'_, Inside>, at: i32, len: i32) -> Result<()> {
    let json = read(&mut caller, at, len, "normalized score list")?;
    if json.len() > LONGEST_SCORES {
        wasmtime::bail!("a normalized score list of {} bytes", json.len());
    }
    let scores: Option<BTreeMap<String, i64>> = match serde_json::from_slice(json) {
        Ok(scores) => scores,
        Err(error) => wasmtime::bail!("the normalized score list is not a JSON object of numbers: {error}"),
    };
    let scores = scores.filter(|scores| !scores.is_empty());
    pushed(&mut caller).scores = scores.map(|scores| scores.into_iter().collect());
    Ok(())
}
