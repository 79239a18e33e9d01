//! How the table changes. What makes no sense stops the plugin: a table that is wrong must not decide.

use super::Table;
use crate::bindings::longshore::scheduler::types::{Delta, Patch, TextLists, Texts, Values};
use crate::column::Kind;
use crate::{Word, Words};

/// Words may outnumber the places where words stand this many times before those of nobody are forgotten.
const WASTE: usize = 4;

/// The dictionary is not looked through below this size.
const SMALL: usize = 4096;

impl Table {
    /// Takes over what a delta says. Returns whether words were renumbered.
    ///
    /// # Panics
    /// When the delta contradicts itself or the table.
    pub(crate) fn apply(&mut self, delta: Delta) -> bool {
        if delta.reset {
            self.clear();
        }
        let rows = delta.rows as usize;
        assert!(rows >= self.rows, "the table shrinks from {} to {rows} rows without a reset", self.rows);
        self.grow(rows);
        if let Some(alive) = delta.alive {
            self.alive = alive;
            self.alive.resize(rows.div_ceil(64).max(self.alive.len()), 0);
            let stray = self.alive.iter().enumerate().any(|(at, word)| match rows.saturating_sub(at * 64) {
                0 => *word != 0,
                left @ 1..64 => word >> left != 0,
                _ => false,
            });
            assert!(!stray, "rows beyond the table's end are said to be nodes");
        }
        for patch in delta.patches {
            self.patch(patch);
        }
        self.compact()
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.alive.clear();
        self.versions.clear();
        self.changes += 1;
        self.words = Words::default();
        self.numbers.iter_mut().for_each(Vec::clear);
        self.texts.iter_mut().for_each(Vec::clear);
        self.lists.iter_mut().for_each(Vec::clear);
        self.pods.iter_mut().for_each(Vec::clear);
        self.blobs.iter_mut().for_each(Vec::clear);
    }

    fn grow(&mut self, rows: usize) {
        self.rows = rows;
        self.alive.resize(rows.div_ceil(64), 0);
        self.versions.resize(rows, self.changes);
        for (at, kind) in self.kinds.iter().enumerate() {
            match kind {
                Kind::Numbers => self.numbers[at].resize(rows, 0),
                Kind::Texts => self.texts[at].resize(rows, Word::ABSENT),
                Kind::Lists(_) => self.lists[at].resize_with(rows, Box::default),
                Kind::Pods => self.pods[at].resize_with(rows, Vec::new),
                Kind::Blobs => self.blobs[at].resize_with(rows, Vec::new),
            }
        }
    }

    fn patch(&mut self, patch: Patch) {
        let Patch { columns, rows, values } = patch;
        assert!(
            columns.len() == values.len(),
            "{} columns have {} lists of values",
            columns.len(),
            values.len()
        );
        let Some(last) = rows.last() else { return };
        assert!(rows.is_sorted_by(|a, b| a < b), "rows of a patch are not in ascending order");
        assert!((*last as usize) < self.rows, "row {last} of {}", self.rows);
        self.touch(&rows);
        for (column, values) in columns.into_iter().zip(values) {
            self.column(usize::from(column), &rows, values);
        }
    }

    fn column(&mut self, at: usize, rows: &[u32], values: Values) {
        let kind = *self.kinds.get(at).unwrap_or_else(|| panic!("there is no column {at}"));
        match (kind, values) {
            (Kind::Numbers, Values::Numbers(new)) => scatter_numbers(&mut self.numbers[at], rows, &new),
            (Kind::Texts, Values::Texts(new)) => self.texts(at, rows, new),
            (Kind::Lists(width), Values::Lists(new)) if width == new.width => self.lists(at, rows, new),
            (Kind::Pods, Values::Pods(new)) => scatter(&mut self.pods[at], rows, new),
            (Kind::Blobs, Values::Blobs(new)) => scatter(&mut self.blobs[at], rows, new),
            (kind, _) => panic!("column {at} holds {kind:?}, and values of another kind came"),
        }
    }

    fn texts(&mut self, at: usize, rows: &[u32], new: Texts) {
        // Place 0 is no text.
        let words = std::iter::once(Word::ABSENT).chain(new.words.iter().map(|text| self.words.add(text)));
        let words: Vec<_> = words.collect();
        let new = new.at.into_iter().map(|place| words[place as usize]).collect();
        scatter(&mut self.texts[at], rows, new);
    }

