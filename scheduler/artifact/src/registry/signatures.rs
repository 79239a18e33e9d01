//! Signatures of an image: artifacts of the same repository, found by cosign's tag (`sha256-DIGEST.sig`) and by what the registry says
//! refers to the image.
//!
//! Whoever may write to the repository may put artifacts there, so their number and size are bounded.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::token::Access;
use super::{MANIFEST_LIMIT, Registry};
use crate::digest::Digest;
use crate::error::Problem;
use crate::pin::checked;
use crate::signing::bundle;
use crate::signing::judge::Judge;
use crate::signing::keys::Keys;
use crate::signing::payload;
use crate::signing::proof::{Form, Signed};

/// The most bytes of the manifest of an artifact with signatures.
const ARTIFACT_LIMIT: usize = 1 << 20;
/// The most artifacts that are looked at.
const MOST_ARTIFACTS: usize = 32;
/// The most signatures that are looked at, of all artifacts together.
pub(super) const MOST_SIGNATURES: usize = 64;
/// The most characters of a signature.
const LONGEST_SIGNATURE: usize = 4096;
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The manifest of an artifact, and an index of artifacts.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Artifact {
    pub(super) layers: Vec<Descriptor>,
    manifests: Vec<Descriptor>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    artifact_type: String,
    pub(super) digest: String,
    size: i64,
    pub(super) annotations: Option<std::collections::BTreeMap<String, String>>,
}

impl Descriptor {
    /// The signature in it, when it is a layer of simple signing.
    pub(super) fn signature(&self) -> Option<Vec<u8>> {
        let text = self.annotations.as_ref()?.get(payload::ANNOTATION)?;
        (text.len() <= LONGEST_SIGNATURE).then(|| STANDARD.decode(text).ok())?
    }
}

/// The tag by which cosign finds signatures of a manifest.
pub(super) fn tag(manifest: Digest) -> String {
    format!("sha256-{}.sig", manifest.hex())
}

/// The tag under which a registry that does not know what refers to an image has an index of it.
pub(super) fn index_tag(manifest: Digest) -> String {
    format!("sha256-{}", manifest.hex())
}

