//! A configuration that changes while the scheduler runs: read again, checked, and taken over between two decisions. One
//! that is not valid is reported, and the one before goes on serving.

use std::path::{Path, PathBuf};
use std::time::Duration;

use longshore_profile::Resolved;
use tokio_util::sync::CancellationToken;

use crate::input;

/// How often the file is looked at. A ConfigMap takes a minute to arrive anyway.
const EVERY: Duration = Duration::from_secs(2);

/// What became of a changed file.
pub(crate) enum Reloaded {
    /// It is valid.
    Good(Box<Resolved>),
    /// It is not; everything that is wrong.
    Bad(String),
}

/// Looks at the file until told to stop; `changed` is told of every new content.
pub(crate) async fn follow(file: PathBuf, stop: CancellationToken, changed: impl Fn(Reloaded) + Send) {
    let mut known = read(&file).await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let now = read(&file).await;
        // A file that is gone for a moment is being replaced.
        if now.is_none() || now == known {
            continue;
        }
        known = now;
        changed(load(&file));
    }
}

async fn read(file: &Path) -> Option<Vec<u8>> {
    tokio::fs::read(file).await.ok()
}

fn load(file: &Path) -> Reloaded {
    match input::profiles(Some(file)) {
        Ok(resolved) => Reloaded::Good(Box::new(resolved)),
        Err(error) => Reloaded::Bad(format!("{error:#}")),
    }
}
