//! Tests of the table.

use super::Table;
use crate::Node;
use crate::bindings::longshore::scheduler::types::{Delta, Patch, TextLists, Texts, Values};
use crate::column::{Column, Number, Taints, Text, spec};

const COLUMNS: &[Column] = &[spec::free("cpu"), spec::label("zone"), spec::taints()];
const FREE: Number = Number::at(0, &COLUMNS[0]);
const ZONE: Text = Text::at(1, &COLUMNS[1]);
const TAINTS: Taints = Taints::at(2, &COLUMNS[2]);

fn delta(rows: u32, alive: &[u64], patches: Vec<Patch>) -> Delta {
    Delta { reset: false, rows, alive: Some(alive.to_vec()), patches }
}

fn numbers(rows: &[u32], values: &[i64]) -> Patch {
    Patch { columns: vec![0], rows: rows.to_vec(), values: vec![Values::Numbers(values.to_vec())] }
}

fn zones(rows: &[u32], words: &[&str], at: &[u32]) -> Patch {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let texts = Texts { words, at: at.to_vec() };
    Patch { columns: vec![1], rows: rows.to_vec(), values: vec![Values::Texts(texts)] }
}

fn taints(rows: &[u32], words: &[&str], ends: &[u32], at: &[u32]) -> Patch {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let lists = TextLists { words, width: 3, ends: ends.to_vec(), at: at.to_vec() };
    Patch { columns: vec![2], rows: rows.to_vec(), values: vec![Values::Lists(lists)] }
}

/// Three nodes in rows 0 to 2.
fn table() -> Table {
    let mut table = Table::new(COLUMNS, 0);
    table.apply(delta(
        3,
        &[0b111],
        vec![
            numbers(&[0, 1, 2], &[10, 20, 30]),
            zones(&[0, 1, 2], &["a", "b"], &[1, 0, 2]),
            taints(&[0, 1, 2], &["gpu", "", "NoSchedule"], &[0, 3, 3], &[0, 1, 2]),
        ],
    ));
    table
}

fn row(table: &Table, row: u32) -> (i64, Option<&str>, usize) {
    let node = Node::new(table, row);
    (node.number(FREE), node.text(ZONE), node.taints(TAINTS).count())
}

#[test]
fn a_node_that_changes_has_another_version() {
    let mut table = table();
    let versions = |table: &Table| [0, 1, 2].map(|row| Node::new(table, row).version());
    let before = versions(&table);
    table.apply(delta(3, &[0b111], vec![numbers(&[1], &[21])]));
    let after = versions(&table);
    assert_eq!([0, 2].map(|row| after[row]), [0, 2].map(|row| before[row]));
    assert_ne!(after[1], before[1]);
    let supposed = table.suppose(0, numbers(&[0], &[1]));
    let meanwhile = versions(&table)[0];
    table.put_back(supposed);
    assert!(meanwhile != after[0] && versions(&table)[0] != meanwhile);
    let seen = versions(&table);
    table.apply(Delta { reset: true, ..delta(3, &[0b111], vec![numbers(&[0, 1, 2], &[1, 1, 1])]) });
    assert!(versions(&table).iter().all(|version| !seen.contains(version)));
}

#[test]
fn a_delta_replaces_what_it_names_and_leaves_the_rest() {
    let mut table = table();
    table.apply(delta(4, &[0b1101], vec![numbers(&[0, 2], &[11, 33]), zones(&[3], &["b"], &[1])]));
    assert_eq!(row(&table, 0), (11, Some("a"), 0));
    assert_eq!(row(&table, 1), (20, None, 1));
    assert_eq!(row(&table, 2), (33, Some("b"), 0));
    assert_eq!(row(&table, 3), (0, Some("b"), 0));
    let zones = table.words_of(ZONE);
    assert_eq!(zones[2], zones[3], "one text is one word, whichever patch it came with");
}

#[test]
fn after_a_reset_nothing_is_left() {
    let mut table = table();
    table.apply(Delta { reset: true, ..delta(1, &[1], vec![]) });
    assert_eq!(row(&table, 0), (0, None, 0));
}

