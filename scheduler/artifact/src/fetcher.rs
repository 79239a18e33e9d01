//! From a reference to bytes that are the right ones.

mod signing;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::error::{FetchError, Problem};
use crate::file;
use crate::http::{Transport, refusal};
use crate::options::Options;
use crate::pin::checked;
use crate::reference::Place;
use crate::reference::Reference;
use crate::registry::package::Package;
use crate::registry::{Pulled, Registry};
use crate::signing::keys::Keys;
use crate::signing::private::SigningKey;

/// Brings bytes from files, URLs and registries.
pub struct Fetcher {
    options: Options,
    cache: Option<Cache>,
    // Made when the first remote reference comes: files need no certificates.
    transport: OnceCell<Transport>,
}

/// Bytes, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub digest: Digest,
    /// The image by its digest, `oci://REGISTRY/REPOSITORY@sha256:DIGEST`, when it came from a registry or is known
    /// from the reference. `None` for files and URLs, and for a tag whose file was in the cache already.
    pub resolved: Option<String>,
    /// Whether it was in the cache, so that nobody was asked.
    pub from_cache: bool,
    /// The key that signed it, as messages call it; `None` where no signature was asked for.
    pub signed_by: Option<String>,
}

/// Where a signature was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What is signed: the file, or the image by its digest.
    pub what: String,
    /// The file beside it, or the tag of the artifact in the registry.
    pub place: String,
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Fetcher {
    /// Does nothing yet.
    pub fn new(options: Options) -> Self {
        let cache = options.cache_dir.as_deref().map(Cache::new);
        Self { options, cache, transport: OnceCell::new() }
    }

    /// The bytes at `reference`, whose digest is `expected`. A remote reference has to be pinned: by `expected`, or by
    /// naming an image by its digest.
    ///
    /// # Errors
    ///
    /// Unpinned, not there, too large, too slow, or other bytes; these are never handed out.
    pub async fn fetch(
        &self,
        reference: &Reference,
        expected: Option<Digest>,
    ) -> Result<Fetched, FetchError> {
        self.fetch_signed(reference, expected, &Keys::default()).await
    }

    /// As [`Fetcher::fetch`], and one of `keys` has to have signed it, if there are any.
    ///
    /// # Errors
    ///
    /// As [`Fetcher::fetch`]; [`Problem::Untrusted`] when no signature by one of the keys is found.
    pub async fn fetch_signed(
        &self,
        reference: &Reference,
        expected: Option<Digest>,
        keys: &Keys,
    ) -> Result<Fetched, FetchError> {
        if reference.is_remote() && expected.is_none() && !reference.is_pinned() {
            let image = reference.as_image().is_some();
            return Err(FetchError::new(reference, Problem::Unpinned { image }));
        }
        self.pull_signed(reference, expected, keys).await
    }

    /// As [`Fetcher::fetch`], but trusts an unpinned reference: for a person who then looks at the digest.
    ///
    /// # Errors
    ///
    /// As [`Fetcher::fetch`], without the pin.
    pub async fn pull(&self, reference: &Reference, expected: Option<Digest>) -> Result<Fetched, FetchError> {
        self.pull_signed(reference, expected, &Keys::default()).await
    }

    /// As [`Fetcher::pull`], and one of `keys` has to have signed it, if there are any.
    ///
    /// # Errors
    ///
    /// As [`Fetcher::fetch_signed`], without the pin.
    pub async fn pull_signed(
        &self,
        reference: &Reference,
        expected: Option<Digest>,
        keys: &Keys,
    ) -> Result<Fetched, FetchError> {
        let limit = self.options.time_limit;
        let fetched = tokio::time::timeout(limit, self.bring(reference, expected, keys)).await;
        let fetched = fetched.unwrap_or(Err(Problem::TimedOut { limit }));
        fetched.map_err(|problem| FetchError::new(reference, problem))
    }

    /// Signs what is at `reference`: a file, with the signatures of all `keys` in the file beside it, whatever was there; or an image,
    /// whose signatures are artifacts of its repository beside those that are there.
    ///
    /// # Errors
    ///
    /// Not there, a URL, or a place that cannot be written.
    pub async fn sign(&self, reference: &Reference, keys: &[SigningKey]) -> Result<Signature, FetchError> {
        let limit = self.options.time_limit;
        let signed = tokio::time::timeout(limit, self.put_signature(reference, keys)).await;
        let signed = signed.unwrap_or(Err(Problem::TimedOut { limit }));
        signed.map_err(|problem| FetchError::new(reference, problem))
    }

    async fn put_signature(&self, reference: &Reference, keys: &[SigningKey]) -> Result<Signature, Problem> {
        match &reference.place {
            Place::File(path) => {
                let bytes = read(path, self.options.max_size).await?;
                let beside = signing::sign_file(path, &bytes, keys).await?;
                Ok(Signature { what: path.display().to_string(), place: beside.display().to_string() })
            }
            Place::Url(_) => Err(Problem::Unsupported(
                "a file on a server is signed before it is put there: sign the file, and put FILE.sig beside it".into(),
            )),
            Place::Image(image) => {
                let registry = Registry { options: &self.options, cache: None, image };
                let (manifest, tag) = registry.sign(self.transport().await?, keys).await?;
                let repository = format!("oci://{}/{}", image.registry(), image.repository());
                Ok(Signature { what: format!("{repository}@{manifest}"), place: format!("{repository}:{tag}") })
            }
        }
    }

    /// Puts a wasm file into a registry under the tag of `reference`, and returns the digest of its manifest: what to
    /// write after `@` to name exactly this upload.
    ///
    /// # Errors
    ///
    /// Not an image with a tag, or the registry refuses it.
    pub async fn push(&self, reference: &Reference, package: &Package) -> Result<Digest, FetchError> {
        let limit = self.options.time_limit;
        let pushed = tokio::time::timeout(limit, self.bring_up(reference, package)).await;
        let pushed = pushed.unwrap_or(Err(Problem::TimedOut { limit }));
        pushed.map_err(|problem| FetchError::new(reference, problem))
    }

    async fn bring(
        &self,
        reference: &Reference,
        expected: Option<Digest>,
        keys: &Keys,
    ) -> Result<Fetched, Problem> {
        match &reference.place {
            Place::File(path) => {
                let bytes = read(path, self.options.max_size).await?;
                let digest = checked(&bytes, expected)?;
                let signed_by = signing::of_file(path, &bytes, keys).await?;
                Ok(Fetched { bytes, digest, resolved: None, from_cache: false, signed_by })
            }
            Place::Url(url) => self.download(url, expected, keys).await,
            Place::Image(image) => {
                let transport = async || self.transport().await;
                let registry = Registry { options: &self.options, cache: self.cache.as_ref(), image };
                let Pulled { bytes, digest, manifest, from_cache, signed_by } =
                    registry.pull(transport, expected, keys).await?;
                let resolved = manifest
                    .map(|manifest| format!("oci://{}/{}@{manifest}", image.registry(), image.repository()));
                Ok(Fetched { bytes, digest, resolved, from_cache, signed_by })
            }
        }
    }

    async fn download(
        &self,
        url: &reqwest::Url,
        expected: Option<Digest>,
        keys: &Keys,
    ) -> Result<Fetched, Problem> {
        let limit = self.options.max_size;
        if let (Some(cache), Some(digest)) = (&self.cache, expected)
            && let Some(bytes) = cache.get(digest, limit).await
        {
            let signed_by = signing::of_kept(cache, digest, &bytes, keys).await;
            if keys.is_empty() || signed_by.is_some() {
                return Ok(Fetched { bytes, digest, resolved: None, from_cache: true, signed_by });
            }
        }
        let transport = self.transport().await?;
        let answer = transport.get(url, &::http::HeaderMap::new(), limit).await?;
        if !answer.status.is_success() {
            return Err(refusal(url, &answer));
        }
        let digest = checked(&answer.body, expected)?;
        let signed = signing::of_url(transport, url, &answer.body, keys).await?;
        let (proof, signed_by) = signed.unzip();
        let bytes = Arc::new(answer.body);
        if let Some(cache) = &self.cache {
            if let Some(proof) = proof {
                cache.put_proof(digest, &proof).await;
            }
            cache.put(digest, Arc::clone(&bytes)).await;
        }
        let bytes = Arc::unwrap_or_clone(bytes);
        Ok(Fetched { bytes, digest, resolved: None, from_cache: false, signed_by })
    }

    async fn bring_up(&self, reference: &Reference, package: &Package) -> Result<Digest, Problem> {
        let Some(image) = reference.as_image() else {
            return Err(Problem::Unsupported(
                "only a registry takes uploads: write oci://REGISTRY/REPOSITORY:TAG".into(),
            ));
        };
        let registry = Registry { options: &self.options, cache: self.cache.as_ref(), image };
        registry.push(self.transport().await?, package).await
    }

    async fn transport(&self) -> Result<&Transport, Problem> {
        self.transport.get_or_try_init(async || Transport::new(&self.options)).await
    }
}

/// The bytes of a file, read where waiting for the disk holds nobody up.
async fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || file::read(&path, limit)).await;
    read.map_err(|error| Problem::Unsupported(error.to_string()))?
}
