//! The formats of names and values that `format.NAME().validate(text)` knows.

use std::fmt;

use super::instant::Instant;
use super::url::Url;

/// What is wrong with a text.
type Check = fn(&str) -> Option<String>;

/// A format.
pub(in super::super) struct Format {
    /// As expressions name it.
    pub(in super::super) name: &'static str,
    check: Check,
    /// For the cost: how long an expression would be that checks it.
    pub(in super::super) pattern_size: u64,
}

impl Format {
    /// What is wrong with the text, if it is not of this format.
    pub(in super::super) fn problem(&self, text: &str) -> Option<String> {
        (self.check)(text)
    }

    /// The format of that name.
    pub(in super::super) fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All formats.
pub(in super::super) static FORMATS: &[Format] = &[
    Format { name: "dns1123Label", check: dns1123_label, pattern_size: 30 },
    Format { name: "dns1123Subdomain", check: dns1123_subdomain, pattern_size: 60 },
    Format { name: "dns1035Label", check: dns1035_label, pattern_size: 30 },
    Format { name: "qualifiedName", check: qualified_name, pattern_size: 60 },
    Format { name: "dns1123LabelPrefix", check: |text| dns1123_label(&whole(text)), pattern_size: 30 },
    Format {
        name: "dns1123SubdomainPrefix",
        check: |text| dns1123_subdomain(&whole(text)),
        pattern_size: 60,
    },
    Format { name: "dns1035LabelPrefix", check: |text| dns1035_label(&whole(text)), pattern_size: 30 },
    Format { name: "labelValue", check: label_value, pattern_size: 40 },
    Format { name: "uri", check: |text| Url::parse(text).err(), pattern_size: 1103 },
    Format { name: "uuid", check: uuid, pattern_size: 71 },
    Format { name: "byte", check: byte, pattern_size: 84 },
    Format { name: "date", check: date, pattern_size: 174 },
    Format { name: "datetime", check: datetime, pattern_size: 174 },
];

/// A prefix may end in a dash, because more will follow.
fn whole(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => format!("{rest}a"),
        _ => prefix.to_string(),
    }
}

fn is_label(text: &str) -> bool {
    let part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().next_back()];
    ends.iter().all(|end| end.is_some_and(part)) && text.bytes().all(|b| part(b) || b == b'-')
}

fn dns1123_label(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".into());
    }
    let wrong = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                 and end with an alphanumeric character";
    (!is_label(text)).then(|| wrong.into())
}

fn dns1123_subdomain(text: &str) -> Option<String> {
    if text.len() > 253 {
        return Some("must be no more than 253 characters".into());
    }
    let wrong = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                 must start and end with an alphanumeric character";
    (!text.split('.').all(is_label)).then(|| wrong.into())
}

fn dns1035_label(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".into());
    }
    let right = is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase());
    let wrong = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                 character, and end with an alphanumeric character";
    (!right).then(|| wrong.into())
}

fn is_value(text: &str) -> bool {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    ends.iter().all(|end| end.is_some_and(|b| b.is_ascii_alphanumeric())) && text.bytes().all(inner)
}

fn label_value(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".into());
    }
    let wrong = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
                 must start and end with an alphanumeric character";
    (!text.is_empty() && !is_value(text)).then(|| wrong.into())
}

fn qualified_name(text: &str) -> Option<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(problem) = prefix.and_then(dns1123_subdomain) {
        return Some(format!("prefix part {problem}"));
    }
    let right = name.len() <= 63 && is_value(name);
    (!right).then(|| "name part must consist of alphanumeric characters, '-', '_' or '.'".into())
}

fn uuid(text: &str) -> Option<String> {
    let bare: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    let dashes = |b: (usize, u8)| b.1 != b'-' || matches!(b.0, 8 | 13 | 18 | 23);
    let right = bare.len() == 32
        && bare.iter().all(u8::is_ascii_hexdigit)
        && (text.len() == 32 || (text.len() == 36 && text.bytes().enumerate().all(dashes)));
    (!right).then(|| "does not match the UUID format".into())
}

fn byte(text: &str) -> Option<String> {
    let body = text.trim_end_matches('=');
    let right = !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    (!right).then(|| "invalid base64".into())
}

fn date(text: &str) -> Option<String> {
    let right = text.len() == 10 && Instant::parse(&format!("{text}T00:00:00Z")).is_some();
    (!right).then(|| "invalid date".into())
}

fn datetime(text: &str) -> Option<String> {
    Instant::parse(text).is_none().then(|| "invalid datetime".into())
}
