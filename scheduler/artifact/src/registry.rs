//! Images in OCI registries that hold one wasm file, as the CNCF's artifact layout has it.
//!
//! What comes from a registry is read here and not by `oci_client`, which reads manifests and tokens of any length and
//! follows redirects away from https. Uploads go through it.

mod address;
mod manifest;
pub(crate) mod package;
mod push;
mod token;

use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use oci_client::Reference as Image;
use reqwest::Url;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::error::Problem;
use crate::http::{Answer, Transport, refusal};
use crate::options::Options;
use crate::pin::checked;
use address::base_url;
use manifest::Layer;
use token::Access;

/// The most bytes of a manifest, as registries have it.
const MANIFEST_LIMIT: usize = 4 << 20;

/// One image in its registry.
pub(crate) struct Registry<'a> {
    pub(crate) options: &'a Options,
    pub(crate) cache: Option<&'a Cache>,
    pub(crate) image: &'a Image,
}

/// What was in an image.
pub(crate) struct Pulled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
    /// The digest of the manifest, when known.
    pub(crate) manifest: Option<Digest>,
    pub(crate) from_cache: bool,
}

impl Registry<'_> {
    /// The wasm file of the image. `transport` is asked for only when the cache does not have it all.
    pub(crate) async fn pull<'t>(
        &self,
        transport: impl AsyncFnOnce() -> Result<&'t Transport, Problem>,
        expected: Option<Digest>,
    ) -> Result<Pulled, Problem> {
        let pinned = self.image.digest().and_then(|digest| digest.parse::<Digest>().ok());
        if let Some(pulled) = self.kept(pinned, expected).await? {
            return Ok(pulled);
        }
        let mut access = Access::new(transport().await?, self.options, self.image);
        let text = self.manifest(&mut access, pinned).await?;
        let manifest = Digest::of(&text);
        let layer = self.layer(&text, expected)?;
        let url = self.url(&format!("blobs/{}", layer.digest))?;
        let answer = access.get(&url, &HeaderMap::new(), layer.size).await?;
        let bytes = self.success(&url, answer)?.body;
        let digest = checked(&bytes, Some(layer.digest))?;
        let (text, bytes) = (Arc::new(text), Arc::new(bytes));
        if let Some(cache) = self.cache {
            cache.put(manifest, text).await;
            cache.put(digest, Arc::clone(&bytes)).await;
        }
        Ok(Pulled { bytes: Arc::unwrap_or_clone(bytes), digest, manifest: Some(manifest), from_cache: false })
    }

    /// From the cache: by the digest of the file, or by that of the manifest and then that of the file.
    async fn kept(
        &self,
        pinned: Option<Digest>,
        expected: Option<Digest>,
    ) -> Result<Option<Pulled>, Problem> {
        let Some(cache) = self.cache else { return Ok(None) };
        let layer = match (pinned, expected) {
            (Some(pinned), expected) => match cache.get(pinned, MANIFEST_LIMIT).await {
                Some(text) => self.layer(&text, expected)?.digest,
                None => return Ok(None),
            },
            (None, Some(expected)) => expected,
            (None, None) => return Ok(None),
        };
        let bytes = cache.get(layer, self.options.max_size).await;
        Ok(bytes.map(|bytes| Pulled { bytes, digest: layer, manifest: pinned, from_cache: true }))
    }

    async fn manifest(&self, access: &mut Access<'_>, pinned: Option<Digest>) -> Result<Vec<u8>, Problem> {
        let name = self.image.digest().or(self.image.tag()).unwrap_or("latest");
        let url = self.url(&format!("manifests/{name}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(manifest::ACCEPTED));
        let answer = access.get(&url, &headers, MANIFEST_LIMIT).await?;
        let text = self.success(&url, answer)?.body;
        checked(&text, pinned)?;
        Ok(text)
    }

    /// The layer with the wasm file, if it is the one that is expected and not too large.
    fn layer(&self, manifest: &[u8], expected: Option<Digest>) -> Result<Layer, Problem> {
        let layer = manifest::layer(manifest)?;
        if let Some(expected) = expected.filter(|expected| *expected != layer.digest) {
            let fix = if expected == Digest::of(manifest) {
                "the digest given is that of the manifest: write it after @ in the reference, and give the file's as sha256"
            } else {
                "the tag was moved or the image replaced; look into it before you change the pin"
            };
            return Err(Problem::WrongDigest { expected, actual: layer.digest, fix });
        }
        match layer.size <= self.options.max_size {
            true => Ok(layer),
            false => Err(Problem::TooLarge { limit: self.options.max_size }),
        }
    }

    fn success(&self, url: &Url, answer: Answer) -> Result<Answer, Problem> {
        match answer.status {
            status if status.is_success() => Ok(answer),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Problem::Refused {
                registry: self.image.registry().to_owned(),
                who: "these credentials".into(),
                why: format!(
                    "status {}; check that they may read {}",
                    answer.status.as_u16(),
                    self.image.repository()
                ),
            }),
            _ => Err(refusal(url, &answer)),
        }
    }

    /// An address under the repository.
    fn url(&self, tail: &str) -> Result<Url, Problem> {
        let base = base_url(self.image, self.options)?;
        let path = format!("/v2/{}/{tail}", self.image.repository());
        base.join(&path).map_err(|error| Problem::Unsupported(error.to_string()))
    }
}
