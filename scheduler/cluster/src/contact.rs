//! How the holder of a Lease can be reached, and how whoever reaches it knows that it is the right one: annotations on the Lease.
//!
//! Whoever may write the Lease says which certificate is the scheduler's, so a Lease is believed only in a namespace where nobody
//! but administrators and the scheduler may write Leases.

use std::fmt;

use longshore_framework::Str;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What all annotations of ours begin with.
const PREFIX: &str = "longshore.dev/";
/// The `holderIdentity` whose annotations they are: those of an earlier holder say nothing.
const HOLDER: &str = "longshore.dev/holder";
/// Scheduler names of the holder's profiles, with commas between them.
const SCHEDULERS: &str = "longshore.dev/scheduler-names";
/// `namespace/name` of the holder's pod; absent where it runs in none.
const POD: &str = "longshore.dev/pod";
/// The name of the machine, or of the pod.
const HOST: &str = "longshore.dev/host";
/// Where it serves.
const PORT: &str = "longshore.dev/port";
/// The SHA-256 of the certificate that it serves with, in hexadecimal.
const CERTIFICATE: &str = "longshore.dev/certificate-sha256";

/// The SHA-256 of a certificate in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of this certificate, in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// As it is written: 64 hexadecimal digits.
    fn read(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What the holder says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Scheduler names of its profiles.
    pub schedulers: Vec<Str>,
    /// Namespace and name of its pod, where it runs in one.
    pub pod: Option<(Str, Str)>,
    /// The name of its machine, or of its pod.
    pub host: Str,
    /// The port it serves on.
    pub port: u16,
    /// The certificate it serves with.
    pub certificate: Fingerprint,
}

impl Contact {
    /// What a Lease as the API server has it says of its holder; `None` when it says nothing, or speaks of an earlier holder.
    pub fn read(lease: &Value) -> Option<Self> {
        let annotation = |name: &str| lease.pointer("/metadata/annotations")?.get(name)?.as_str();
        let holder = lease.pointer("/spec/holderIdentity")?.as_str()?;
        if holder.is_empty() || annotation(HOLDER) != Some(holder) {
            return None;
        }
        let names = annotation(SCHEDULERS)?.split(',').filter(|name| !name.is_empty());
        Some(Self {
            schedulers: names.map(Str::from).collect(),
            pod: annotation(POD).and_then(|pod| pod.split_once('/')).map(|(n, p)| (n.into(), p.into())),
            host: annotation(HOST).unwrap_or_default().into(),
            port: annotation(PORT)?.parse().ok()?,
            certificate: Fingerprint::read(annotation(CERTIFICATE)?)?,
        })
    }

    fn annotations(&self, holder: &str) -> Vec<(&'static str, String)> {
        let pod = self.pod.as_ref().map(|(namespace, name)| (POD, format!("{namespace}/{name}")));
        let mut all = vec![
            (HOLDER, holder.to_string()),
            (SCHEDULERS, self.schedulers.join(",")),
            (HOST, self.host.to_string()),
            (PORT, self.port.to_string()),
            (CERTIFICATE, self.certificate.to_string()),
        ];
        all.extend(pod);
        all
    }
}

/// Writes how `holder` is reached onto the Lease with this metadata, in place of what an earlier holder wrote.
pub(crate) fn put(metadata: &mut Map<String, Value>, contact: Option<(&Contact, &str)>) {
    let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    if annotations.is_null() {
        *annotations = Value::Object(Map::new());
    }
    let Some(annotations) = annotations.as_object_mut() else { return };
    annotations.retain(|name, _| !name.starts_with(PREFIX));
    if let Some((contact, holder)) = contact {
        let ours = contact.annotations(holder).into_iter();
        annotations.extend(ours.map(|(name, value)| (name.to_string(), Value::from(value))));
    }
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contact(pod: bool) -> Contact {
        Contact {
            schedulers: vec!["longshore".into(), "packing".into()],
            pod: pod.then(|| ("longshore-system".into(), "longshore-1".into())),
            host: "longshore-1".into(),
            port: 10259,
            certificate: Fingerprint::of(b"certificate"),
        }
    }

    fn lease(contact: Option<&Contact>, holder: &str) -> Value {
        let mut metadata =
            json!({"name": "l", "annotations": {"of.others/note": "stays", "longshore.dev/old": "goes"}});
        put(metadata.as_object_mut().unwrap(), contact.map(|contact| (contact, "me")));
        json!({"metadata": metadata, "spec": {"holderIdentity": holder}})
    }

    #[test]
    fn what_the_holder_writes_is_read_again_and_others_annotations_stay() {
        for pod in [true, false] {
            let written = lease(Some(&contact(pod)), "me");
            assert_eq!(Contact::read(&written), Some(contact(pod)));
            assert_eq!(written.pointer("/metadata/annotations/of.others~1note"), Some(&json!("stays")));
            assert_eq!(written.pointer("/metadata/annotations/longshore.dev~1old"), None);
        }
    }

    #[test]
    fn a_contact_of_another_holder_or_with_a_bad_field_says_nothing() {
        assert_eq!(Contact::read(&lease(Some(&contact(true)), "another")), None);
        assert_eq!(Contact::read(&lease(Some(&contact(true)), "")), None);
        assert_eq!(Contact::read(&lease(None, "me")), None);
        for (field, bad) in [("port", "70000"), ("certificate-sha256", "zz"), ("certificate-sha256", "é")] {
            let mut lease = lease(Some(&contact(true)), "me");
            lease["metadata"]["annotations"][format!("longshore.dev/{field}")] = bad.into();
            assert_eq!(Contact::read(&lease), None, "{field}");
        }
    }

    #[test]
    fn metadata_without_annotations_stays_without() {
        let mut metadata = json!({"name": "l", "annotations": null});
        put(metadata.as_object_mut().unwrap(), None);
        assert_eq!(metadata, json!({"name": "l"}));
    }
}