impl Registry<'_> {
    /// A signature of `manifest` that counts, and the key that made it.
    pub(super) async fn signature(
        &self,
        access: &mut Access<'_>,
        manifest: Digest,
        keys: &Keys,
    ) -> Result<(Signed, String), Problem> {
        let mut judge = Judge::new(keys, manifest);
        let mut left = MOST_SIGNATURES;
        if let Some(artifact) = self.artifact(access, &tag(manifest), None).await?
            && let Some(found) = self.among(access, artifact, &mut judge, &mut left).await?
        {
            return Ok(found);
        }
        for referrer in self.referrers(access, manifest).await? {
            let Ok(digest) = referrer.digest.parse::<Digest>() else { continue };
            let artifact = self.artifact(access, &referrer.digest, Some(digest)).await?;
            if let Some(found) =
                self.among(access, artifact.unwrap_or_default(), &mut judge, &mut left).await?
            {
                return Ok(found);
            }
        }
        let looked = format!(
            "{}/{} (tag {} and what refers to it",
            self.image.registry(),
            self.image.repository(),
            tag(manifest)
        );
        let looked = match left {
            0 => format!("{looked}; only the first {MOST_SIGNATURES} signatures were looked at)"),
            _ => looked + ")",
        };
        Err(judge.refuses(looked).into())
    }

    /// The manifest called `name`; `None` when there is none, or one that cannot be read: another may be good.
    pub(super) async fn artifact(
        &self,
        access: &mut Access<'_>,
        name: &str,
        expected: Option<Digest>,
    ) -> Result<Option<Artifact>, Problem> {
        let url = self.url(&format!("manifests/{name}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(IMAGE));
        let answer = match access.get(&url, &headers, ARTIFACT_LIMIT).await {
            Err(Problem::TooLarge { .. }) => return Ok(None),
            answer => answer?,
        };
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let text = self.success(&url, answer)?.body;
        Ok(checked(&text, expected).ok().and_then(|_| serde_json::from_slice(&text).ok()))
    }

    /// Artifacts with signatures that refer to `manifest`, bundles last.
    async fn referrers(&self, access: &mut Access<'_>, manifest: Digest) -> Result<Vec<Descriptor>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(INDEX));
        let mut index = Artifact::default();
        for tail in [format!("referrers/{manifest}"), format!("manifests/{}", index_tag(manifest))] {
            let url = self.url(&tail)?;
            let answer = match access.get(&url, &headers, MANIFEST_LIMIT).await {
                Err(Problem::TooLarge { .. }) => continue,
                answer => answer?,
            };
            // A registry without this part of the protocol says so in different ways.
            if answer.status.is_success()
                && let Ok(read) = serde_json::from_slice(&answer.body)
            {
                index = read;
                break;
            }
        }
        let signs = |d: &Descriptor| d.artifact_type == payload::ARTIFACT_TYPE;
        let of_bundles = |d: &Descriptor| d.artifact_type.starts_with(bundle::MEDIA_TYPE);
        let (simple, others): (Vec<_>, Vec<_>) = index.manifests.into_iter().partition(signs);
        Ok(simple.into_iter().chain(others.into_iter().filter(of_bundles)).take(MOST_ARTIFACTS).collect())
    }

    /// The first signature that counts among the layers of an artifact.
    async fn among(
        &self,
        access: &mut Access<'_>,
        artifact: Artifact,
        judge: &mut Judge<'_>,
        left: &mut usize,
    ) -> Result<Option<(Signed, String)>, Problem> {
        for layer in artifact.layers {
            if *left == 0 {
                return Ok(None);
            }
            for signed in self.signed(access, &layer).await? {
                *left = left.saturating_sub(1);
                if let Some(key) = judge.takes(&signed) {
                    return Ok(Some((signed, key)));
                }
            }
        }
        Ok(None)
    }

    /// What a layer shows to be signed; nothing when it is none of signatures, or damaged.
    async fn signed(&self, access: &mut Access<'_>, layer: &Descriptor) -> Result<Vec<Signed>, Problem> {
        if layer.media_type == payload::MEDIA_TYPE {
            let Some(signature) = layer.signature() else { return Ok(Vec::new()) };
            let message = self.small(access, layer, payload::LONGEST).await?;
            let signed = |message| Signed { form: Form::Simple, message, signature };
            return Ok(message.map(signed).into_iter().collect());
        }
        if layer.media_type.starts_with(bundle::MEDIA_TYPE) {
            let text = self.small(access, layer, bundle::LONGEST).await?;
            let Some((message, signatures)) = text.as_deref().and_then(bundle::signed) else {
                return Ok(Vec::new());
            };
            let signed = |signature| Signed { form: Form::Bundle, message: message.clone(), signature };
            return Ok(signatures.into_iter().map(signed).collect());
        }
        Ok(Vec::new())
    }

    /// A blob of at most `limit` bytes; `None` when it is longer, or not what its digest says.
    async fn small(
        &self,
        access: &mut Access<'_>,
        layer: &Descriptor,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let (Ok(digest), Ok(size)) = (layer.digest.parse::<Digest>(), usize::try_from(layer.size)) else {
            return Ok(None);
        };
        if size > limit {
            return Ok(None);
        }
        let url = self.url(&format!("blobs/{digest}"))?;
        let answer = match access.get(&url, &HeaderMap::new(), limit).await {
            Err(Problem::TooLarge { .. }) => return Ok(None),
            answer => answer?,
        };
        let good = answer.status.is_success() && checked(&answer.body, Some(digest)).is_ok();
        Ok(good.then_some(answer.body))
    }
}
