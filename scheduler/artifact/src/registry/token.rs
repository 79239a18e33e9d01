//! Being let into a registry: first without credentials, then as the registry says.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use oci_client::Reference as Image;
use reqwest::Url;
use serde::Deserialize;

use super::address::base_url;
use crate::credentials::Credential;
use crate::error::Problem;
use crate::http::{Answer, Transport};
use crate::options::Options;

/// The most bytes of a token.
const TOKEN_LIMIT: usize = 1 << 20;

/// What a registry let us in with.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Granted {
    /// It asked for nothing.
    Nothing,
    /// Name and password with every request.
    Basic { user: String, password: String },
    /// A token for this repository.
    Token(String),
}

/// Requests to one repository with whatever they need to be let in.
pub(super) struct Access<'a> {
    transport: &'a Transport,
    options: &'a Options,
    image: &'a Image,
    granted: Granted,
}

/// How a registry wants to be asked.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

/// What a token server says.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Access<'a> {
    /// Nothing is sent yet.
    pub(super) fn new(transport: &'a Transport, options: &'a Options, image: &'a Image) -> Self {
        Self { transport, options, image, granted: Granted::Nothing }
    }

    /// GETs an address of the registry; asked for credentials, it looks for them and tries once more.
    pub(super) async fn get(
        &mut self,
        url: &Url,
        headers: &HeaderMap,
        limit: usize,
    ) -> Result<Answer, Problem> {
        let answer = self.transport.get(url, &self.with_access(headers)?, limit).await?;
        if answer.status != StatusCode::UNAUTHORIZED || self.granted != Granted::Nothing {
            return Ok(answer);
        }
        self.granted = self.ask(&answer.headers, "pull").await?;
        self.transport.get(url, &self.with_access(headers)?, limit).await
    }

    /// What uploads to the repository need.
    pub(super) async fn for_push(self) -> Result<Granted, Problem> {
        let base = base_url(self.image, self.options)?;
        let url = base.join("/v2/").map_err(|error| Problem::Unsupported(error.to_string()))?;
        let answer = self.transport.get(&url, &HeaderMap::new(), TOKEN_LIMIT).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => self.ask(&answer.headers, "pull,push").await,
            _ => Ok(Granted::Nothing),
        }
    }

    fn with_access(&self, headers: &HeaderMap) -> Result<HeaderMap, Problem> {
        let value = match &self.granted {
            Granted::Nothing => return Ok(headers.clone()),
            Granted::Basic { user, password } => crate::credentials::basic(user, password),
            Granted::Token(token) => format!("Bearer {token}"),
        };
        let mut value =
            HeaderValue::from_str(&value).map_err(|_| self.refused("nobody", "its token is not text"))?;
        value.set_sensitive(true);
        let mut headers = headers.clone();
        headers.insert(header::AUTHORIZATION, value);
        Ok(headers)
    }

    async fn ask(&self, headers: &HeaderMap, actions: &str) -> Result<Granted, Problem> {
        let credential = self.options.credentials.find(self.image).await?;
        let challenge =
            challenge(headers).ok_or_else(|| self.refused("everybody", "it does not say how to log in"))?;
        match (challenge, credential) {
            (Challenge::Bearer { realm, service }, credential) => {
                self.token(&realm, service.as_deref(), actions, &credential).await
            }
            (Challenge::Basic, Credential::Basic { user, password }) => Ok(Granted::Basic { user, password }),
            (Challenge::Basic, _) => {
                Err(self.refused("anonymous access", "log in first, with `docker login` or `oras login`"))
            }
        }
    }

    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        actions: &str,
        credential: &Credential,
    ) -> Result<Granted, Problem> {
        let mut url = self.realm(realm)?;
        let scope = format!("repository:{}:{actions}", self.image.repository());
        let mut pairs = vec![("scope", scope.as_str())];
        pairs.extend(service.map(|service| ("service", service)));
        let (who, answer) = match credential {
            Credential::Identity(token) => {
                pairs.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", "longshore"),
                    ("refresh_token", token),
                ]);
                ("the saved token", self.transport.post_form(&url, &pairs, TOKEN_LIMIT).await?)
            }
            Credential::Registry(token) => return Ok(Granted::Token(token.clone())),
            Credential::Basic { user, password } => {
                url.query_pairs_mut().extend_pairs(pairs);
                let value = HeaderValue::from_str(&crate::credentials::basic(user, password));
                let value = value.map_err(|_| self.refused(user, "its password is not text"))?;
                let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
                (user.as_str(), self.transport.get(&url, &headers, TOKEN_LIMIT).await?)
            }
            Credential::Anonymous => {
                url.query_pairs_mut().extend_pairs(pairs);
                ("anonymous access", self.transport.get(&url, &HeaderMap::new(), TOKEN_LIMIT).await?)
            }
        };
        if !answer.status.is_success() {
            let why = format!(
                "status {} for {}; log in with an account that may do this, with `docker login` or `oras login`",
                answer.status.as_u16(),
                scope
            );
            return Err(self.refused(who, &why));
        }
        let read: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|error| {
            self.refused(who, &format!("its token server answers in another way: {error}"))
        })?;
        let token = read.token.or(read.access_token).filter(|token| !token.is_empty());
        token.map(Granted::Token).ok_or_else(|| self.refused(who, "its token server gave no token"))
    }

    /// The token server, which must not be less private than the registry.
    fn realm(&self, realm: &str) -> Result<Url, Problem> {
        let url = Url::parse(realm)
            .map_err(|error| self.refused("everybody", &format!("its realm {realm:?}: {error}")))?;
        let encrypted = base_url(self.image, self.options)?.scheme() == "https";
        if url.scheme() != "https" && (encrypted || url.scheme() != "http") {
            return Err(self.refused("everybody", &format!("its realm {realm:?} is not encrypted")));
        }
        Ok(url)
    }

    fn refused(&self, who: &str, why: &str) -> Problem {
        Problem::Refused {
            registry: self.image.registry().to_owned(),
            who: who.to_owned(),
            why: why.to_owned(),
        }
    }
}

