//! Images in OCI registries that hold one wasm file, as the CNCF's artifact layout has it.
//!
//! What comes from a registry is read here and not by `oci_client`, which reads manifests and tokens of any length and
//! follows redirects away from https. Uploads go through it.

mod address;
mod manifest;
pub(crate) mod package;
mod push;
mod sign;
mod signatures;
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
use crate::signing::judge::Judge;
use crate::signing::keys::Keys;
use crate::signing::proof::Proof;
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
    /// The key that signed it, where that was asked for.
    pub(crate) signed_by: Option<String>,
}

impl Registry<'_> {
    /// The wasm file of the image, signed by one of `keys` if there are any. `transport` is asked for only when the cache does not
    /// have it all.
    pub(crate) async fn pull<'t>(
        &self,
        transport: impl AsyncFnOnce() -> Result<&'t Transport, Problem>,
        expected: Option<Digest>,
        keys: &Keys,
    ) -> Result<Pulled, Problem> {
        let pinned = self.image.digest().and_then(|digest| digest.parse::<Digest>().ok());
        if let Some(pulled) = self.kept(pinned, expected, keys).await? {
            return Ok(pulled);
        }
        let mut access = Access::new(transport().await?, self.options, self.image);
        let text = self.manifest(&mut access, pinned).await?;
        let manifest = Digest::of(&text);
        let layer = self.layer(&text, expected)?;
        let signed = match keys.is_empty() {
            true => None,
            false => Some(self.signature(&mut access, manifest, keys).await?),
        };
        let url = self.url(&format!("blobs/{}", layer.digest))?;
        let answer = access.get(&url, &HeaderMap::new(), layer.size).await?;
        let bytes = self.success(&url, answer)?.body;
        let digest = checked(&bytes, Some(layer.digest))?;
        let (text, bytes) = (Arc::new(text), Arc::new(bytes));
        let (signed, signed_by) = signed.unzip();
        if let Some(cache) = self.cache {
            if let Some(signed) = signed {
                cache.put_proof(digest, &Proof::Image { manifest: text.to_vec(), signed }).await;
            }
            cache.put(manifest, text).await;
            cache.put(digest, Arc::clone(&bytes)).await;
        }
        let bytes = Arc::unwrap_or_clone(bytes);
        Ok(Pulled { bytes, digest, manifest: Some(manifest), from_cache: false, signed_by })
    }

    /// From the cache: by the digest of the file, or by that of the manifest and then that of the file.
    async fn kept(
        &self,
        pinned: Option<Digest>,
        expected: Option<Digest>,
        keys: &Keys,
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
        let signed_by = match keys.is_empty() {
            true => None,
            // What was kept may be by a key of before; the registry may have another signature.
            false => match self.kept_signature(cache, pinned, layer, keys).await {
                Some(key) => Some(key),
                None => return Ok(None),
            },
        };
        let bytes = cache.get(layer, self.options.max_size).await;
        Ok(bytes.map(|bytes| Pulled { bytes, digest: layer, manifest: pinned, from_cache: true, signed_by }))
    }

    /// The key by which the module with the digest `layer` is signed, by what was kept.
    async fn kept_signature(
        &self,
        cache: &Cache,
        pinned: Option<Digest>,
        layer: Digest,
        keys: &Keys,
    ) -> Option<String> {
        let Proof::Image { manifest, signed } = cache.proof(layer).await? else { return None };
        let digest = Digest::of(&manifest);
        let of_this = pinned.is_none_or(|pinned| pinned == digest)
            && manifest::layer(&manifest).is_ok_and(|found| found.digest == layer);
        of_this.then(|| Judge::new(keys, digest).takes(&signed)).flatten()
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
