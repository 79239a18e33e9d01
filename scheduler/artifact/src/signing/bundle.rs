//! Sigstore's bundles: what cosign stores since version 3. A statement in an envelope that is signed; see
//! <https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md> and DSSE.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::digest::Digest;

/// How the types of such a layer, and of the artifact with it, begin: a version follows.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.";
/// The longest bundle that is read: it may have a certificate and a log's proof in it.
pub(crate) const LONGEST: usize = 256 << 10;
/// What the signature of an image says of it.
const PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The most signatures and subjects that are looked at.
const MOST: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Envelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    digest: Digests,
}

#[derive(Deserialize)]
struct Digests {
    sha256: Option<String>,
}

/// What is signed, and the signatures of it; nothing when it is no bundle with an envelope.
pub(crate) fn signed(bundle: &[u8]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let Bundle { dsse_envelope: envelope } = serde_json::from_slice(bundle).ok()?;
    let payload = STANDARD.decode(envelope.payload).ok()?;
    let signatures =
        envelope.signatures.iter().take(MOST).filter_map(|s| STANDARD.decode(&s.sig).ok()).collect();
    let kind = envelope.payload_type;
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    Some(([head.as_bytes(), &payload].concat(), signatures))
}

/// The digests that what is signed speaks of, when it is a statement that an image is signed.
pub(crate) fn claimed(signed: &[u8]) -> Vec<Digest> {
    let found = || {
        // The payload is the last of the five parts, and the only one that may have spaces.
        let payload = signed.splitn(5, |byte| *byte == b' ').nth(4)?;
        let statement: Statement = serde_json::from_slice(payload).ok()?;
        let digests =
            statement.subject.iter().take(MOST).filter_map(|s| s.digest.sha256.as_deref()?.parse().ok());
        (statement.predicate_type == PREDICATE).then(|| digests.collect())
    };
    found().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_found_in_its_envelope() {
        let digest = Digest::of(b"manifest");
        let statement = |predicate: &str| {
            serde_json::json!({
                "_type": "https://in-toto.io/Statement/v1", "predicateType": predicate, "predicate": {},
                "subject": [{"digest": {"sha256": digest.hex()}}],
            })
            .to_string()
        };
        let bundle = |statement: &str| {
            let envelope = serde_json::json!({
                "payload": STANDARD.encode(statement), "payloadType": "application/vnd.in-toto+json",
                "signatures": [{"sig": STANDARD.encode(b"signature")}],
            });
            serde_json::json!({"mediaType": "x", "verificationMaterial": {}, "dsseEnvelope": envelope})
                .to_string()
        };
        let (message, signatures) = signed(bundle(&statement(PREDICATE)).as_bytes()).unwrap();
        assert!(message.starts_with(b"DSSEv1 28 application/vnd.in-toto+json "), "{message:?}");
        assert_eq!((signatures, claimed(&message)), (vec![b"signature".to_vec()], vec![digest]));
        let (other, _) = signed(bundle(&statement("https://slsa.dev/provenance/v1")).as_bytes()).unwrap();
        assert_eq!(claimed(&other), Vec::new(), "an attestation of something else is no signature");
        assert_eq!(signed(b"{}"), None);
        assert_eq!(claimed(b"DSSEv1 1"), Vec::new());
    }
}
