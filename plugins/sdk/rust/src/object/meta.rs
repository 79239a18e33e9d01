//! An object: what every object has, and the author's type.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Owner;

/// An object as the plugin reads it. Fields of the author's type are at hand by `Deref`.
#[derive(Clone, Debug, PartialEq)]
pub struct Object<T> {
    /// The namespace; empty for an object that is in none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The UID.
    pub uid: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `metadata.ownerReferences`.
    pub owners: Vec<Owner>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created: Option<i64>,
    /// When its deletion was asked for, in milliseconds since the Unix epoch.
    pub deleted: Option<i64>,
    /// The object as the author's type.
    pub body: T,
}

impl<T> Object<T> {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }
}

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.body
    }
}

impl<T: DeserializeOwned> Object<T> {
    /// Reads an object. The namespace and the name are those that the scheduler says.
    pub(crate) fn read(namespace: &str, name: &str, json: &[u8]) -> Result<Self, String> {
        let body = serde_json::from_slice(json).map_err(|e| cause(&e))?;
        let Envelope { metadata } = serde_json::from_slice(json).map_err(|e| cause(&e))?;
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: metadata.uid.unwrap_or_default(),
            labels: metadata.labels.unwrap_or_default(),
            owners: metadata.owner_references.unwrap_or_default().into_iter().map(Into::into).collect(),
            created: metadata.creation_timestamp.as_deref().and_then(milliseconds),
            deleted: metadata.deletion_timestamp.as_deref().and_then(milliseconds),
            body,
        })
    }
}

/// What is wrong, without the place in a line that nobody has seen.
fn cause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(cause, _)| cause.to_owned())
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<Reference>>,
    creation_timestamp: Option<String>,
    deletion_timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    uid: String,
}

impl From<Reference> for Owner {
    fn from(Reference { kind, name, uid }: Reference) -> Self {
        Self { kind, name, uid }
    }
}

/// A time of RFC 3339 with the zone `Z`, as the API server writes it, in milliseconds since the Unix epoch.
fn milliseconds(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date.split('-'))?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time.split(':'))?;
    let known = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !known || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let thousandths = match fraction {
        "" => 0,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<3}").get(..3)?.parse().ok()?
        }
        _ => return None,
    };
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(seconds * 1000 + thousandths)
}

fn numbers<'a>(mut texts: impl Iterator<Item = &'a str>) -> Option<[i64; 3]> {
    let mut next = || texts.next()?.parse().ok().filter(|number: &i64| *number >= 0);
    let found = [next()?, next()?, next()?];
    texts.next().is_none().then_some(found)
}

/// Days since the Unix epoch. Years begin in March here, so that the leap day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_api_server_writes_them() {
        let check = |text, expected| assert_eq!(milliseconds(text), expected, "{text}");
        check("1970-01-01T00:00:00Z", Some(0));
        check("2024-02-29T12:30:15Z", Some(1_709_209_815_000));
        check("2024-03-01T00:00:00Z", Some(1_709_251_200_000));
        check("2000-12-31T23:59:59.123456Z", Some(978_307_199_123));
        check("1969-12-31T23:59:59.5Z", Some(-500));
        for wrong in ["", "now", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00Z"] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_every_object_has_is_read_beside_the_body() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Body {
            spec: u8,
        }
        let json = br#"{"spec": 7, "metadata": {"uid": "u", "labels": {"a": "b"}, "creationTimestamp": "1970-01-01T00:00:01Z",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "o", "controller": true}]}}"#;
        let object = Object::<Body>::read("shop", "x", json).unwrap();
        assert_eq!((&*object.namespace, &*object.name, &*object.uid, object.spec), ("shop", "x", "u", 7));
        assert_eq!((object.label("a"), object.created, object.deleted), (Some("b"), Some(1000), None));
        assert_eq!(object.owners, [Owner { kind: "Node".into(), name: "n".into(), uid: "o".into() }]);
        let error = Object::<Body>::read("shop", "x", br#"{"spec": "seven"}"#).unwrap_err();
        assert!(error.contains("expected u8"), "{error}");
    }
}
