//! Signatures beside files: `NAME.sig`.

use std::path::{Path, PathBuf};

use ::http::{HeaderMap, StatusCode};

use crate::cache::Cache;
use crate::digest::Digest;
use crate::error::{Problem, Untrusted};
use crate::file;
use crate::http::{Transport, refusal};
use crate::signing::beside;
use crate::signing::keys::Keys;
use crate::signing::private::SigningKey;
use crate::signing::proof::Proof;

/// The key that signed the bytes of the file at `path`; `None` when there are no keys.
pub(super) async fn of_file(path: &Path, bytes: &[u8], keys: &Keys) -> Result<Option<String>, Problem> {
    if keys.is_empty() {
        return Ok(None);
    }
    let beside = beside::signatures_beside(path);
    let looked = beside.display().to_string();
    let read = tokio::task::spawn_blocking(move || match beside.exists() {
        true => file::read(&beside, beside::LONGEST).map(Some),
        false => Ok(None),
    });
    let found = read.await.map_err(|error| Problem::Unsupported(error.to_string()))??;
    judged(found.as_deref(), bytes, keys, looked).map(Some)
}

/// What shows that the bytes at `url` are signed, and the key; `None` when there are no keys.
pub(super) async fn of_url(
    transport: &Transport,
    url: &reqwest::Url,
    bytes: &[u8],
    keys: &Keys,
) -> Result<Option<(Proof, String)>, Problem> {
    if keys.is_empty() {
        return Ok(None);
    }
    let beside = beside::url(url);
    let answer = transport.get(&beside, &HeaderMap::new(), beside::LONGEST).await?;
    let found = match answer.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => None,
        status if status.is_success() => Some(answer.body),
        _ => return Err(refusal(&beside, &answer)),
    };
    let key = judged(found.as_deref(), bytes, keys, beside.to_string())?;
    Ok(found.map(|found| (Proof::Bytes(found), key)))
}

/// The key that signed bytes from the cache, by what was kept with them.
pub(super) async fn of_kept(cache: &Cache, digest: Digest, bytes: &[u8], keys: &Keys) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let Proof::Bytes(found) = cache.proof(digest).await? else { return None };
    who(&found, bytes, keys)
}

/// Puts a file with signatures beside the one at `path`.
pub(super) async fn sign_file(path: &Path, bytes: &[u8], keys: &[SigningKey]) -> Result<PathBuf, Problem> {
    let signatures: Result<Vec<Vec<u8>>, _> = keys.iter().map(|key| key.sign(bytes)).collect();
    let signatures = signatures.map_err(|error| Problem::Unsupported(error.to_string()))?;
    let (beside, text) = (beside::signatures_beside(path), beside::write(&signatures));
    let written = tokio::fs::write(&beside, text).await;
    written.map_err(|error| Problem::File { path: beside.clone(), why: error.to_string() })?;
    Ok(beside)
}

fn judged(found: Option<&[u8]>, bytes: &[u8], keys: &Keys, looked: String) -> Result<String, Problem> {
    let names = keys.to_string();
    let Some(found) = found else { return Err(Untrusted::Unsigned { looked, keys: names }.into()) };
    who(found, bytes, keys).ok_or_else(|| Untrusted::OtherBytes { looked, keys: names }.into())
}

fn who(found: &[u8], bytes: &[u8], keys: &Keys) -> Option<String> {
    beside::read(found).iter().find_map(|signature| keys.who_signed(bytes, signature))
}
