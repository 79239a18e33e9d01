//! Signing an image: an artifact that is found by cosign's tag and by what refers to the image.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::Client;
use oci_client::Reference as Image;
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use serde_json::{Value, json};

use super::signatures::{MOST_SIGNATURES, index_tag, tag};
use super::token::Access;
use super::{MANIFEST_LIMIT, Registry, manifest};
use crate::digest::Digest;
use crate::error::Problem;
use crate::http::Transport;
use crate::signing::payload;
use crate::signing::private::SigningKey;

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";

impl Registry<'_> {
    /// Signs the image, beside those who signed it before; the digest of its manifest, and the tag of the signatures.
    pub(crate) async fn sign(
        &self,
        transport: &Transport,
        keys: &[SigningKey],
    ) -> Result<(Digest, String), Problem> {
        let mut access = Access::new(transport, self.options, self.image);
        let pinned = self.image.digest().and_then(|digest| digest.parse::<Digest>().ok());
        let text = self.manifest(&mut access, pinned).await?;
        // What no scheduler could use is not signed by mistake.
        manifest::layer(&text)?;
        let digest = Digest::of(&text);
        let repository = format!("{}/{}", self.image.registry(), self.image.repository());
        let payload = payload::write(digest, &repository);
        let mut layers = self.layers_before(&mut access, digest).await?;
        for key in keys {
            let signature = key.sign(&payload).map_err(|error| Problem::Unsupported(error.to_string()))?;
            layers.push(json!({
                "mediaType": payload::MEDIA_TYPE, "digest": Digest::of(&payload).to_string(), "size": payload.len(),
                "annotations": {payload::ANNOTATION: STANDARD.encode(signature)},
            }));
        }
        let client = self.uploader(transport).await?;
        self.push_blob(&client, payload).await?;
        let (config, artifact) = artifact(&layers, &text, digest);
        self.push_blob(&client, config).await?;
        let written = self.push_manifest(&client, &tag(digest), &artifact, OCI_IMAGE_MEDIA_TYPE).await?;
        self.refer(&mut access, &client, digest, written, artifact.to_string().len()).await?;
        Ok((digest, tag(digest)))
    }

    /// The layers that the artifact under cosign's tag has, to be kept.
    async fn layers_before(&self, access: &mut Access<'_>, digest: Digest) -> Result<Vec<Value>, Problem> {
        let found = self.raw(access, &tag(digest)).await?;
        let Some(layers) = found.as_ref().and_then(|found| found["layers"].as_array()) else {
            return Ok(Vec::new());
        };
        match layers.len() < MOST_SIGNATURES {
            true => Ok(layers.clone()),
            false => Err(Problem::Unsupported(format!(
                "it has {} signatures already; delete the tag {} to begin anew",
                layers.len(),
                tag(digest)
            ))),
        }
    }

    /// Where the registry does not find by itself what refers to an image, the index that stands for it is written.
    async fn refer(
        &self,
        access: &mut Access<'_>,
        client: &Client,
        digest: Digest,
        artifact: Digest,
        size: usize,
    ) -> Result<(), Problem> {
        let url = self.url(&format!("referrers/{digest}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(OCI_IMAGE_INDEX_MEDIA_TYPE));
        let knows = access.get(&url, &headers, MANIFEST_LIMIT).await?.status.is_success();
        if knows {
            return Ok(());
        }
        let tag = index_tag(digest);
        let mut index = self.raw(access, &tag).await?.unwrap_or(Value::Null);
        let mut manifests = index["manifests"].as_array_mut().map(std::mem::take).unwrap_or_default();
        manifests.push(json!({
            "mediaType": OCI_IMAGE_MEDIA_TYPE, "digest": artifact.to_string(), "size": size,
            "artifactType": payload::ARTIFACT_TYPE,
        }));
        let index =
            json!({"schemaVersion": 2, "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE, "manifests": manifests});
        self.push_manifest(client, &tag, &index, OCI_IMAGE_INDEX_MEDIA_TYPE).await.map(drop)
    }

    /// A manifest or an index by its tag, when there is one.
    async fn raw(&self, access: &mut Access<'_>, tag: &str) -> Result<Option<Value>, Problem> {
        let url = self.url(&format!("manifests/{tag}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(manifest::ACCEPTED));
        let answer = access.get(&url, &headers, MANIFEST_LIMIT).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let text = self.success(&url, answer)?.body;
        let read = serde_json::from_slice(&text);
        read.map(Some)
            .map_err(|error| Problem::Unsupported(format!("the tag {tag} holds no manifest: {error}")))
    }

    async fn push_manifest(
        &self,
        client: &Client,
        tag: &str,
        value: &Value,
        kind: &'static str,
    ) -> Result<Digest, Problem> {
        let place = Image::with_tag(
            self.image.registry().to_owned(),
            self.image.repository().to_owned(),
            tag.to_owned(),
        );
        let text = value.to_string().into_bytes();
        let digest = Digest::of(&text);
        let pushed = client.push_manifest_raw(&place, text, HeaderValue::from_static(kind)).await;
        pushed.map(|_| digest).map_err(|error| self.explain(error))
    }

    async fn push_blob(&self, client: &Client, bytes: Vec<u8>) -> Result<(), Problem> {
        let digest = Digest::of(&bytes).to_string();
        client.push_blob(self.image, bytes, &digest).await.map(drop).map_err(|error| self.explain(error))
    }
}

/// Config and manifest of an artifact with these signatures of the manifest `subject`.
fn artifact(layers: &[Value], subject: &[u8], digest: Digest) -> (Vec<u8>, Value) {
    let digests: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    let config = json!({
        "architecture": "", "os": "", "config": {}, "created": "1970-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": digests},
    });
    let config = config.to_string().into_bytes();
    let said: Value = serde_json::from_slice(subject).unwrap_or_default();
    let kind = said["mediaType"].as_str().unwrap_or(OCI_IMAGE_MEDIA_TYPE);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE_MEDIA_TYPE,
        "artifactType": payload::ARTIFACT_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": Digest::of(&config).to_string(), "size": config.len()},
        "layers": layers,
        "subject": {"mediaType": kind, "digest": digest.to_string(), "size": subject.len()},
    });
    (config, manifest)
}
