//! One request and its whole answer.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use ::http::{HeaderMap, StatusCode, header};
use futures::StreamExt;
use reqwest::{RequestBuilder, Response, Url};

use super::answer::Answer;
use super::client::BadRedirect;
use crate::error::Problem;

/// How much of an error page is read.
const ERROR_PAGE: usize = 4096;
/// The longest pause a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// An attempt without an answer to use.
#[derive(Debug)]
pub(super) enum Failed {
    /// No answer, or half of one.
    Network(String),
    /// An unsafe or endless chain.
    Redirect(String),
    /// The server's own failure, or too many requests; `wait`: the pause that it asks for.
    Status { status: StatusCode, said: String, wait: Option<Duration> },
    /// More bytes than allowed.
    TooLarge { limit: usize },
}

impl Failed {
    /// Whether the next attempt may go better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Network(_) => true,
            Self::Status { status, .. } => *status != StatusCode::NOT_IMPLEMENTED,
            Self::Redirect(_) | Self::TooLarge { .. } => false,
        }
    }

    /// The pause that the server asked for, bounded.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { wait, .. } => *wait,
            _ => None,
        }
    }

    /// What to tell the user after the last attempt.
    pub(super) fn into_problem(self, url: &Url, attempts: u32) -> Problem {
        match self {
            Self::Network(why) => Problem::Network { url: url.to_string(), attempts, why },
            Self::Redirect(why) => Problem::Redirect { url: url.to_string(), why },
            Self::Status { status, said, .. } => status_problem(url, status, &said),
            Self::TooLarge { limit } => Problem::TooLarge { limit },
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(why) | Self::Redirect(why) => f.write_str(why),
            Self::Status { status, .. } => write!(f, "status {status}"),
            Self::TooLarge { limit } => write!(f, "more than {limit} bytes"),
        }
    }
}

/// Sends `request` and reads at most `limit` bytes of the answer.
pub(super) async fn once(request: RequestBuilder, limit: usize) -> Result<Answer, Failed> {
    let response = request.send().await.map_err(explain)?;
    let (status, headers) = (response.status(), response.headers().clone());
    if status.is_success() {
        let body = body(response, limit).await?;
        return Ok(Answer { status, headers, body });
    }
    let body = error_page(response).await;
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Failed::Status { status, said: first_words(&body), wait: asked_pause(&headers) });
    }
    Ok(Answer { status, headers, body })
}

/// The body, refused as soon as it is known to be too long: by its announced or by its real length.
async fn body(response: Response, limit: usize) -> Result<Vec<u8>, Failed> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(Failed::TooLarge { limit });
    }
    let mut body = Vec::with_capacity((announced as usize).min(1 << 20));
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(explain)?;
        if body.len().saturating_add(piece.len()) > limit {
            return Err(Failed::TooLarge { limit });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The beginning of an error page; half of one is as good.
async fn error_page(response: Response) -> Vec<u8> {
    let mut page = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        let room = ERROR_PAGE.saturating_sub(page.len());
        page.extend(piece.iter().take(room));
        if page.len() >= ERROR_PAGE {
            break;
        }
    }
    page
}

fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// The innermost cause: the outer ones repeat the URL and say that a request failed.
fn explain(error: reqwest::Error) -> Failed {
    let mut cause: &(dyn Error + 'static) = &error;
    while let Some(inner) = cause.source() {
        if let Some(redirect) = inner.downcast_ref::<BadRedirect>() {
            return Failed::Redirect(redirect.to_string());
        }
        cause = inner;
    }
    if error.is_timeout() {
        return Failed::Network("the server is silent".into());
    }
    Failed::Network(cause.to_string())
}

/// The first words of an error page, in one line and without control characters.
pub(super) fn first_words(page: &[u8]) -> String {
    let text = String::from_utf8_lossy(page);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}

/// The problem that an answer without success is.
pub(super) fn status_problem(url: &Url, status: StatusCode, said: &str) -> Problem {
    let fix = match status.as_u16() {
        404 | 410 => "check the name and the version",
        401 | 403 => "the file needs credentials; serve it without, or from a registry",
        429 => "the server asks for fewer requests; try later",
        500.. => "the server fails; try later",
        _ => "check the address",
    };
    Problem::Status { url: url.to_string(), status: status.as_u16(), said: said.to_owned(), fix }
}
