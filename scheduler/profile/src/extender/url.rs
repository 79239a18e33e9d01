//! Whether `urlPrefix` is a URL that calls can be made to.

use crate::error::quote;

/// `http` or `https`, a host, and no blanks.
pub(super) fn check(url: &str) -> Result<(), String> {
    let wrong = |why: &str| {
        Err(format!(
            "must be a URL such as http://extender.kube-system:8080/scheduler, not {}: {why}",
            quote(url)
        ))
    };
    if url.is_empty() {
        return Err(
            "is missing; write the URL of the extender, such as http://extender.kube-system:8080/scheduler"
                .to_string(),
        );
    }
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return wrong("it contains blanks");
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return wrong("it does not begin with http:// or https://");
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return wrong("it does not begin with http:// or https://");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (name, port) = match host.rfind(']').map(|end| host.split_at(end + 1)) {
        Some((address, port)) => (address, port.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    if name.is_empty() {
        return wrong("it has no host");
    }
    match port {
        Some(port) if !port.is_empty() && port.parse::<u16>().is_err() => {
            wrong("its port is not a port number")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_url(url: &str, good: bool) {
        assert_eq!(check(url).is_ok(), good, "{url}: {:?}", check(url));
    }

    #[test]
    fn urls_of_services_are_accepted() {
        check_url("http://127.0.0.1:8888/scheduler", true);
        check_url("https://extender.kube-system.svc", true);
        check_url("http://[::1]:80/", true);
        check_url("HTTP://user:secret@host:1", true);
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for url in [
            "",
            "extender:8080",
            "ftp://host",
            "http://",
            "http:///x",
            "http://a b",
            "http://h:99999",
            "http://:80",
        ] {
            check_url(url, false);
        }
    }
}
