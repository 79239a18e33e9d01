//! Programs that keep credentials: `docker-credential-NAME`.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::credential::Credential;
use crate::error::Problem;

/// How long a helper may take.
const TIME_LIMIT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    username: String,
    secret: String,
}

/// Asks `docker-credential-NAME get` about `server`; `None` when it knows nothing of it.
///
/// # Errors
///
/// It cannot be started, fails otherwise, or takes too long.
pub(super) async fn ask(name: &str, server: &str) -> Result<Option<Credential>, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Problem::Unsupported(format!("{name:?} is not the name of a credential helper")));
    }
    let program = format!("docker-credential-{name}");
    let failed = |why: String| {
        Problem::Unsupported(format!("{program} get: {why}; log in again, or take it out of the file"))
    };
    let output = match tokio::time::timeout(TIME_LIMIT, run(&program, server)).await {
        Ok(output) => output.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("no answer within {} s", TIME_LIMIT.as_secs()))),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // The one message that the helpers' protocol fixes.
        return if said.contains("credentials not found") { Ok(None) } else { Err(failed(said)) };
    }
    let found: Found = serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
    Ok(Some(match found.username.as_str() {
        "<token>" => Credential::Identity(found.secret),
        _ => Credential::Basic { user: found.username, password: found.secret },
    }))
}

async fn run(program: &str, server: &str) -> std::io::Result<std::process::Output> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that knows the answer beforehand may close its input.
        let _ = input.write_all(server.as_bytes()).await;
    }
    child.wait_with_output().await
}
