//! Nodes as plugins see them: places in the table.

use crate::column::{Blobs, Images, Labels, Number, Pods, Taints, Text};
use crate::metric::Metric;
use crate::table::Table;
use crate::{PodInfo, Word};

/// A node: a place in the table, free to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    table: &'t Table,
    row: u32,
}

/// A taint of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taint<'t> {
    /// Its key.
    pub key: &'t str,
    /// Its value, often empty.
    pub value: &'t str,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: &'t str,
}

impl<'t> Node<'t> {
    pub(crate) fn new(table: &'t Table, row: u32) -> Self {
        Self { table, row }
    }

    /// The row of the table. Rows are reused after their node is gone.
    #[inline]
    pub fn row(self) -> u32 {
        self.row
    }

    /// The table that it is in, with every other node of this instance.
    pub fn table(self) -> &'t Table {
        self.table
    }

    /// A number that is another one after every change of the node, and after every supposition about it. What is
    /// derived of a node is good as long as this is the same.
    pub fn version(self) -> u64 {
        self.table.version(self.row)
    }

    /// A number.
    #[inline]
    pub fn number(self, column: Number) -> i64 {
        match self.table.numbers(column).get(self.row as usize) {
            Some(number) => *number,
            None => self.table.not_there(column.0),
        }
    }

    /// What was measured; `None` where there is no value, or one that is too old.
    #[inline]
    pub fn metric(self, metric: Metric) -> Option<f64> {
        self.table.measured.get(metric, self.row).map(|(value, _)| value)
    }

    /// The same with the time, in milliseconds since the Unix epoch. The metric has to be
    /// [timed](crate::metric::Measure::timed), else the time is 0.
    #[inline]
    pub fn measured(self, metric: Metric) -> Option<(f64, u64)> {
        self.table.measured.get(metric, self.row)
    }

    /// A text as a word, for comparing with words from [`Plugin::prepare`](crate::Plugin::prepare).
    #[inline]
    pub fn word(self, column: Text) -> Word {
        match self.table.words_of(column).get(self.row as usize) {
            Some(word) => *word,
            None => self.table.not_there(column.0),
        }
    }

    /// A text.
    pub fn text(self, column: Text) -> Option<&'t str> {
        self.table.words.text(self.word(column))
    }

    /// Every label, as words.
    pub fn label_words(self, column: Labels) -> impl Iterator<Item = (Word, Word)> + 't {
        self.table.list(column.0, self.row).chunks_exact(2).map(|pair| (pair[0], pair[1]))
    }

    /// Every label.
    pub fn labels(self, column: Labels) -> impl Iterator<Item = (&'t str, &'t str)> + 't {
        self.label_words(column).map(move |(key, value)| (self.say(key), self.say(value)))
    }

    /// The value of one label.
    pub fn label(self, column: Labels, key: &str) -> Option<&'t str> {
        self.labels(column).find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// Every taint.
    pub fn taints(self, column: Taints) -> impl Iterator<Item = Taint<'t>> + 't {
        self.table.list(column.0, self.row).chunks_exact(3).map(move |taint| Taint {
            key: self.say(taint[0]),
            value: self.say(taint[1]),
            effect: self.say(taint[2]),
        })
    }

    /// Every name of every image, with its size in bytes.
    pub fn images(self, column: Images) -> impl Iterator<Item = (&'t str, u64)> + 't {
        let pairs = self.table.list(column.0, self.row).chunks_exact(2);
        pairs.map(move |pair| (self.say(pair[0]), self.say(pair[1]).parse().unwrap_or(0)))
    }

    /// The pods on it.
    pub fn pods(self, column: Pods) -> &'t [PodInfo] {
        self.table.pods(column.0, self.row)
    }

    /// The whole object as JSON.
    pub fn raw(self, column: Blobs) -> &'t [u8] {
        self.table.blob(column.0, self.row)
    }

    fn say(self, word: Word) -> &'t str {
        self.table.words.text(word).unwrap_or_default()
    }
}

/// Some nodes of the table, in ascending order.
#[derive(Clone, Copy)]
pub struct Nodes<'t> {
    table: &'t Table,
    set: &'t [u64],
}

impl<'t> Nodes<'t> {
    /// The nodes of a set.
    ///
    /// # Panics
    /// When the set has a row that is no node.
    pub(crate) fn new(table: &'t Table, set: &'t [u64]) -> Self {
        table.check(set);
        Self { table, set }
    }

    /// How many they are.
    pub fn count(self) -> usize {
        self.set.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Each of them.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Node<'t>> {
        let table = self.table;
        self.set.iter().enumerate().flat_map(move |(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(Node { table, row: at as u32 * 64 + bit })
            })
        })
    }

    /// Each of them. Faster than `for` over [`Nodes::iter`]: the loop is written out.
    #[inline]
    pub fn each(self, mut look: impl FnMut(Node<'t>)) {
        for (at, word) in self.set.iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                look(Node { table: self.table, row: at as u32 * 64 + rest.trailing_zeros() });
                rest &= rest - 1;
            }
        }
    }

    /// The set itself: bit `r % 64` of word `r / 64` stands for row `r`.
    pub fn set(self) -> &'t [u64] {
        self.set
    }

    /// A whole column of numbers, one for each row of the table, whether it is in the set or not.
    pub fn numbers(self, column: Number) -> &'t [i64] {
        self.table.numbers(column)
    }

    /// A whole column of words.
    pub fn words(self, column: Text) -> &'t [Word] {
        self.table.words_of(column)
    }
}