    fn lists(&mut self, at: usize, rows: &[u32], new: TextLists) {
        let words: Vec<_> = new.words.iter().map(|text| self.words.add(text)).collect();
        let places: Vec<_> = new.at.into_iter().map(|place| words[place as usize]).collect();
        let mut start = 0;
        let lists = new.ends.into_iter().map(|end| {
            let list = &places[start..end as usize];
            assert!(list.len() % new.width as usize == 0, "half an element in column {at}");
            start = end as usize;
            Box::from(list)
        });
        let lists: Vec<_> = lists.collect();
        assert!(start == places.len(), "words of no row in column {at}");
        scatter(&mut self.lists[at], rows, lists);
    }

    /// Forgets words of nobody once they are most of the dictionary.
    fn compact(&mut self) -> bool {
        if self.words.len() < SMALL {
            return false;
        }
        let listed = self.lists.iter().flatten().map(|list| list.len());
        let used = self.texts.iter().map(Vec::len).sum::<usize>() + listed.sum::<usize>();
        if self.words.len() < WASTE * used.max(SMALL / WASTE) {
            return false;
        }
        let old = std::mem::take(&mut self.words);
        let texts = self.texts.iter_mut().flatten();
        let lists = self.lists.iter_mut().flatten().flat_map(|list| list.iter_mut());
        for word in texts.chain(lists) {
            if let Some(text) = old.text(*word) {
                *word = self.words.add(text);
            }
        }
        true
    }

    /// Makes one row what a patch says. [`Table::put_back`] undoes it.
    pub(crate) fn suppose(&mut self, row: u32, patch: Patch) -> Supposed {
        assert!(patch.rows == [row], "what is supposed of row {row} names rows {:?}", patch.rows);
        let at = row as usize;
        let columns: Vec<_> = patch.columns.iter().map(|column| usize::from(*column)).collect();
        let saved = columns.iter().map(|column| (*column, self.save(*column, at))).collect();
        self.patch(patch);
        Supposed { row: at, saved }
    }

    /// What was supposed is over.
    pub(crate) fn put_back(&mut self, supposed: Supposed) {
        self.touch(&[supposed.row as u32]);
        // In reverse, in case a column is named twice.
        for (column, saved) in supposed.saved.into_iter().rev() {
            self.restore(column, supposed.row, saved);
        }
    }

    fn save(&mut self, column: usize, row: usize) -> Saved {
        match self.kinds.get(column) {
            Some(Kind::Numbers) => Saved::Number(self.numbers[column][row]),
            Some(Kind::Texts) => Saved::Text(self.texts[column][row]),
            Some(Kind::Lists(_)) => Saved::List(self.lists[column][row].clone()),
            Some(Kind::Pods) => Saved::Pods(self.pods[column][row].clone()),
            Some(Kind::Blobs) => Saved::Blob(self.blobs[column][row].clone()),
            None => panic!("there is no column {column}"),
        }
    }

    fn restore(&mut self, column: usize, row: usize, saved: Saved) {
        match saved {
            Saved::Number(value) => self.numbers[column][row] = value,
            Saved::Text(value) => self.texts[column][row] = value,
            Saved::List(value) => self.lists[column][row] = value,
            Saved::Pods(value) => self.pods[column][row] = value,
            Saved::Blob(value) => self.blobs[column][row] = value,
        }
    }
}

/// A row as it was, column by column.
pub(crate) struct Supposed {
    row: usize,
    saved: Vec<(usize, Saved)>,
}

/// One value that was supposed to be another.
enum Saved {
    Number(i64),
    Text(Word),
    List(Box<[Word]>),
    Pods(Vec<crate::PodInfo>),
    Blob(Vec<u8>),
}

fn scatter<T>(column: &mut [T], rows: &[u32], values: Vec<T>) {
    assert!(rows.len() == values.len(), "{} rows have {} values", rows.len(), values.len());
    for (row, value) in rows.iter().zip(values) {
        column[*row as usize] = value;
    }
}

/// The same, in one go when the rows are one stretch.
fn scatter_numbers(column: &mut [i64], rows: &[u32], values: &[i64]) {
    assert!(rows.len() == values.len(), "{} rows have {} values", rows.len(), values.len());
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    let (first, last) = (*first as usize, *last as usize);
    // Rows ascend, so as many rows as places means all places.
    if last - first + 1 == rows.len() {
        return column[first..=last].copy_from_slice(values);
    }
    for (row, value) in rows.iter().zip(values) {
        column[*row as usize] = *value;
    }
}