#[test]
fn what_is_supposed_is_gone_afterwards() {
    let mut table = table();
    let mut patch = numbers(&[1], &[7]);
    patch.columns.extend([1, 2]);
    patch.values.extend(zones(&[1], &["c"], &[1]).values);
    patch.values.extend(taints(&[1], &[], &[0], &[]).values);
    let supposed = table.suppose(1, patch);
    assert_eq!(row(&table, 1), (7, Some("c"), 0));
    table.put_back(supposed);
    assert_eq!(row(&table, 1), (20, None, 1));
}

#[test]
fn every_node_is_walked_and_found_by_its_name_and_no_other_row_is() {
    let mut table = table();
    table.apply(delta(3, &[0b101], vec![]));
    let zones: Vec<_> = table.nodes().iter().map(|node| node.text(ZONE)).collect();
    assert_eq!((zones, table.nodes().count()), (vec![Some("a"), Some("b")], 2));
    assert_eq!(table.node(ZONE, "b").map(Node::row), Some(2));
    assert!(table.node(ZONE, "c").is_none());
}

#[test]
fn words_of_nobody_are_forgotten_in_the_end() {
    let mut table = table();
    let mut renumbered = 0;
    for round in 0..10_000 {
        renumbered +=
            usize::from(table.apply(delta(3, &[0b111], vec![zones(&[1], &[&format!("z{round}")], &[1])])));
    }
    assert!(renumbered > 0 && table.words.len() < 5000, "{} words", table.words.len());
    assert_eq!(row(&table, 0), (10, Some("a"), 0));
    assert_eq!(row(&table, 1), (20, Some("z9999"), 1));
    assert_eq!(row(&table, 2), (30, Some("b"), 0));
}

#[track_caller]
fn nonsense(delta: Delta) {
    let mut table = table();
    let applied = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| table.apply(delta)));
    assert!(applied.is_err());
}

#[test]
fn nonsense_stops_the_plugin() {
    nonsense(delta(2, &[0b11], vec![]));
    nonsense(delta(3, &[0b1111], vec![]));
    nonsense(delta(3, &[0b111, 1], vec![]));
    nonsense(delta(3, &[0b111], vec![numbers(&[3], &[1])]));
    nonsense(delta(3, &[0b111], vec![numbers(&[1, 0], &[1, 2])]));
    nonsense(delta(3, &[0b111], vec![numbers(&[0, 1], &[1])]));
    nonsense(delta(3, &[0b111], vec![zones(&[0], &["a"], &[2])]));
    nonsense(delta(3, &[0b111], vec![taints(&[0], &["a", "b"], &[2], &[0, 1])]));
    nonsense(delta(3, &[0b111], vec![taints(&[0, 1], &["a", "b", "c"], &[3, 0], &[0, 1, 2])]));
    nonsense(delta(3, &[0b111], vec![Patch { columns: vec![1], ..numbers(&[0], &[1]) }]));
    nonsense(delta(3, &[0b111], vec![Patch { columns: vec![9], ..numbers(&[0], &[1]) }]));
    nonsense(delta(3, &[0b111], vec![Patch { columns: vec![0, 0], ..numbers(&[0], &[1]) }]));
}

#[test]
#[should_panic(expected = "rows that are no nodes")]
fn a_candidate_that_is_no_node_stops_the_plugin() {
    table().check(&[0b1000]);
}

#[track_caller]
fn check_names_the_mend(declared: &[Column], look: impl Fn(Node<'_>) + std::panic::UnwindSafe) {
    let declared = declared.to_vec();
    let broken = std::panic::catch_unwind(move || {
        let mut table = Table::new(&declared, 0);
        table.apply(delta(1, &[1], Vec::new()));
        look(Node::new(&table, 0));
    });
    let text = *broken.unwrap_err().downcast::<String>().unwrap();
    assert!(text.contains("add .columns(COLUMNS) to Plugin::manifest"), "{text}");
}

#[test]
fn columns_that_the_manifest_has_not_are_told_with_the_mend() {
    // None, and others at the same places.
    for declared in [&[][..], &[spec::pods(), spec::pods(), spec::pods()]] {
        check_names_the_mend(declared, |node| {
            node.number(FREE);
        });
        check_names_the_mend(declared, |node| {
            node.text(ZONE);
        });
        check_names_the_mend(declared, |node| {
            node.taints(TAINTS).count();
        });
    }
}
