//! Where bytes are: a file, a URL, or an image in an OCI registry.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use oci_client::Reference as Image;
use reqwest::Url;

/// Whether a URL may begin with `http://` and name another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// Only this machine (`localhost`, `127.0.0.1`, `[::1]`).
    Loopback,
    /// Any machine: for references that are pinned by a digest and were written for another scheduler.
    Anywhere,
}

/// A place to fetch bytes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub(crate) place: Place,
}

/// The kinds of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path, taken as it is.
    File(PathBuf),
    /// `https` or `http`.
    Url(Url),
    /// Tag or digest is present.
    Image(Image),
}

/// A text that is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?}: {why}")]
pub struct ReferenceError {
    /// What was given.
    pub text: String,
    /// What is wrong with it and how to fix it.
    pub why: String,
}

impl Reference {
    /// Reads `file://PATH` (relative or absolute, no escapes), `https://...`, `http://` of this machine, and
    /// `oci://REGISTRY/REPOSITORY` with `:TAG`, `@sha256:DIGEST` or both.
    ///
    /// # Errors
    ///
    /// Anything else, with how to fix it.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        Self::parse_with(text, PlainHttp::Loopback)
    }

    /// As [`Reference::parse`], with a say in where `http://` may lead.
    ///
    /// # Errors
    ///
    /// As [`Reference::parse`].
    pub fn parse_with(text: &str, plain: PlainHttp) -> Result<Self, ReferenceError> {
        let place = match text.split_once("://") {
            Some(("file", path)) => file(path),
            Some(("http" | "https", _)) => url(text, plain),
            Some(("oci", image)) => self::image(image),
            Some((scheme, _)) => {
                Err(format!("no source begins with {scheme}://; use file://, https:// or oci://"))
            }
            None => {
                Err("a source begins with file://, https:// or oci://; for a file write file://PATH".into())
            }
        };
        place.map(|place| Self { place }).map_err(|why| ReferenceError { text: text.to_owned(), why })
    }

    /// A file by its path.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File(path.into()) }
    }

    /// The same, with the path of a relative file taken from the folder `base`.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Self {
        match self.place {
            Place::File(path) => Self::path(base.join(path)),
            place => Self { place },
        }
    }

    /// Whether the bytes come from elsewhere than a file, so that they have to be pinned by a digest.
    pub fn is_remote(&self) -> bool {
        !matches!(self.place, Place::File(_))
    }

    /// Whether the reference itself says which bytes it means: an image named by its digest.
    pub fn is_pinned(&self) -> bool {
        matches!(&self.place, Place::Image(image) if image.digest().is_some())
    }

    /// The path, when this is a file.
    pub fn as_path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            _ => None,
        }
    }

    /// The image, when this is one.
    pub(crate) fn as_image(&self) -> Option<&Image> {
        match &self.place {
            Place::Image(image) => Some(image),
            _ => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => write!(f, "file://{}", path.display()),
            Place::Url(url) => write!(f, "{url}"),
            Place::Image(image) => write!(f, "oci://{image}"),
        }
    }
}

fn file(path: &str) -> Result<Place, String> {
    if path.is_empty() || path.contains('\0') {
        return Err("a path has to follow file://".into());
    }
    Ok(Place::File(PathBuf::from(path)))
}

fn url(text: &str, plain: PlainHttp) -> Result<Place, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a password in a reference ends up in logs; serve the file without one, or from a registry"
                .into(),
        );
    }
    if url.scheme() == "http" && plain == PlainHttp::Loopback && !is_loopback(&url) {
        return Err("http:// is for this machine only; use https://".into());
    }
    Ok(Place::Url(url))
}

fn image(text: &str) -> Result<Place, String> {
    let example = "write oci://REGISTRY/REPOSITORY:TAG, such as oci://ghcr.io/acme/zonepack:1.2";
    let (registry, rest) = text.split_once('/').ok_or(example)?;
    // Without this, `oci://acme/zonepack` would silently mean Docker Hub.
    if !(registry.contains(['.', ':']) || registry == "localhost") {
        return Err(format!("{registry:?} is not the address of a registry; {example}"));
    }
    let last = rest.rsplit('/').next().unwrap_or(rest);
    if !last.contains([':', '@']) {
        return Err("names no version: add :TAG or @sha256:DIGEST".into());
    }
    let image: Image = text.parse().map_err(|error| format!("{error}; {example}"))?;
    match image.digest() {
        Some(digest) if digest.parse::<crate::digest::Digest>().is_err() => {
            Err("only @sha256: digests are understood".into())
        }
        _ => Ok(Place::Image(image)),
    }
}

