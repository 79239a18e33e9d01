//! The guest's memory.

use wasmtime::{Caller, Extern, Memory, Result};

use super::Inside;

/// The memory, which every guest exports.
fn memory(caller: &mut Caller<'_, Inside>) -> Result<Memory> {
    if let Some(memory) = caller.data().memory {
        return Ok(memory);
    }
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        wasmtime::bail!("it has no memory to write to yet");
    };
    caller.data_mut().memory = Some(memory);
    Ok(memory)
}

fn range(at: i32, len: usize) -> Option<std::ops::Range<usize>> {
    let start = at.cast_unsigned() as usize;
    Some(start..start.checked_add(len)?)
}

/// The rule of all `buf, buf_limit` functions: the length of the value is the answer, and it is written only when it is
/// not empty and fits.
pub(super) fn give(caller: &mut Caller<'_, Inside>, buf: i32, limit: i32, value: &[u8]) -> Result<i32> {
    if !value.is_empty() && value.len() <= limit.cast_unsigned() as usize {
        write(caller, buf, value)?;
    }
    Ok(i32::try_from(value.len()).unwrap_or(i32::MAX))
}

/// Writes, whatever room the guest says there is.
pub(super) fn write(caller: &mut Caller<'_, Inside>, at: i32, value: &[u8]) -> Result<()> {
    let memory = memory(caller)?;
    match range(at, value.len()).and_then(|range| memory.data_mut(caller).get_mut(range)) {
        Some(room) => room.copy_from_slice(value),
        None => wasmtime::bail!("out of memory"),
    }
    Ok(())
}

/// Reads; `None` when the range is not in memory.
pub(super) fn try_read<'c>(
    caller: &'c mut Caller<'_, Inside>,
    at: i32,
    len: i32,
) -> Result<Option<&'c [u8]>> {
    let memory = memory(caller)?;
    let range = range(at, len.cast_unsigned() as usize);
    Ok(range.and_then(|range| memory.data(caller).get(range)))
}

/// Reads `what`.
pub(super) fn read<'c>(
    caller: &'c mut Caller<'_, Inside>,
    at: i32,
    len: i32,
    what: &str,
) -> Result<&'c [u8]> {
    match try_read(caller, at, len)? {
        Some(bytes) => Ok(bytes),
        None => wasmtime::bail!("out of memory reading {what}"),
    }
}

/// Reads text; bytes that are none become the replacement character.
pub(super) fn read_text(caller: &mut Caller<'_, Inside>, at: i32, len: i32, what: &str) -> Result<String> {
    Ok(String::from_utf8_lossy(read(caller, at, len, what)?).into_owned())
}

/// A number in the way of the guest's machine.
pub(super) fn write_u32(caller: &mut Caller<'_, Inside>, at: i32, value: u32) -> Result<()> {
    write(caller, at, &value.to_le_bytes())
}

/// Likewise.
pub(super) fn write_u64(caller: &mut Caller<'_, Inside>, at: i32, value: u64) -> Result<()> {
    write(caller, at, &value.to_le_bytes())
}

/// Strings that end with a zero byte, back to back; one without an end is left out.
pub(super) fn strings(bytes: &[u8]) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    let ended = bytes.iter().rposition(|b| *b == 0).map(|end| bytes[..end].split(|b| *b == 0));
    ended.into_iter().flatten().map(String::from_utf8_lossy)
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(bytes: &[u8], want: &[&str]) {
        assert_eq!(super::strings(bytes).collect::<Vec<_>>(), want);
    }

    #[test]
    fn zero_ended_strings() {
        check(b"", &[]);
        check(b"\0", &[""]);
        check(b"a", &[]);
        check(b"a\0", &["a"]);
        check(b"a\0\0bc\0", &["a", "", "bc"]);
        check(b"a\0rest", &["a"]);
        check(b"\xff\0", &["\u{fffd}"]);
    }
}
