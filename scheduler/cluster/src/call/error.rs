//! What went wrong with a call.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use http::Method;
use serde::Deserialize;

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ApiError {
    /// HTTP status; 0 when there was no answer.
    pub code: u16,
    /// `reason` of the Status, e.g. `NotFound`; empty when none was given.
    pub reason: String,
    /// `message` of the Status, or what the transport said.
    pub message: String,
    /// When the server wants to be asked again: the header `Retry-After` or `details.retryAfterSeconds`.
    pub retry_after: Option<Duration>,
    /// The request may have reached the server although nothing came back.
    pub in_doubt: bool,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.reason.as_str()) {
            (0, _) => f.write_str(&self.message),
            (code, "") => write!(f, "{} ({code})", self.message),
            (code, reason) => write!(f, "{} ({code} {reason})", self.message),
        }
    }
}

impl ApiError {
    /// The server said no.
    pub(crate) fn answered(code: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let status: Status = serde_json::from_slice(body).unwrap_or_default();
        let message = match status.message {
            message if !message.is_empty() => message,
            _ => readable(body),
        };
        let asked = status.details.retry_after_seconds.map(Duration::from_secs);
        Self { code, reason: status.reason, message, retry_after: retry_after.or(asked), in_doubt: false }
    }

    /// Nothing came back. A refused connection leaves no doubt: the request was not sent.
    pub(crate) fn unanswered(error: &kube::Error) -> Self {
        let (mut message, mut refused) = (error.to_string(), false);
        let mut source = error.source();
        while let Some(error) = source {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            let io = error.downcast_ref::<std::io::Error>();
            refused |= io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
            source = error.source();
        }
        Self { in_doubt: !refused, ..Self::unsent(message) }
    }

    /// The time for an answer is over.
    pub(crate) fn timed_out(method: &Method, path: &str, after: Duration) -> Self {
        Self { in_doubt: true, ..Self::unsent(format!("{method} {path}: no answer within {after:?}")) }
    }

    /// The call was not made.
    pub(crate) fn unsent(message: String) -> Self {
        Self { code: 0, reason: String::new(), message, retry_after: None, in_doubt: false }
    }

    /// The object is of another version than it was decided on; no call was needed to know.
    pub(crate) fn overtaken() -> Self {
        let message =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self { code: 409, reason: "Conflict".to_string(), ..Self::unsent(message.to_string()) }
    }

    /// The object, or the kind, is not there.
    pub fn is_not_found(&self) -> bool {
        self.is(404, "NotFound")
    }

    /// The object changed meanwhile, or a precondition does not hold.
    pub fn is_conflict(&self) -> bool {
        self.is(409, "Conflict")
    }

    /// The name is taken.
    pub fn already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }

    /// The server does not know who calls.
    pub fn is_unauthorized(&self) -> bool {
        self.is(401, "Unauthorized")
    }

    /// The caller lacks the permission. The server says so too of a namespace that is terminating.
    pub fn is_forbidden(&self) -> bool {
        self.is(403, "Forbidden")
    }

    /// The object cannot be made because its namespace is on its way out.
    pub fn is_namespace_terminating(&self) -> bool {
        self.is_forbidden() && self.message.contains("because it is being terminated")
    }

    /// There was no answer.
    pub fn is_unreachable(&self) -> bool {
        self.code == 0
    }

    /// The Status carries `reason`, or none at all and the HTTP status is `code`.
    pub(crate) fn is(&self, code: u16, reason: &str) -> bool {
        self.reason == reason || self.reason.is_empty() && self.code == code
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    reason: String,
    message: String,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    retry_after_seconds: Option<u64>,
}

/// The start of a body that is no Status.
fn readable(body: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST)]);
    match text.trim() {
        "" => "no message".to_string(),
        text => text.to_string(),
    }
}
