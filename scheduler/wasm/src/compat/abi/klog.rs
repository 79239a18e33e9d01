//! `k8s.io/klog`: lines for the log.

use wasmtime::{Caller, Linker, Result};

use super::Inside;
use super::memory::{strings, try_read};
use crate::failure::harmless;

const MODULE: &str = "k8s.io/klog";

/// The longest line, in bytes.
const LONGEST: usize = 4096;

pub(super) fn add(linker: &mut Linker<Inside>) -> Result<()> {
    linker.func_wrap(MODULE, "log", log)?;
    linker.func_wrap(MODULE, "logs", logs)?;
    linker.func_wrap(MODULE, "severity", severity)?;
    Ok(())
}

fn log(mut caller: Caller<'_, Inside>, severity: i32, msg: i32, len: i32) -> Result<()> {
    // What cannot be read is not logged; that is no reason to fail.
    if let Some(line) = line(&mut caller, severity, msg, len)? {
        say(caller.data(), severity, &line);
    }
    Ok(())
}

/// With keys and values, which are appended as `key=value`.
fn logs(
    mut caller: Caller<'_, Inside>,
    severity: i32,
    msg: i32,
    len: i32,
    kvs: i32,
    kvs_len: i32,
) -> Result<()> {
    let Some(mut line) = line(&mut caller, severity, msg, len)? else { return Ok(()) };
    let Some(pairs) = try_read(&mut caller, kvs, kvs_len)? else { return Ok(()) };
    let mut key = true;
    for text in strings(&pairs[..pairs.len().min(LONGEST)]) {
        line.push(if key { ' ' } else { '=' });
        line.push_str(&text);
        key = !key;
    }
    say(caller.data(), severity, &line);
    Ok(())
}

fn severity(caller: Caller<'_, Inside>) -> i32 {
    caller.data().common.severity
}

/// The text of a line that is to be logged.
fn line(caller: &mut Caller<'_, Inside>, severity: i32, msg: i32, len: i32) -> Result<Option<String>> {
    if severity < caller.data().common.severity {
        return Ok(None);
    }
    let text = try_read(caller, msg, len)?;
    Ok(text.map(|text| String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into_owned()))
}

fn say(inside: &Inside, severity: i32, line: &str) {
    if inside.muted || !inside.common.may_log() {
        return;
    }
    // One line stays one line.
    let line = harmless(line.replace('\n', " "));
    let plugin = &*inside.common.plugin;
    match severity {
        ..=0 => tracing::info!(plugin, "{line}"),
        1 => tracing::warn!(plugin, "{line}"),
        _ => tracing::error!(plugin, "{line}"),
    }
}
