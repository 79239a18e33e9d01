//! The proxy that a kubeconfig names: every connection is a tunnel through it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use percent_encoding::percent_decode_str;

use super::{ConnectError, Found};

/// An HTTP proxy that is asked to CONNECT.
#[derive(Clone, Debug)]
pub(super) struct Proxy(Uri);

impl Proxy {
    /// The one that is configured.
    ///
    /// # Errors
    /// Its URL is not `http` or `https`.
    pub(super) fn of(found: &Found) -> Result<Option<Self>, ConnectError> {
        let Some(url) = &found.config.proxy_url else { return Ok(None) };
        match url.scheme_str() {
            Some("http" | "https") => Ok(Some(Self(url.clone()))),
            other => Err(ConnectError::Proxy {
                origin: found.origin.clone(),
                scheme: other.unwrap_or_default().to_string(),
            }),
        }
    }

    /// Whether the proxy itself is spoken to over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Tunnels through the proxy, to which `connector` connects.
    pub(super) fn tunnel<C>(&self, connector: C) -> Tunnel<C> {
        let tunnel = Tunnel::new(self.0.clone(), connector);
        match self.credentials() {
            Some(credentials) => tunnel.with_auth(credentials),
            None => tunnel,
        }
    }

    /// The user and password of the URL, as `Proxy-Authorization` wants them.
    fn credentials(&self) -> Option<HeaderValue> {
        let (user, _) = self.0.authority()?.as_str().rsplit_once('@')?;
        let decoded: Vec<u8> = percent_decode_str(user).collect();
        HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(decoded))).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str) -> Result<Option<Proxy>, String> {
        let mut config = kube::Config::new("https://10.0.0.1:6443".parse().unwrap());
        config.proxy_url = Some(url.parse().unwrap());
        Proxy::of(&Found { config, origin: "kubeconfig f".to_string() }).map_err(|e| e.to_string())
    }

    #[track_caller]
    fn check(url: &str, is_secure: bool, credentials: Option<&str>) {
        let proxy = proxy(url).unwrap().unwrap();
        assert_eq!(proxy.is_secure(), is_secure);
        let basic = |text| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(proxy.credentials().map(|c| c.to_str().unwrap().to_string()), credentials.map(basic));
    }

    #[test]
    fn user_and_password_may_be_escaped() {
        check("http://proxy:3128", false, None);
        check("https://me:secret@proxy", true, Some("me:secret"));
        check("http://me:a%40b%3Ac@proxy:3128", false, Some("me:a@b:c"));
    }

    #[test]
    fn other_kinds_of_proxies_are_named_without_their_password() {
        let want = "the proxy-url of kubeconfig f begins with \"socks5\"; write it like \
                    http://proxy.example:3128, or with https";
        assert_eq!(proxy("socks5://me:secret@proxy:1080").unwrap_err(), want);
    }
}
