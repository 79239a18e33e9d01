//! Where a registry is.

use oci_client::Reference as Image;
use reqwest::Url;

use crate::error::Problem;
use crate::options::Options;
use crate::reference;

/// The registry's address: https, but http for this machine and for those who ask for it.
pub(super) fn base_url(image: &Image, options: &Options) -> Result<Url, Problem> {
    let host = image.resolve_registry();
    let parse = |scheme: &str| {
        Url::parse(&format!("{scheme}://{host}/")).map_err(|error| {
            Problem::Unsupported(format!("{host:?} is not the address of a registry: {error}"))
        })
    };
    let plain = parse("http")?;
    if options.plain_http || reference::is_loopback(&plain) { Ok(plain) } else { parse("https") }
}
