//! A claim in Protocol Buffers, as the API server stores it, changed in one place and left as it is everywhere else.
//!
//! What drivers are told (`opaque.parameters`) is JSON of any form, and the API server compares it byte by byte. In JSON it loses its
//! blanks on the way, so that a claim could not be written at all; here it is never touched.

use longshore_framework::Str;

/// What an object in Protocol Buffers begins with.
const MAGIC: &[u8] = b"k8s\0";

/// Fields of `runtime.Unknown`, ResourceClaim, ObjectMeta, its status and one who uses it.
const RAW: u64 = 2;
const METADATA: u64 = 1;
const STATUS: u64 = 3;
const UID: u64 = 5;
const RESOURCE_VERSION: u64 = 6;
const FINALIZERS: u64 = 14;
const RESERVED_FOR: u64 = 2;
const USER_RESOURCE: u64 = 3;
const USER_NAME: u64 = 4;
const USER_UID: u64 = 5;

/// A change of a claim.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// One finalizer more.
    AddFinalizer(&'static str),
    /// One finalizer less.
    RemoveFinalizer(&'static str),
    /// One pod more that uses it.
    AddPod { name: Str, uid: Str },
    /// One user less.
    RemoveUser { uid: Str },
}

/// A field: its number, and all of its bytes with key and length, of which the content is the end.
struct Field<'m> {
    number: u64,
    whole: &'m [u8],
    content: &'m [u8],
}

/// `metadata.uid` and `metadata.resourceVersion`; `None` when it is no such object.
pub(super) fn identity(object: &[u8]) -> Option<(String, String)> {
    let claim = content(object.strip_prefix(MAGIC)?, RAW)?;
    let metadata = content(claim, METADATA)?;
    let text = |number| Some(String::from_utf8_lossy(content(metadata, number)?).into_owned());
    Some((text(UID)?, text(RESOURCE_VERSION)?))
}

/// The object with a change; `None` when it is no such object.
pub(super) fn edited(object: &[u8], edit: &Edit) -> Option<Vec<u8>> {
    let envelope = object.strip_prefix(MAGIC)?;
    let place = match edit {
        Edit::AddFinalizer(_) | Edit::RemoveFinalizer(_) => METADATA,
        Edit::AddPod { .. } | Edit::RemoveUser { .. } => STATUS,
    };
    let changed = within(envelope, RAW, |claim| within(claim, place, |part| apply(part, edit)))?;
    Some([MAGIC, &changed].concat())
}

fn apply(part: &[u8], edit: &Edit) -> Option<Vec<u8>> {
    Some(match edit {
        Edit::AddFinalizer(name) => [part, &field(FINALIZERS, name.as_bytes())].concat(),
        Edit::RemoveFinalizer(name) => {
            without(part, |f| f.number == FINALIZERS && f.content == name.as_bytes())?
        }
        Edit::AddPod { name, uid } => {
            let user = [
                field(USER_RESOURCE, b"pods"),
                field(USER_NAME, name.as_bytes()),
                field(USER_UID, uid.as_bytes()),
            ];
            [part, &field(RESERVED_FOR, &user.concat())].concat()
        }
        Edit::RemoveUser { uid } => without(part, |f| {
            f.number == RESERVED_FOR && content(f.content, USER_UID) == Some(uid.as_bytes())
        })?,
    })
}

/// The message with another content of its field `number`, which is empty where it is absent.
fn within(message: &[u8], number: u64, change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let (mut out, mut found) = (Vec::with_capacity(message.len() + 128), false);
    for of in fields(message)? {
        if of.number == number && !found {
            found = true;
            out.extend(field(number, &change(of.content)?));
        } else {
            out.extend_from_slice(of.whole);
        }
    }
    if !found {
        out.extend(field(number, &change(&[])?));
    }
    Some(out)
}

fn without(message: &[u8], is_meant: impl Fn(&Field<'_>) -> bool) -> Option<Vec<u8>> {
    let kept = fields(message)?.into_iter().filter(|field| !is_meant(field));
    Some(kept.flat_map(|field| field.whole.to_vec()).collect())
}

fn content(message: &[u8], number: u64) -> Option<&[u8]> {
    fields(message)?.into_iter().find(|field| field.number == number).map(|field| field.content)
}

/// The fields of a message; `None` when it is none.
fn fields(mut message: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let start = message;
        let (key, rest) = varint(message)?;
        let (content, rest) = match key & 7 {
            0 => {
                let (_, after) = varint(rest)?;
                (&rest[..0], after)
            }
            1 => (&rest[..0], rest.get(8..)?),
            2 => {
                let (length, rest) = varint(rest)?;
                let length = usize::try_from(length).ok()?;
                (rest.get(..length)?, rest.get(length..)?)
            }
            5 => (&rest[..0], rest.get(4..)?),
            _ => return None,
        };
        let whole = &start[..start.len() - rest.len()];
        fields.push(Field { number: key >> 3, whole, content });
        message = rest;
    }
    Some(fields)
}

/// A number and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at).min(63);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// A field with a length.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 8);
    for mut value in [number << 3 | 2, content.len() as u64] {
        while value >= 0x80 {
            out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A claim with a long spec that no JSON would keep as it is.
    fn claim(finalizers: &[&str], users: &[&str]) -> Vec<u8> {
        let mut metadata = [field(1, b"k"), field(UID, b"u"), field(RESOURCE_VERSION, b"7")].concat();
        finalizers.iter().for_each(|name| metadata.extend(field(FINALIZERS, name.as_bytes())));
        let users = users.iter().map(|uid| field(RESERVED_FOR, &field(USER_UID, uid.as_bytes())));
        let status = users.collect::<Vec<_>>().concat();
        let claim = [field(METADATA, &metadata), field(2, &[b' '; 300]), field(STATUS, &status)].concat();
        [MAGIC, &field(1, b"type"), &field(RAW, &claim), &[0x18, 0x01]].concat()
    }

    #[track_caller]
    fn check(before: Vec<u8>, edit: Edit, after: Vec<u8>) {
        assert_eq!(edited(&before, &edit), Some(after), "{edit:?}");
    }

    #[test]
    fn only_what_is_meant_changes() {
        check(claim(&["a"], &[]), Edit::AddFinalizer("b"), claim(&["a", "b"], &[]));
        check(claim(&["a", "b"], &[]), Edit::RemoveFinalizer("a"), claim(&["b"], &[]));
        check(claim(&[], &["x", "y"]), Edit::RemoveUser { uid: "x".into() }, claim(&[], &["y"]));
        let added = edited(&claim(&[], &["x"]), &Edit::AddPod { name: "p".into(), uid: "z".into() }).unwrap();
        check(added, Edit::RemoveUser { uid: "z".into() }, claim(&[], &["x"]));
        assert_eq!(identity(&claim(&[], &[])), Some(("u".to_string(), "7".to_string())));
    }

    #[test]
    fn what_is_no_claim_is_left_alone() {
        for bytes in [&b""[..], b"{}", b"k8s\0\xff", b"k8s\0\x12\x7f\x01", b"k8s\0\x13"] {
            assert_eq!(edited(bytes, &Edit::AddFinalizer("a")), None, "{bytes:?}");
            assert_eq!(identity(bytes), None);
        }
    }
}
