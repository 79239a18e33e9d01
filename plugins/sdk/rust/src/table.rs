//! The table of nodes that this instance holds.

mod apply;
#[cfg(test)]
mod tests;

use crate::column::{Column, Kind, Number, Text};
use crate::metric::Measured;
use crate::{Node, Nodes, PodInfo, Word, Words};

/// Nodes by rows, what the plugin reads of them by columns.
///
/// Each column has its values in the list of its kind, at its own place; the other lists have nothing there.
#[derive(Clone, Debug)]
pub struct Table {
    rows: usize,
    alive: Vec<u64>,
    /// One for each row: how many changes there had been when it last changed.
    versions: Vec<u64>,
    changes: u64,
    kinds: Vec<Kind>,
    pub(crate) words: Words,
    numbers: Vec<Vec<i64>>,
    texts: Vec<Vec<Word>>,
    lists: Vec<Vec<Box<[Word]>>>,
    pub(crate) pods: Vec<Vec<Vec<PodInfo>>>,
    pub(crate) blobs: Vec<Vec<Vec<u8>>>,
    pub(crate) measured: Measured,
}

impl Table {
    pub(crate) fn new(columns: &[Column], metrics: usize) -> Self {
        let count = columns.len();
        Self {
            rows: 0,
            alive: Vec::new(),
            versions: Vec::new(),
            changes: 0,
            kinds: columns.iter().map(|column| column.kind()).collect(),
            words: Words::default(),
            numbers: vec![Vec::new(); count],
            texts: vec![Vec::new(); count],
            lists: vec![Vec::new(); count],
            pods: vec![Vec::new(); count],
            blobs: vec![Vec::new(); count],
            measured: Measured::new(metrics),
        }
    }

    /// Every node of this instance, in ascending order of their rows: all nodes of the cluster for a plugin that is
    /// [`single`](crate::Manifest::single), else a part of them.
    pub fn nodes(&self) -> Nodes<'_> {
        Nodes::new(self, &self.alive)
    }

    /// The node of this name, found by the column of names, which the plugin has to declare.
    pub fn node(&self, names: Text, name: &str) -> Option<Node<'_>> {
        self.find(names, name)
    }

    /// A column of numbers, one for each row.
    #[inline]
    pub fn numbers(&self, column: Number) -> &[i64] {
        self.numbers.get(usize::from(column.0)).unwrap_or_else(|| self.not_there(column.0))
    }

    /// A column of texts, as words.
    #[inline]
    pub fn words_of(&self, column: Text) -> &[Word] {
        self.texts.get(usize::from(column.0)).unwrap_or_else(|| self.not_there(column.0))
    }

    /// The node that has this text in a column.
    pub(crate) fn find(&self, column: Text, text: &str) -> Option<Node<'_>> {
        let word = self.words.find(text)?;
        let alive = |row: usize| self.alive[row / 64] & (1 << (row % 64)) != 0;
        let mut rows = self.words_of(column).iter().enumerate();
        let (row, _) = rows.find(|(row, other)| **other == word && alive(*row))?;
        Some(Node::new(self, row as u32))
    }

    /// A number of a row that changes with every change of it.
    pub(crate) fn version(&self, row: u32) -> u64 {
        self.versions.get(row as usize).copied().unwrap_or(0)
    }

    /// Rows change.
    fn touch(&mut self, rows: &[u32]) {
        self.changes += 1;
        for row in rows {
            self.versions[*row as usize] = self.changes;
        }
    }

    pub(crate) fn list(&self, column: u16, row: u32) -> &[Word] {
        let values = self.lists.get(usize::from(column)).and_then(|rows| rows.get(row as usize));
        values.unwrap_or_else(|| self.not_there(column))
    }

    pub(crate) fn pods(&self, column: u16, row: u32) -> &[PodInfo] {
        let values = self.pods.get(usize::from(column)).and_then(|rows| rows.get(row as usize));
        values.unwrap_or_else(|| self.not_there(column))
    }

    pub(crate) fn blob(&self, column: u16, row: u32) -> &[u8] {
        let values = self.blobs.get(usize::from(column)).and_then(|rows| rows.get(row as usize));
        values.unwrap_or_else(|| self.not_there(column))
    }

    /// Stops the plugin where a column has no value: nothing was handed over for it.
    #[cold]
    #[inline(never)]
    pub(crate) fn not_there(&self, column: u16) -> ! {
        let known = self.kinds.len();
        panic!(
            "column {column} of columns! is not what the manifest has at this place, which has {known} columns; \
             add .columns(COLUMNS) to Plugin::manifest"
        )
    }

    /// Stops the plugin when a set has rows that are no nodes: what follows would be about nothing.
    pub(crate) fn check(&self, set: &[u64]) {
        for (at, word) in set.iter().enumerate() {
            let alive = self.alive.get(at).copied().unwrap_or(0);
            assert!(word & !alive == 0, "asked about rows that are no nodes");
        }
    }

    /// Stops the plugin when a row is no node.
    pub(crate) fn check_row(&self, row: u32) {
        let alive = self.alive.get(row as usize / 64).is_some_and(|word| word & (1 << (row % 64)) != 0);
        assert!(alive, "asked about row {row}, which is no node");
    }
}
