//! Memory that literal decisions use one after the other: to get it anew each time costs more than what is done in it.

use longshore_framework::snapshot::Slot;

/// Columns that are kept at the most: some more than plugins of one profile score.
const MOST_COLUMNS: usize = 16;

/// Lists as long as there are nodes. What is in them when they are taken means nothing.
#[derive(Debug, Default)]
pub(crate) struct Room {
    slots: Vec<Slot>,
    columns: Vec<Vec<i64>>,
}

impl Room {
    /// A list of slots in ascending order, each once, any.
    pub(super) fn take_slots(&mut self) -> Vec<Slot> {
        std::mem::take(&mut self.slots)
    }

    /// `slots` in ascending order, each once.
    pub(super) fn give_slots(&mut self, slots: Vec<Slot>) {
        self.slots = slots;
    }

    /// So many numbers, any.
    pub(super) fn take_column(&mut self, len: usize) -> Vec<i64> {
        let mut column = self.columns.pop().unwrap_or_default();
        column.resize(len, 0);
        column
    }

    pub(super) fn give_column(&mut self, column: Vec<i64>) {
        if self.columns.len() < MOST_COLUMNS {
            self.columns.push(column);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_again_and_there_is_no_more_of_it_than_is_of_use() {
        let mut room = Room::default();
        for at in 0..100 {
            room.give_column(vec![at; 10]);
        }
        assert_eq!(room.columns.len(), MOST_COLUMNS);
        assert_eq!(room.take_column(12).len(), 12);
        assert_eq!(room.take_column(5).len(), 5);
        room.give_slots(vec![Slot(7)]);
        assert_eq!(room.take_slots(), [Slot(7)]);
    }
}