/// The first challenge that is understood, a token before a password.
fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let said = || headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let bearer = said().find_map(|text| {
        let parameters = after_scheme(text, "bearer")?;
        let realm = parameter(parameters, "realm")?;
        Some(Challenge::Bearer { realm, service: parameter(parameters, "service") })
    });
    bearer.or_else(|| said().any(|text| after_scheme(text, "basic").is_some()).then_some(Challenge::Basic))
}

fn after_scheme<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let text = text.trim_start();
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    first.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The value of `name="value"` or `name=value` in a list with commas.
fn parameter(mut text: &str, name: &str) -> Option<String> {
    loop {
        let (key, rest) = text.split_once('=')?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: &[&'static str], expected: Option<Challenge>) {
        let values = said.iter().map(|text| (header::WWW_AUTHENTICATE, HeaderValue::from_static(text)));
        assert_eq!(challenge(&HeaderMap::from_iter(values)), expected, "{said:?}");
    }

    #[test]
    fn registries_say_how_they_want_to_be_asked() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.into(), service: service.map(Into::into) })
        };
        check(
            &[r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull""#],
            bearer("https://ghcr.io/token", Some("ghcr.io")),
        );
        check(&[r#"bearer service=x, realm="https://a/t?b=c,d""#], bearer("https://a/t?b=c,d", Some("x")));
        check(&[r#"Basic realm="r""#], Some(Challenge::Basic));
        check(&["Basic"], Some(Challenge::Basic));
        check(&["Bearer service=x"], None);
        check(&[r#"Bearer realm="https://a"#], None);
        check(&["Negotiate"], None);
        check(&[], None);
    }
}
