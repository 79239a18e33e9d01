//! Simple signing: the text that names the manifest's digest, and that is signed in its place. What cosign signs, see
//! <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::digest::Digest;

/// The type of the layer that holds such a text.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation of that layer that holds the signature, in base64.
pub(crate) const ANNOTATION: &str = "dev.cosignproject.cosign/signature";
/// The type of an artifact with such layers, for those who ask for what refers to an image.
pub(crate) const ARTIFACT_TYPE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The longest text that is read.
pub(crate) const LONGEST: usize = 64 << 10;
/// What such a text says it is.
const TYPE: &str = "cosign container image signature";

#[derive(Deserialize)]
struct Payload {
    #[serde(alias = "Critical")]
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    #[serde(alias = "Image")]
    image: Image,
    #[serde(rename = "type", alias = "Type")]
    kind: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest", alias = "Docker-manifest-digest")]
    digest: String,
}

/// The text for a manifest. `repository` is said and never checked: an image may be copied.
pub(crate) fn write(manifest: Digest, repository: &str) -> Vec<u8> {
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": repository},
            "image": {"docker-manifest-digest": manifest.to_string()},
            "type": TYPE,
        },
        "optional": Value::Null,
    });
    payload.to_string().into_bytes()
}

/// The digest that a text names; `None` when it is no such text.
pub(crate) fn claimed(payload: &[u8]) -> Option<Digest> {
    let read: Payload = serde_json::from_slice(payload).ok()?;
    let digest = read.critical.image.digest.strip_prefix("sha256:")?.parse().ok()?;
    (read.critical.kind == TYPE).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let digest = Digest::of(b"manifest");
        assert_eq!(claimed(&write(digest, "ghcr.io/acme/zonepack")), Some(digest));
    }

    #[test]
    fn only_what_says_that_it_is_one_is_taken() {
        let digest = Digest::of(b"x");
        let good = String::from_utf8(write(digest, "r")).unwrap();
        let check =
            |text: &str, expected: Option<Digest>| assert_eq!(claimed(text.as_bytes()), expected, "{text}");
        let capitals = good.replace("critical", "Critical").replace("\"image\"", "\"Image\"");
        check(
            &capitals.replace("docker-manifest", "Docker-manifest").replace("\"type\"", "\"Type\""),
            Some(digest),
        );
        check(&good.replace("null", r#"{"creator": "ci"}"#), Some(digest));
        check(&good.replace("container image", "blob"), None);
        check(&good.replace("sha256:", "sha512:"), None);
        check(&good.replace("sha256:", ""), None);
        check(&good[..good.len() - 1], None);
        check("[]", None);
        let twice = good.replace(
            "\"type\"",
            &format!("\"image\": {{\"docker-manifest-digest\": \"{}\"}}, \"type\"", Digest::of(b"y")),
        );
        check(&twice, None);
    }
}
