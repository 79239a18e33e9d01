//! Looks problems up in the text once everything else is done, so that what is right costs nothing.

use std::collections::BTreeMap;

use crate::collect::Source;
use crate::manifests::ManifestProblem;
use crate::split::{Chunk, split};
use crate::tree::{At, Node};
use crate::{document, text};

/// Gives problems with objects the line of the field that is wrong, or else of the object. `counts` says how many documents
/// each chunk of each source holds.
pub(crate) fn locate<'p>(
    problems: impl Iterator<Item = &'p mut ManifestProblem>,
    sources: &[Source],
    counts: &[Vec<usize>],
) {
    let mut by_source: BTreeMap<String, BTreeMap<usize, Vec<&mut ManifestProblem>>> = BTreeMap::new();
    for problem in problems.filter(|p| p.column.is_none()) {
        let documents = by_source.entry(problem.source.clone()).or_default();
        documents.entry(problem.document).or_default().push(problem);
    }
    for (source, counts) in sources.iter().zip(counts) {
        let Some(mut wanted) = by_source.remove(&source.name) else { continue };
        let mut before = 0;
        for (chunk, count) in split(&text::utf8(&source.text)).into_iter().zip(counts) {
            let numbers = before + 1..=before + count;
            if numbers.clone().any(|number| wanted.contains_key(&number)) {
                for (number, tree) in numbers.zip(document::trees(chunk)) {
                    for problem in wanted.remove(&number).unwrap_or_default() {
                        problem.line = Some(line(chunk, &tree, problem));
                    }
                }
            }
            before += count;
        }
    }
}

fn line(chunk: Chunk<'_>, tree: &Node, problem: &ManifestProblem) -> usize {
    let object = match problem.item {
        None => Some(tree),
        Some(item) => tree.items().get(item.saturating_sub(1)).copied(),
    };
    let at =
        object.map_or(At { line: 1, column: 1 }, |o| o.find(problem.field.as_deref().unwrap_or_default()));
    document::in_source(chunk, at).line
}
