//! Who asks, and whether he may.

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Response, StatusCode};
use longshore_cluster::review::{Reviewer, User};
use serde_json::json;

use super::caller::Caller;
use super::status::status;

/// A group whose members may do anything, as everywhere in Kubernetes.
const MASTERS: &str = "system:masters";

/// Whether one of the patterns stands for the path.
pub(super) fn is_always_allowed(patterns: &[String], path: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => pattern == path,
    })
}

/// Whoever the credentials say, or nobody in particular when there are none: the client certificate first, with what a
/// front proxy says, then a token.
///
/// # Errors
/// The answer, when the credentials are wrong or cannot be looked at.
pub(super) async fn authenticate(
    reviewer: Option<&dyn Reviewer>,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<User, Box<Response<Body>>> {
    if let Some(user) = caller.user(headers) {
        return Ok(user);
    }
    let Some(token) = bearer(headers) else { return Ok(User::anonymous()) };
    let Some(reviewer) = reviewer else { return Err(unauthorized()) };
    match reviewer.authenticate(token).await {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(unauthorized()),
        Err(error) => {
            tracing::warn!(%error, "a caller's token cannot be looked at");
            Err(unauthorized())
        }
    }
}

/// Whether the user may use the method on the path.
///
/// # Errors
/// The answer, when he may not or nobody can say.
pub(super) async fn authorize(
    reviewer: Option<&dyn Reviewer>,
    user: &User,
    method: &Method,
    path: &str,
) -> Result<(), Box<Response<Body>>> {
    if user.groups.iter().any(|group| group == MASTERS) {
        return Ok(());
    }
    let verb = method.as_str().to_ascii_lowercase();
    let allowed = match reviewer {
        None => Ok(false),
        Some(reviewer) => reviewer.authorize(user, &verb, path).await,
    };
    match allowed {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!("forbidden: User \"{}\" cannot {verb} path \"{path}\"", user.name);
            Err(Box::new(status(StatusCode::FORBIDDEN, "Forbidden", &message, json!({}))))
        }
        Err(error) => {
            tracing::warn!(%error, "the API server cannot say whether a caller may read a path");
            let message = "Internal Server Error: the API server cannot be asked whether this is allowed";
            let code = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Box::new(status(code, "InternalError", message, json!({}))))
        }
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unauthorized() -> Box<Response<Body>> {
    Box::new(status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized", json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_what_begins_so() {
        let patterns = ["/healthz", "/debug/*"].map(String::from);
        for (path, want) in
            [("/healthz", true), ("/healthz/ping", false), ("/debug/flags/v", true), ("/", false)]
        {
            assert_eq!(is_always_allowed(&patterns, path), want, "{path}");
        }
    }

    #[test]
    fn a_bearer_token_is_found() {
        let mut headers = HeaderMap::new();
        for (value, want) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer ", None),
        ] {
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer(&headers), want, "{value}");
        }
    }
}
