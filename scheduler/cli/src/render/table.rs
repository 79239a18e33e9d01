//! Columns as kubectl prints them: as wide as their widest cell, three spaces between, nothing at the end of a line.

use std::io::{self, Write};

use crate::console::printable;

const GAP: usize = 3;

/// Rows of cells.
#[derive(Debug, Default)]
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns aligned to the right.
    right: Vec<usize>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    /// Aligns columns to the right.
    pub(crate) fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right.extend(columns);
        self
    }

    /// Adds a row.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|c| printable(c.as_ref())).collect());
    }

    /// Writes the table, every line after `indent` spaces.
    pub(crate) fn write(&self, out: &mut dyn Write, indent: usize, headers: bool) -> io::Result<()> {
        let header = headers.then_some(&self.header);
        let lines = || header.into_iter().chain(&self.rows);
        let columns = lines().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| lines().filter_map(|l| l.get(at)).map(|c| width(c)).max().unwrap_or(0))
            .collect();
        for line in lines() {
            let mut text = " ".repeat(indent);
            for (at, cell) in line.iter().enumerate() {
                let pad = " ".repeat(widths[at].saturating_sub(width(cell)));
                if self.right.contains(&at) {
                    text.push_str(&pad);
                    text.push_str(cell);
                } else {
                    text.push_str(cell);
                    text.push_str(&pad);
                }
                text.push_str(&" ".repeat(GAP));
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// Names are ASCII; the histogram's blocks take one cell each.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_with_text() {
        let mut table = Table::new(&["NAME", "CPU"]).right([1]);
        table.row(["a", "10"]);
        table.row(["longer", "5"]);
        let mut out = Vec::new();
        table.write(&mut out, 1, true).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), " NAME     CPU\n a         10\n longer     5\n");
    }
}
