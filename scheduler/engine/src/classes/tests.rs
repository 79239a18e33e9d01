//! Which classes there is room for.

use longshore_framework::fixture::{node, pod};

use super::alike::{Essence, Likenesses};
use super::*;

/// Room for two classes on one node.
struct Room {
    classes: Classes,
    snapshot: Snapshot,
}

impl Room {
    fn new() -> Self {
        let mut snapshot = Snapshot::default();
        snapshot.set_node(node("n").build());
        Self { classes: Classes { cells: 2, ..Classes::default() }, snapshot }
    }

    /// Asks for the class with this number; whether it has columns, or why not.
    fn ask(&mut self, number: u64) -> Result<(), Literal> {
        let essence = Arc::new(Essence::of(&pod("p").build()));
        let key = Arc::new(ClassKey::new(0, Likenesses::default(), (number, essence)));
        self.classes.decisions += 1;
        let class = self.classes.take(&self.snapshot, &key)?;
        if let Some(entry) = self.classes.entries.peek_mut(&key) {
            entry.class = Some(class);
        }
        Ok(())
    }

    /// Asks for these in turn.
    #[track_caller]
    fn check(&mut self, asked: &[u64], want: &Result<(), Literal>) {
        for number in asked {
            assert_eq!(&self.ask(*number), want, "class {number}");
        }
        assert!(self.classes.with_columns <= 2);
    }
}

#[test]
fn classes_in_use_are_not_driven_out_by_each_newcomer() {
    let mut room = Room::new();
    room.check(&[1, 2, 3], &Err(Literal::FirstOfClass));
    room.check(&[1, 2], &Ok(()));
    for _ in 0..CROWDED_FOR {
        room.check(&[3], &Err(Literal::Crowded));
        room.check(&[1, 2], &Ok(()));
    }
    room.check(&[3], &Ok(()));
    // Class 1 was asked for longest ago.
    room.check(&[3, 2], &Ok(()));
    room.check(&[1], &Err(Literal::FirstOfClass));
}

#[test]
fn a_class_that_is_not_asked_for_any_more_gives_its_place_at_once() {
    let mut room = Room::new();
    room.check(&[1, 2, 3], &Err(Literal::FirstOfClass));
    room.check(&[1, 2], &Ok(()));
    room.check(&[2; 9], &Ok(()));
    room.check(&[3], &Ok(()));
}

#[test]
fn classes_that_come_once_push_out_none_in_use() {
    let mut room = Room::new();
    room.check(&[1], &Err(Literal::FirstOfClass));
    for number in 2..3 * MAX_CLASSES as u64 {
        room.check(&[1], &Ok(()));
        room.check(&[number], &Err(Literal::FirstOfClass));
        assert!(room.classes.entries.len() <= MAX_CLASSES);
    }
}
