//! The cluster as it is now, object by object, without what scheduling does not read: for files.

mod document;
mod redact;

use std::collections::BTreeMap;
use std::io;

use kube::Client;
use serde_json::Value;
use thiserror::Error;

use crate::call::{ApiError, Caller};
use crate::discover::Discovered;
use crate::kinds::{OF_NEW_PODS, OF_OWNERS};
use crate::pages::{Pages, Place};

pub use document::{API_VERSION, Contents, KIND};
pub use redact::{Keep, Redaction};

/// What is dumped.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only objects of this namespace, of the kinds that live in one.
    pub namespace: Option<String>,
    /// What is left of each object.
    pub keep: Keep,
}

/// A dump that ends before its time.
#[derive(Debug, Error)]
pub enum DumpError {
    /// The API server does not answer as it should.
    #[error("{plural}: {error}")]
    Api {
        /// The kind that was asked for.
        plural: String,
        /// What went wrong.
        error: ApiError,
    },
    /// What was read cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Hands every object that scheduling or what-if questions read to `sink`, a page at a time, kinds in the order of the table and
/// objects in the API server's order; last of all the document that says what there is. Kinds that may not be listed are in its
/// `missing`. Nothing is written to the cluster.
///
/// # Errors
/// The API server cannot be reached, pods or nodes may not be listed, or `sink` fails.
pub async fn dump(
    client: &Client,
    discovered: &Discovered,
    options: &Options,
    sink: &mut dyn FnMut(&Value) -> io::Result<()>,
) -> Result<Contents, DumpError> {
    let api = Caller::new(client.clone());
    let mut contents = Contents::new(&discovered.version, options);
    let redaction = Redaction::new(&options.keep);
    for place in places(discovered) {
        let place = place.within(options.namespace.as_deref());
        let mut count = 0;
        let mut pages = Pages::new(&place);
        loop {
            match pages.next(&api).await {
                Ok(Some(objects)) => {
                    for object in &objects {
                        sink(&redaction.redact(object))?;
                    }
                    count += objects.len();
                }
                Ok(None) => break contents.has(&place, count),
                Err(error) if error.code == 404 && !place.essential => break contents.has(&place, count),
                Err(error) if error.code == 403 && !place.essential => break contents.lacks(&place),
                Err(error) => return Err(DumpError::Api { plural: place.plural.to_string(), error }),
            }
        }
    }
    for kind in &discovered.unknown {
        contents.lacks_unserved(*kind);
    }
    sink(&contents.document())?;
    Ok(contents)
}

/// Where everything is, each kind once.
pub(crate) fn places(discovered: &Discovered) -> Vec<Place<'static>> {
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut found = Vec::new();
    let listed = OF_NEW_PODS.iter().chain(&OF_OWNERS).map(Place::of_listed);
    for place in discovered.watched().map(Place::of).chain(listed) {
        let key = (place.group().to_string(), place.plural.to_string());
        places.entry(key).or_insert_with(|| {
            found.push(place);
            found.len()
        });
    }
    found
}

#[cfg(test)]
mod tests;
