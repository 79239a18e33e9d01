//! Credentials for registries, from where docker, podman and oras keep them.

mod credential;
mod helper;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::Reference as Image;
use serde::Deserialize;

pub(crate) use self::credential::Credential;
use crate::error::Problem;

/// Files with credentials in docker's form; the first that knows the registry is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialFiles {
    files: Vec<PathBuf>,
}

/// `config.json` and `auth.json`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConfigFile {
    auths: BTreeMap<String, RegistryLogin>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RegistryLogin {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl CredentialFiles {
    /// None: every registry is asked anonymously.
    pub fn none() -> Self {
        Self::default()
    }

    /// These files, those that do not exist left out.
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// `$REGISTRY_AUTH_FILE` alone when it is set; else `$DOCKER_CONFIG/config.json` (or `~/.docker/config.json`), then
    /// `$XDG_RUNTIME_DIR/containers/auth.json`, then `~/.config/containers/auth.json`.
    pub fn from_environment() -> Self {
        let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(file) = folder("REGISTRY_AUTH_FILE") {
            return Self { files: vec![file] };
        }
        let home = folder("HOME");
        let under_home = |tail: &str| home.as_ref().map(|home| home.join(tail));
        let docker = folder("DOCKER_CONFIG")
            .or_else(|| under_home(".docker"))
            .map(|folder| folder.join("config.json"));
        let runtime = folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
        Self {
            files: [docker, runtime, under_home(".config/containers/auth.json")]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// Who we are for the registry of `image`: anonymous when no file knows it.
    ///
    /// # Errors
    ///
    /// A file that is there but cannot be read, or a credential helper that fails: going on anonymously would only hide
    /// the reason.
    pub(crate) async fn find(&self, image: &Image) -> Result<Credential, Problem> {
        for path in &self.files {
            let Some(file) = read(path)? else { continue };
            if let Some(found) = lookup(&file, image, path).await? {
                return Ok(found);
            }
        }
        Ok(Credential::Anonymous)
    }
}

fn read(path: &Path) -> Result<Option<ConfigFile>, Problem> {
    let wrong = |why: String| Problem::File { path: path.to_owned(), why };
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| wrong(error.to_string())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// A helper for this registry goes first, then what is written down, then the helper for all.
async fn lookup(file: &ConfigFile, image: &Image, path: &Path) -> Result<Option<Credential>, Problem> {
    let registry = image.registry();
    let server = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
    if let Some(name) = file.cred_helpers.get(registry) {
        return helper::ask(name, server).await;
    }
    // podman writes credentials for parts of a registry too: the longest name that fits.
    let mut name = format!("{registry}/{}", image.repository());
    loop {
        let entry = file.auths.iter().find(|(key, _)| bare(key) == name);
        if let Some((key, entry)) = entry
            && let Some(found) = entry.credential(path, key)?
        {
            return Ok(Some(found));
        }
        match name.rfind('/') {
            Some(cut) => name.truncate(cut),
            None => break,
        }
    }
    if file.creds_store.is_empty() { Ok(None) } else { helper::ask(&file.creds_store, server).await }
}

/// `https://index.docker.io/v1/` and `https://ghcr.io` as `docker.io` and `ghcr.io`.
fn bare(key: &str) -> &str {
    let name = key.split_once("://").map_or(key, |(_, rest)| rest).trim_end_matches('/');
    let name = name.strip_suffix("/v1").or_else(|| name.strip_suffix("/v2")).unwrap_or(name);
    if matches!(name, "index.docker.io" | "registry-1.docker.io") { "docker.io" } else { name }
}

impl RegistryLogin {
    fn credential(&self, path: &Path, key: &str) -> Result<Option<Credential>, Problem> {
        if !self.identitytoken.is_empty() {
            return Ok(Some(Credential::Identity(self.identitytoken.clone())));
        }
        if !self.registrytoken.is_empty() {
            return Ok(Some(Credential::Registry(self.registrytoken.clone())));
        }
        if !self.username.is_empty() {
            return Ok(Some(Credential::Basic {
                user: self.username.clone(),
                password: self.password.clone(),
            }));
        }
        if self.auth.is_empty() {
            return Ok(None);
        }
        let decoded = STANDARD.decode(self.auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.trim_end_matches('\0').split_once(':'));
        let (user, password) = pair.ok_or_else(|| Problem::File {
            path: path.to_owned(),
            why: format!("auths[{key:?}].auth is not the base64 of NAME:PASSWORD; log in again"),
        })?;
        Ok(Some(Credential::Basic { user: user.to_owned(), password: password.to_owned() }))
    }
}

/// The value of an `Authorization` header.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[cfg(test)]
mod tests;
