//! Whether a cluster can take the scheduler, and whether the scheduler in it works: single checks with what to do.
//!
//! | module | what it looks at |
//! | --- | --- |
//! | `api` | the API server: who we are, its version, the kinds it serves, its built-in roles |
//! | `access` | what an account may do |
//! | `conflicts` | others who serve the same scheduler name; pods that ask for a misspelt one |
//! | `leader` | who holds the Lease |
//! | `probe` | a pod, from its creation to its node |

pub mod access;
pub mod api;
pub mod conflicts;
pub mod leader;
pub mod probe;

use std::time::Duration;

use kube::Client;
use serde_json::Value;

use crate::call::path::escape;
use crate::call::{ApiError, Caller};

/// How long one request of a check may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Objects asked for at a time.
const PAGE: usize = 500;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As it should be.
    Ok,
    /// Works, but not as well as it could.
    Warning,
    /// Does not work.
    Failed,
    /// Could not be looked at, for want of a permission that is not essential.
    Skipped,
}

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is checked, said as if all were well.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// What was found.
    pub message: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// How long it took, of checks that wait for something.
    pub took: Option<Duration>,
}

impl Check {
    fn new(name: impl Into<String>, status: Status) -> Self {
        Self { name: name.into(), status, message: None, remedy: None, took: None }
    }

    /// All is well.
    pub fn ok(name: impl Into<String>) -> Self {
        Self::new(name, Status::Ok)
    }

    /// Something needs a look: what was found, and what to do.
    pub fn warning(name: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, Status::Warning).saying(message).mended_by(remedy)
    }

    /// Something is wrong: what was found, and what to do.
    pub fn failed(name: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, Status::Failed).saying(message).mended_by(remedy)
    }

    /// It could not be looked at, and why.
    pub fn skipped(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(name, Status::Skipped).saying(message)
    }

    /// With what was found.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// With how long it took.
    #[must_use]
    pub fn after(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    fn mended_by(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The question could not be answered: skipped when we may not ask, failed otherwise.
    fn unanswered(name: impl Into<String>, error: &ApiError) -> Self {
        match error.code {
            403 => Self::skipped(name, format!("no permission to look: {}", error.message)),
            _ => Self::failed(name, error.to_string(), "run the check again when the API server answers"),
        }
    }
}

/// The caller of all checks: no limit, no retries, every call answered soon or given up.
pub fn caller(client: &Client) -> Caller {
    Caller::new(client.clone()).within(TIMEOUT).impatient()
}

/// All items of a list, page by page. `selector` is a field selector, or empty.
async fn list(api: &Caller, path: &str, selector: &str) -> Result<Vec<Value>, ApiError> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let mut url = format!("{path}?limit={PAGE}");
        for (key, value) in [("fieldSelector", selector), ("continue", next.as_str())] {
            if !value.is_empty() {
                url.push_str(&format!("&{key}={}", escape(value)));
            }
        }
        let mut page: Value = api.get(&url).await?;
        if let Some(found) = page.get_mut("items").and_then(Value::as_array_mut) {
            items.append(found);
        }
        next = text(&page, "/metadata/continue").to_string();
        if next.is_empty() {
            return Ok(items);
        }
    }
}

/// A string of an object, empty when it is not there.
fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// `namespace/name` of an object.
fn key(object: &Value) -> String {
    format!("{}/{}", text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}
