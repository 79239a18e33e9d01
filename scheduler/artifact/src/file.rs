//! Files of this machine.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::error::Problem;

/// The bytes of the file at `path`, at most `limit`.
///
/// # Errors
///
/// No such file, no regular file (a pipe would hang the scheduler), or a larger one.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    let failed = |error: std::io::Error| Problem::File { path: path.to_owned(), why: explain(&error, path) };
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(Problem::File { path: path.to_owned(), why: "is not a regular file".into() });
    }
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path).and_then(|file| file.take(bound).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() > limit {
        return Err(Problem::TooLarge { limit });
    }
    Ok(bytes)
}

fn explain(error: &std::io::Error, path: &Path) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound if path.is_relative() => {
            "no such file; the path is relative to the folder of the profile, or of the command".into()
        }
        std::io::ErrorKind::NotFound => "no such file".into(),
        _ => error.to_string(),
    }
}
