//! The whole reading: sources to documents to objects to a cluster.

mod entries;

use serde_json::Value;

use crate::collect::Source;
use crate::glance::glance;
use crate::manifests::Manifests;
use crate::{document, items, split};

use entries::{Entries, Place};

/// Reads sources into one cluster. Never fails: what cannot be read is listed in [`Manifests::problems`].
pub fn read(sources: &[Source]) -> Manifests {
    let mut entries = Entries::default();
    for source in sources {
        read_source(source, &mut entries);
    }
    entries.finish()
}

/// Reads one text, named `-`.
pub fn read_str(text: &str) -> Manifests {
    read(&[Source { name: "-".to_string(), text: text.as_bytes().to_vec() }])
}

/// Reads objects that are parsed already; lists among them are flattened. They count as items of one document.
pub fn read_values(objects: &[Value]) -> Manifests {
    let mut entries = Entries::default();
    let source = entries.source("-");
    for (at, value) in objects.iter().enumerate() {
        for item in items::items(value) {
            let place = Place { source, document: 1, item: Some(at + 1), line: None };
            entries.add(&item, place);
        }
    }
    entries.finish()
}

fn read_source(source: &Source, entries: &mut Entries) {
    let name = entries.source(&source.name);
    let mut document = 0;
    for chunk in split::split(&source.text) {
        for value in document::parse(chunk) {
            document += 1;
            let place = Place { source: name, document, item: None, line: Some(chunk.line) };
            match value {
                Ok(value) => {
                    for item in items::items(&value) {
                        entries.add(&item, Place { item: item.item, ..place });
                    }
                }
                Err(error) => {
                    let place = Place { line: Some(error.line), ..place };
                    entries.unreadable(place, error.message, glance(chunk.text));
                }
            }
        }
    }
    if document == 0 {
        entries.warn(format!("{}: holds no object", source.name));
    }
}

#[cfg(test)]
mod tests;
