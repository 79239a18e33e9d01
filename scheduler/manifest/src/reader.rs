//! The whole reading: sources to documents to objects to a cluster.

mod entries;

use longshore_framework::features::Features;
use longshore_framework::objects::declared::Declarations;
use serde_json::Value;

use crate::collect::Source;
use crate::document::{Document, SyntaxError};
use crate::glance::glance;
use crate::manifests::{ManifestProblem, Manifests};
use crate::split::Chunk;
use crate::tree::Twice;
use crate::what_if::WhatIf;
use crate::{document, items, places, split, text};

use entries::{Entries, Place};

/// What of the input is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// CronJobs are expanded to the pods of one run; else they are listed as not expanded.
    pub expand_cron_jobs: bool,
    /// The rules of the API server that objects come from, or would go to.
    pub features: Features,
    /// Kinds that plugins read beside those that scheduling itself reads.
    pub declared: Declarations,
    /// Changes of the cluster.
    pub what_if: WhatIf,
}

/// Keys written twice that are named of one document.
const NAMED: usize = 5;

/// Reads sources into one cluster. Never fails: what cannot be read is listed in [`Manifests::problems`].
pub fn read(sources: &[Source]) -> Manifests {
    read_with(sources, Options::default())
}

/// The same with options.
pub fn read_with(sources: &[Source], options: Options) -> Manifests {
    let mut entries = Entries::new(options);
    let counts: Vec<Vec<usize>> = sources.iter().map(|source| read_source(source, &mut entries)).collect();
    let mut read = entries.finish();
    places::locate(read.problems.iter_mut().chain(&mut read.unknown_fields), sources, &counts);
    read
}

/// Reads one text, named `-`.
pub fn read_str(text: &str) -> Manifests {
    read(&[Source { name: "-".to_string(), text: text.as_bytes().to_vec() }])
}

/// Reads objects that are parsed already; lists among them are flattened. They count as items of one document.
pub fn read_values(objects: &[Value]) -> Manifests {
    read_values_with(objects, Options::default())
}

/// The same with options.
pub fn read_values_with(objects: &[Value], options: Options) -> Manifests {
    let mut entries = Entries::new(options);
    let source = entries.source("-");
    for (at, value) in objects.iter().enumerate() {
        for item in items::items(value) {
            let place = Place { source, document: 1, item: Some(at + 1), line: None };
            entries.add(&item, place);
        }
    }
    entries.finish()
}

/// Adds the objects of a source; how many documents each of its chunks holds.
fn read_source(source: &Source, entries: &mut Entries) -> Vec<usize> {
    let name = entries.source(&source.name);
    let mut document = 0;
    let mut counts = Vec::new();
    for chunk in split::split(&text::utf8(&source.text)) {
        let before = document;
        for read in document::parse(chunk) {
            document += 1;
            let place = Place { source: name, document, item: None, line: Some(chunk.line) };
            match read {
                Ok(Document { value, twice }) => {
                    note_twice(&source.name, document, &twice, entries);
                    for item in items::items(&value) {
                        entries.add(&item, Place { item: item.item, ..place });
                    }
                }
                Err(error) => entries.unreadable(place, unreadable(chunk, error)),
            }
        }
        counts.push(document - before);
    }
    if document == 0 {
        entries.warn(format!("{}: holds no object", source.name));
    }
    counts
}

fn note_twice(source: &str, document: usize, twice: &[Twice], entries: &mut Entries) {
    for twice in twice.iter().take(NAMED) {
        let (key, line) = (&twice.key, twice.at.line);
        entries.warn(format!(
            "{source}: document {document}, line {line}: {key} is written twice in one mapping; the last one counts"
        ));
    }
    if twice.len() > NAMED {
        let more = twice.len() - NAMED;
        entries.warn(format!("{source}: document {document}: {more} more keys are written twice"));
    }
}

fn unreadable(chunk: Chunk<'_>, error: SyntaxError) -> ManifestProblem {
    let glance = glance(chunk.text, error.at.line.saturating_sub(chunk.line));
    ManifestProblem {
        item: glance.item,
        object: glance.object,
        is_pod: glance.is_pod,
        node: glance.node,
        line: Some(error.at.line),
        column: Some(error.at.column),
        message: error.message,
        ..Default::default()
    }
}

#[cfg(test)]
pub(crate) mod tests;
