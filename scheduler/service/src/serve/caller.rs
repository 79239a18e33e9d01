//! Who is at the other end of a connection, as far as TLS can tell.

use std::sync::Arc;

use http::HeaderMap;
use longshore_cluster::review::{RequestHeader, User};

use super::query::decode;

/// A group of everybody whose name is known.
pub(super) const AUTHENTICATED: &str = "system:authenticated";

/// Whom the client's certificate stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// The user that the certificate names.
    pub(super) user: Option<User>,
    /// The certificate is that of a front proxy: it says in these headers for whom it asks.
    pub(super) front_proxy: Option<Arc<RequestHeader>>,
}

impl Caller {
    /// Whoever asks by this certificate; `None` when it says nothing.
    pub(super) fn user(&self, headers: &HeaderMap) -> Option<User> {
        let proxied = self.front_proxy.as_deref().and_then(|names| proxied(names, headers));
        proxied.or_else(|| self.user.clone())
    }
}

/// The user in the headers of a front proxy, read as kube-apiserver's `requestheader` authenticator reads them.
fn proxied(names: &RequestHeader, headers: &HeaderMap) -> Option<User> {
    let first = |names: &[String]| names.iter().find_map(|name| values(headers, name).next());
    let name = first(&names.username_headers)?;
    let mut groups: Vec<String> = names.group_headers.iter().flat_map(|name| values(headers, name)).collect();
    if !groups.iter().any(|group| group == AUTHENTICATED) {
        groups.push(AUTHENTICATED.to_string());
    }
    let mut user = User { name, uid: first(&names.uid_headers), groups, ..User::default() };
    for prefix in &names.extra_headers_prefix {
        // Names of headers are in lower case here.
        let prefix = prefix.to_ascii_lowercase();
        for (key, value) in headers {
            let Some(key) = key.as_str().strip_prefix(&prefix) else { continue };
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            user.extra.entry(decode(key).into_owned()).or_default().push(value);
        }
    }
    Some(user)
}

/// The values of a header that are not empty.
fn values(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    let all = headers.get_all(name).into_iter().filter(|value| !value.is_empty());
    all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> RequestHeader {
        let one = |name: &str| vec![name.to_string()];
        RequestHeader {
            username_headers: one("X-Remote-User"),
            uid_headers: one("X-Remote-Uid"),
            group_headers: one("X-Remote-Group"),
            extra_headers_prefix: one("X-Remote-Extra-"),
            ..RequestHeader::default()
        }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_front_proxy_says_for_whom_it_asks() {
        let proxy = User { name: "proxy".into(), ..User::default() };
        let caller = Caller { user: Some(proxy.clone()), front_proxy: Some(Arc::new(names())) };
        let user = caller.user(&headers(&[
            ("x-remote-user", ""),
            ("x-remote-user", "ann"),
            ("x-remote-group", "ops"),
            ("x-remote-group", "dev"),
            ("x-remote-uid", "7"),
            ("x-remote-extra-example.com%2fscope", "a"),
        ]));
        let user = user.unwrap();
        assert_eq!((user.name.as_str(), user.uid.as_deref()), ("ann", Some("7")));
        assert_eq!(user.groups, ["ops", "dev", AUTHENTICATED]);
        assert_eq!(user.extra["example.com/scope"], ["a"]);
        assert_eq!(caller.user(&headers(&[("x-remote-group", "system:masters")])), Some(proxy));
    }

    #[test]
    fn nobody_else_is_believed() {
        let forged = headers(&[("x-remote-user", "root"), ("x-remote-group", "system:masters")]);
        assert_eq!(Caller::default().user(&forged), None);
        let ann = User { name: "ann".into(), ..User::default() };
        let caller = Caller { user: Some(ann.clone()), front_proxy: None };
        assert_eq!(caller.user(&forged), Some(ann));
    }
}