/// Whether `url` leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// `expected`: what is printed, whether remote, whether pinned; or a piece of the error.
    #[track_caller]
    fn check(text: &str, expected: Result<(&str, bool, bool), &str>) {
        match (Reference::parse(text), expected) {
            (Ok(reference), Ok((printed, remote, pinned))) => {
                assert_eq!(reference.to_string(), printed);
                assert_eq!((reference.is_remote(), reference.is_pinned()), (remote, pinned), "{text}");
            }
            (Err(error), Err(piece)) => assert!(error.to_string().contains(piece), "{error}"),
            (got, expected) => panic!("{text}: got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_source_says_what_it_is() {
        check("file://plugins/zonepack.wasm", Ok(("file://plugins/zonepack.wasm", false, false)));
        check("file:///opt/a b.wasm", Ok(("file:///opt/a b.wasm", false, false)));
        check("https://example.com/a.wasm", Ok(("https://example.com/a.wasm", true, false)));
        check("http://127.0.0.1:8080/a.wasm", Ok(("http://127.0.0.1:8080/a.wasm", true, false)));
        check("http://[::1]:8080/a.wasm", Ok(("http://[::1]:8080/a.wasm", true, false)));
        check("http://localhost/a.wasm", Ok(("http://localhost/a.wasm", true, false)));
        check("oci://ghcr.io/acme/zonepack:1.2", Ok(("oci://ghcr.io/acme/zonepack:1.2", true, false)));
        check("oci://localhost:5000/z:1", Ok(("oci://localhost:5000/z:1", true, false)));
        let pinned = format!("oci://ghcr.io/acme/zonepack@{DIGEST}");
        check(&pinned, Ok((&pinned, true, true)));
        let both = format!("oci://ghcr.io/acme/zonepack:1.2@{DIGEST}");
        check(&both, Ok((&both, true, true)));
    }

    #[test]
    fn what_is_no_source_is_refused_with_a_mend() {
        check("plugins/zonepack.wasm", Err("write file://PATH"));
        check("", Err("begins with file://"));
        check("file://", Err("a path has to follow"));
        check("ftp://example.com/a.wasm", Err("no source begins with ftp://"));
        check("http://example.com/a.wasm", Err("use https://"));
        check("http://localhost.example.com/a.wasm", Err("use https://"));
        check("https://me:secret@example.com/a.wasm", Err("a password in a reference"));
        check("https://", Err("is not a URL"));
        check("oci://zonepack:1.2", Err("write oci://REGISTRY/REPOSITORY:TAG"));
        check("oci://acme/zonepack:1.2", Err("\"acme\" is not the address of a registry"));
        check("oci://ghcr.io/acme/zonepack", Err("names no version"));
        check("oci://ghcr.io/Acme/zonepack:1", Err("invalid reference format"));
        check("oci://ghcr.io/acme/zonepack@sha256:12", Err("invalid"));
        check(&format!("oci://ghcr.io/a/z@sha512:{}", "0".repeat(128)), Err("only @sha256:"));
    }

    #[test]
    fn plain_http_is_for_those_who_ask_for_it() {
        let anywhere = Reference::parse_with("http://example.com/a.wasm", PlainHttp::Anywhere);
        assert_eq!(anywhere.map(|reference| reference.to_string()), Ok("http://example.com/a.wasm".into()));
    }

    #[test]
    fn relative_files_are_taken_from_the_profiles_folder() {
        let at =
            |text: &str| Reference::parse(text).unwrap().relative_to(Path::new("/etc/longshore")).to_string();
        assert_eq!(at("file://plugins/a.wasm"), "file:///etc/longshore/plugins/a.wasm");
        assert_eq!(at("file:///opt/a.wasm"), "file:///opt/a.wasm");
        assert_eq!(at("https://example.com/a.wasm"), "https://example.com/a.wasm");
    }
}
