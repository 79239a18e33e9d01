//! URLs, as Go's `net/url` reads those of requests.

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Url {
    /// In lower case; empty if there is none.
    pub(in super::super) scheme: String,
    /// Name or address, and the port if one was given.
    pub(in super::super) host: String,
    /// As written, with what may not stand there escaped.
    pub(in super::super) path: String,
    query: String,
    text: String,
}

impl Url {
    /// Reads a URL that is absolute, or a path from the root.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        let failed = |why: &str| format!("parse {text:?}: {why}");
        if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
            return Err(failed("net/url: invalid control character in URL"));
        }
        if text.is_empty() {
            return Err(failed("empty url"));
        }
        let (scheme, rest) = scheme(text).map_err(failed)?;
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            scheme: scheme.to_ascii_lowercase(),
            host: String::new(),
            path: String::new(),
            query: query.into(),
            text: text.into(),
        };
        if !rest.starts_with('/') {
            return match scheme.is_empty() && text != "*" {
                true => Err(failed("invalid URI for request")),
                false => Ok(url),
            };
        }
        let path = match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
            None => rest,
            Some(behind) => {
                let end = behind.find('/').unwrap_or(behind.len());
                let (authority, path) = behind.split_at(end);
                url.host = host(authority).map_err(|why| failed(&why))?;
                path
            }
        };
        unescape(path, false).map_err(|why| failed(&why))?;
        url.path = escape_path(path);
        Ok(url)
    }

    /// The host without port and brackets.
    pub(in super::super) fn hostname(&self) -> &str {
        let name = match self.host.rfind(':').filter(|colon| !self.host[*colon..].contains(']')) {
            Some(colon) => &self.host[..colon],
            None => &self.host,
        };
        name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name)
    }

    /// The port, or nothing.
    pub(in super::super) fn port(&self) -> &str {
        match self.host.rfind(':').filter(|colon| !self.host[*colon..].contains(']')) {
            Some(colon) => &self.host[colon + 1..],
            None => "",
        }
    }

    /// Names and values of the query in order. What cannot be read is left out.
    pub(in super::super) fn query(&self) -> Vec<(String, String)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        pairs
            .filter_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((unescape(name, true).ok()?, unescape(value, true).ok()?))
            })
            .collect()
    }
}

fn scheme(text: &str) -> Result<(&str, &str), &'static str> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme"),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn host(authority: &str) -> Result<String, String> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let behind = match host.strip_prefix('[') {
        Some(address) => address.split_once(']').ok_or("missing ']' in host")?.1,
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    let port = behind.strip_prefix(':').unwrap_or(behind);
    let no_colon = !behind.is_empty() && !behind.starts_with(':');
    if no_colon || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("invalid port {behind:?} after host"));
    }
    let host = unescape(host, false)?;
    match host.chars().find(|c| " \\^`{|}<>\"".contains(*c)) {
        Some(c) => Err(format!("invalid character {:?} in host name", c.to_string())),
        None => Ok(host),
    }
}

fn unescape(text: &str, plus: bool) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match first {
            b'%' => {
                let digits = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
                let byte = digits.filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
                let Some(byte) = byte.and_then(|two| u8::from_str_radix(two, 16).ok()) else {
                    let shown: String = std::iter::once('%').chain(digits.unwrap_or("").chars()).collect();
                    return Err(format!("invalid URL escape {shown:?}"));
                };
                bytes.push(byte);
                rest = &behind[2..];
            }
            b'+' if plus => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn escape_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'~' | b'/' | b'%' | b'[' | b']' => escaped.push(char::from(byte)),
            b'!' | b'\'' | b'(' | b')' | b'*' | b'$' | b'&' | b'+' | b',' | b':' | b';' | b'=' | b'@' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}
