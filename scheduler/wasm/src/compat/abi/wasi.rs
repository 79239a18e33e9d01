//! `wasi_snapshot_preview1`, as little of it as the runtimes of guest languages need to start. There is nothing behind
//! it: no files, no network, no environment, a clock that counts its own readings, and random numbers that are the same
//! every time.

use std::fmt;

use wasmtime::{Caller, ExternType, Linker, Module, Result, Val, ValType};

use super::Inside;
use super::memory::{try_read, write, write_u32, write_u64};

const MODULE: &str = "wasi_snapshot_preview1";

/// What the clock says first, in nanoseconds: the first second of 2022.
pub(super) const CLOCK_START: u64 = 1_640_995_200_000_000_000;

/// The seed of every guest's random numbers.
pub(super) const SEED: u64 = 42;

/// A reading takes a millisecond.
const TICK: u64 = 1_000_000;

/// Bytes of output that are kept of one call.
const MOST_PRINTED: usize = 64 << 10;

const SUCCESS: i32 = 0;
const BAD_FILE: i32 = 8;
const FAULT: i32 = 21;
const NOT_THERE: i32 = 52;

/// The guest left.
#[derive(Debug)]
pub(super) struct Exit(i32);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it exited with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

pub(super) fn add(linker: &mut Linker<Inside>, module: &Module) -> Result<()> {
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "clock_time_get", clock_time_get)?;
    linker.func_wrap(MODULE, "random_get", random_get)?;
    linker.func_wrap(MODULE, "args_sizes_get", args_sizes_get)?;
    linker.func_wrap(MODULE, "args_get", args_get)?;
    linker.func_wrap(MODULE, "environ_sizes_get", environ_sizes_get)?;
    linker.func_wrap(MODULE, "environ_get", |_: i32, _: i32| SUCCESS)?;
    linker.func_wrap(MODULE, "proc_exit", proc_exit)?;
    linker.func_wrap(MODULE, "sched_yield", || SUCCESS)?;
    others(linker, module)
}

/// Functions that nothing is behind: no file is open, and anything else is not there.
fn others(linker: &mut Linker<Inside>, module: &Module) -> Result<()> {
    const KNOWN: [&str; 9] = [
        "fd_write",
        "clock_time_get",
        "random_get",
        "args_sizes_get",
        "args_get",
        "environ_sizes_get",
        "environ_get",
        "proc_exit",
        "sched_yield",
    ];
    for import in module.imports().filter(|i| i.module() == MODULE && !KNOWN.contains(&i.name())) {
        let ExternType::Func(ty) = import.ty() else { continue };
        let results: Vec<ValType> = ty.results().collect();
        if matches!(results.as_slice(), [ValType::I32]) {
            let code = if import.name().starts_with("fd_") { BAD_FILE } else { NOT_THERE };
            linker.func_new(MODULE, import.name(), ty, move |_, _, results| {
                results.iter_mut().for_each(|result| *result = Val::I32(code));
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Standard output and error go into one buffer; pieces of output are named by pairs of place and length.
fn fd_write(mut caller: Caller<'_, Inside>, fd: i32, pieces: i32, count: i32, written: i32) -> Result<i32> {
    if !matches!(fd, 1 | 2) {
        return Ok(BAD_FILE);
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_i32, |n, byte| n << 8 | i32::from(*byte));
    let mut total: u32 = 0;
    for piece in 0..count.clamp(0, 1024) {
        let Some(pair) = try_read(&mut caller, pieces.wrapping_add(piece.wrapping_mul(8)), 8)? else {
            return Ok(FAULT);
        };
        let (at, len) = (number(&pair[..4]), number(&pair[4..]));
        let Some(bytes) = try_read(&mut caller, at, len)? else { return Ok(FAULT) };
        total = total.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let kept = bytes[..bytes.len().min(MOST_PRINTED)].to_vec();
        let printed = &mut caller.data_mut().printed;
        let room = MOST_PRINTED.saturating_sub(printed.len());
        printed.extend_from_slice(&kept[..kept.len().min(room)]);
    }
    write_u32(&mut caller, written, total)?;
    Ok(SUCCESS)
}

fn clock_time_get(mut caller: Caller<'_, Inside>, _clock: i32, _precision: i64, out: i32) -> Result<i32> {
    let inside = caller.data_mut();
    inside.clock = inside.clock.wrapping_add(TICK);
    let now = inside.clock;
    write_u64(&mut caller, out, now)?;
    Ok(SUCCESS)
}

/// splitmix64: small, and the same everywhere.
fn random_get(mut caller: Caller<'_, Inside>, buf: i32, len: i32) -> Result<i32> {
    let Ok(mut left) = usize::try_from(len) else { return Ok(FAULT) };
    // Checked first, so that a length nobody has room for costs nothing.
    if try_read(&mut caller, buf, len)?.is_none() {
        return Ok(FAULT);
    }
    let mut at = buf;
    while left > 0 {
        let inside = caller.data_mut();
        inside.random = inside.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = inside.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bytes = (z ^ (z >> 31)).to_le_bytes();
        let piece = left.min(8);
        write(&mut caller, at, &bytes[..piece])?;
        at = at.wrapping_add(8);
        left -= piece;
    }
    Ok(SUCCESS)
}

fn args_sizes_get(mut caller: Caller<'_, Inside>, count: i32, size: i32) -> Result<i32> {
    let args = &caller.data().common.args;
    let (many, bytes) = (args.len(), args.iter().map(|arg| arg.len() + 1).sum::<usize>());
    write_u32(&mut caller, count, u32::try_from(many).unwrap_or(u32::MAX))?;
    write_u32(&mut caller, size, u32::try_from(bytes).unwrap_or(u32::MAX))?;
    Ok(SUCCESS)
}

/// Zero-ended texts back to back, and where each begins.
fn args_get(mut caller: Caller<'_, Inside>, list: i32, texts: i32) -> Result<i32> {
    let common = std::sync::Arc::clone(&caller.data().common);
    let (mut place, mut at) = (list, texts);
    for arg in &common.args {
        write_u32(&mut caller, place, at.cast_unsigned())?;
        write(&mut caller, at, arg.as_bytes())?;
        at = at.wrapping_add(i32::try_from(arg.len()).unwrap_or(i32::MAX));
        write(&mut caller, at, &[0])?;
        (place, at) = (place.wrapping_add(4), at.wrapping_add(1));
    }
    Ok(SUCCESS)
}

fn environ_sizes_get(mut caller: Caller<'_, Inside>, count: i32, size: i32) -> Result<i32> {
    write_u32(&mut caller, count, 0)?;
    write_u32(&mut caller, size, 0)?;
    Ok(SUCCESS)
}

fn proc_exit(mut caller: Caller<'_, Inside>, code: i32) -> Result<()> {
    caller.data_mut().exited = Some(code);
    Err(wasmtime::Error::from(Exit(code)))
}
