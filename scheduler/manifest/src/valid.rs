//! What the API server takes for a name, a key or a value (`k8s.io/apimachinery/pkg/util/validation`), and how what it does
//! not take is said.

use std::collections::BTreeSet;

use longshore_framework::resources::is_qualified_part;

use crate::error::{ObjectError, quoted};

type Result<T> = std::result::Result<T, ObjectError>;

/// Lower-case letters, digits and `-`, at most 63.
pub(crate) fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label(text)
}

fn is_label(text: &str) -> bool {
    let edge = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(edge)
        && bytes.last().is_some_and(edge)
        && bytes.iter().all(|b| edge(b) || *b == b'-')
}

/// Labels with dots between, at most 253 characters.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Letters, digits and `_`, not beginning with a digit, at most 32.
pub(crate) fn is_identifier(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() <= 32
        && bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// A name with or without a domain before it, as labels have it.
pub(crate) fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_dns_subdomain(domain) && is_qualified_part(name),
        None => is_qualified_part(text),
    }
}

/// Nothing, or what may stand for the value of a label.
pub(crate) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_qualified_part(text)
}

/// A version as semver.org has it.
pub(crate) fn is_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, before) = text.split_once('-').map_or((text, None), |(core, before)| (core, Some(before)));
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let early = |part: &str| word(part) && (!part.bytes().all(|b| b.is_ascii_digit()) || number(part));
    core.split('.').count() == 3
        && core.split('.').all(number)
        && before.is_none_or(|before| before.split('.').all(early))
        && build.is_none_or(|build| build.split('.').all(word))
}

/// Whether something holds; else the field is wrong.
pub(crate) fn ensure(holds: bool, field: &str, message: impl Into<String>) -> Result<()> {
    if holds { Ok(()) } else { Err(ObjectError::of(field, message)) }
}

/// A text that is given, and of a form.
pub(crate) fn formed(text: &str, form: fn(&str) -> bool, field: &str, like: &str) -> Result<()> {
    ensure(!text.is_empty(), field, format!("must be given, such as {like}"))?;
    ensure(form(text), field, format!("must be a name like {like}, not {}", quoted(text)))
}

/// A list that is not too long.
pub(crate) fn at_most(count: usize, most: usize, field: &str) -> Result<()> {
    ensure(count <= most, field, format!("has {count} entries; the API server takes {most}"))
}

/// Names that are all different; `list` and `field` say where the second of two equal ones stands.
pub(crate) fn unique<'n>(names: impl Iterator<Item = &'n str>, list: &str, field: &str) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        let place = if field.is_empty() { format!("{list}[{at}]") } else { format!("{list}[{at}].{field}") };
        ensure(
            seen.insert(name),
            &place,
            format!("{} is there already; each must be different", quoted(name)),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: fn(&str) -> bool, right: &[&str], wrong: &[&str]) {
        right.iter().for_each(|text| assert!(form(text), "{text}"));
        wrong.iter().for_each(|text| assert!(!form(text), "{text}"));
    }

    #[test]
    fn names_are_of_their_form() {
        check(is_dns_label, &["a", "gpu-0"], &["", "-a", "a-", "A", "a.b", &"a".repeat(64)]);
        check(is_dns_subdomain, &["gpu.example.com", "a"], &["", "a..b", "A.b", &"a.".repeat(127)]);
        check(is_identifier, &["memory", "_x1", "coreCount"], &["", "1a", "a-b", &"a".repeat(33)]);
        check(is_label_key, &["a/b", "b", "gpu.example.com/Broken"], &["", "a/", "/b", "A b"]);
        check(is_label_value, &["", "a_b"], &["-a", "a b"]);
    }

    #[test]
    fn versions_are_semantic() {
        check(
            is_version,
            &["1.2.3", "0.0.0", "1.2.3-alpha.1+build.01", "1.2.3-0a", "1.2.3--"],
            &["1.2", "01.2.3", "1.2.3-01", "1.2.3-", "v1.2.3", "1.2.3+", ""],
        );
    }
}
