//! From a reference to bytes that are the right ones.

use std::fmt;
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
        if reference.is_remote() && expected.is_none() && !reference.is_pinned() {
            let image = reference.as_image().is_some();
            return Err(FetchError::new(reference, Problem::Unpinned { image }));
        }
        self.pull(reference, expected).await
    }

    /// As [`Fetcher::fetch`], but trusts an unpinned reference: for a person who then looks at the digest.
    ///
    /// # Errors
    ///
    /// As [`Fetcher::fetch`], without the pin.
    pub async fn pull(&self, reference: &Reference, expected: Option<Digest>) -> Result<Fetched, FetchError> {
        let limit = self.options.time_limit;
        let fetched = tokio::time::timeout(limit, self.bring(reference, expected)).await;
        let fetched = fetched.unwrap_or(Err(Problem::TimedOut { limit }));
        fetched.map_err(|problem| FetchError::new(reference, problem))
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

    async fn bring(&self, reference: &Reference, expected: Option<Digest>) -> Result<Fetched, Problem> {
        match &reference.place {
            Place::File(path) => {
                let (path, limit) = (path.clone(), self.options.max_size);
                let read = tokio::task::spawn_blocking(move || file::read(&path, limit)).await;
                let bytes = read.map_err(|error| Problem::Unsupported(error.to_string()))??;
                let digest = checked(&bytes, expected)?;
                Ok(Fetched { bytes, digest, resolved: None, from_cache: false })
            }
            Place::Url(url) => self.download(url, expected).await,
            Place::Image(image) => {
                let transport = async || self.transport().await;
                let registry = Registry { options: &self.options, cache: self.cache.as_ref(), image };
                let Pulled { bytes, digest, manifest, from_cache } =
                    registry.pull(transport, expected).await?;
                let resolved = manifest
                    .map(|manifest| format!("oci://{}/{}@{manifest}", image.registry(), image.repository()));
                Ok(Fetched { bytes, digest, resolved, from_cache })
            }
        }
    }

    async fn download(&self, url: &reqwest::Url, expected: Option<Digest>) -> Result<Fetched, Problem> {
        let limit = self.options.max_size;
        if let (Some(cache), Some(digest)) = (&self.cache, expected)
            && let Some(bytes) = cache.get(digest, limit).await
        {
            return Ok(Fetched { bytes, digest, resolved: None, from_cache: true });
        }
        let answer = self.transport().await?.get(url, &::http::HeaderMap::new(), limit).await?;
        if !answer.status.is_success() {
            return Err(refusal(url, &answer));
        }
        let digest = checked(&answer.body, expected)?;
        let bytes = Arc::new(answer.body);
        if let Some(cache) = &self.cache {
            cache.put(digest, Arc::clone(&bytes)).await;
        }
        Ok(Fetched { bytes: Arc::unwrap_or_clone(bytes), digest, resolved: None, from_cache: false })
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
