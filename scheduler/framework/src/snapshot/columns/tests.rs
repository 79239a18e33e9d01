use super::*;

fn amounts(of: &[(&str, i64)]) -> Amounts {
    Amounts {
        scalars: of.iter().map(|(name, amount)| ((*name).into(), *amount)).collect(),
        ..Amounts::default()
    }
}

fn columns(slots: usize) -> ResourceColumns {
    let mut columns = ResourceColumns::default();
    (0..slots).for_each(|_| columns.grow());
    columns
}

/// Cells beside those of the resources that every node has.
fn cells(columns: &ResourceColumns) -> usize {
    let basic = [CPU_ID, MEMORY_ID, EPHEMERAL_ID].map(|id| columns.columns[id.0].cells.allocated());
    columns.allocated() - basic.iter().sum::<usize>()
}

/// A node offers of the resource, and another one then has a pod that holds some.
#[test]
fn a_resource_of_its_own_on_every_node_takes_as_much_as_there_is() {
    let with = |nodes: usize| {
        let mut columns = columns(nodes);
        for at in 0..nodes {
            let name = format!("example.com/{at}");
            columns.set_allocatable(Slot::from(at), &Amounts::default(), &amounts(&[(&name, 1)]));
            columns.count(Slot::from(at), &amounts(&[(&name, 1)]), 1);
        }
        assert_eq!(columns.names().count(), BASIC + nodes);
        cells(&columns)
    };
    let (some, many) = (with(1000), with(4000));
    assert!(some <= 8 * 1000 && many <= 4 * some + 64, "{some} cells for 1,000 nodes, {many} for 4,000");
}

#[test]
fn a_resource_is_the_same_whether_few_nodes_have_it_or_many() {
    const NAME: &str = "example.com/gpu";
    let mut columns = columns(100);
    let mut was_flat = Vec::new();
    let check = |columns: &ResourceColumns, with: usize| {
        let column = columns.column(columns.id(NAME).unwrap());
        for at in 0..100 {
            let want = if at < with { (4, at as i64 + 1) } else { (0, 0) };
            assert_eq!(column.at(Slot::from(at)), want, "of node {at} where {with} have it");
        }
        if let Some(left) = columns.left(columns.id(NAME).unwrap()) {
            let want = |at: usize| if at < with { (3 - at as i64).max(-1) } else { 0 };
            assert!(left.iter().enumerate().all(|(at, left)| *left == want(at)), "{left:?}");
        }
        if let Some(reciprocals) = columns.reciprocals(columns.id(NAME).unwrap()) {
            let want = |at: usize| if at < with { Some(0.25) } else { None };
            let right = |(at, r): (usize, &f64)| want(at).map_or(r.is_nan(), |want| *r == want);
            assert!(reciprocals.iter().enumerate().all(right));
        }
        column.flat().is_some()
    };
    for at in 0..100 {
        columns.set_allocatable(Slot::from(at), &Amounts::default(), &amounts(&[(NAME, 4)]));
        columns.count(Slot::from(at), &amounts(&[(NAME, at as i64 + 1)]), 1);
        was_flat.push(check(&columns, at + 1));
    }
    assert_eq!(was_flat.iter().position(|flat| *flat), Some(12), "one in eight");
    for at in (1..100).rev() {
        columns.set_allocatable(Slot::from(at), &amounts(&[(NAME, 4)]), &Amounts::default());
        columns.count(Slot::from(at), &amounts(&[(NAME, at as i64 + 1)]), -1);
        assert_eq!(check(&columns, at), at > 3, "{at}");
    }
}

#[test]
fn a_flat_column_of_a_cluster_that_outgrew_it_becomes_sparse() {
    let mut columns = columns(4);
    columns.set_allocatable(Slot(0), &Amounts::default(), &amounts(&[("example.com/gpu", 1)]));
    assert_eq!(cells(&columns), 4);
    (0..1020).for_each(|_| columns.grow());
    assert!(cells(&columns) < 8);
    assert_eq!(columns.column(columns.id("example.com/gpu").unwrap()).at(Slot(0)), (1, 0));
}

#[test]
fn numbers_of_resources_that_nobody_has_are_given_back() {
    let mut columns = columns(8);
    let of = |at: usize| amounts(&[(&format!("example.com/{at}"), 1)]);
    let mut epochs = 0;
    for at in 0..10_000 {
        epochs += usize::from(columns.set_allocatable(Slot(0), &of(at), &of(at + 1)));
        assert_eq!(
            columns.column(columns.id(&format!("example.com/{}", at + 1)).unwrap()).at(Slot(0)),
            (1, 0)
        );
        assert!(columns.names().count() <= BASIC + MOST_UNUSED + 2);
    }
    assert!(columns.columns.len() <= BASIC + MOST_UNUSED + 2 && cells(&columns) <= 8 * (MOST_UNUSED + 2));
    assert!(epochs >= 10_000);
    // Nothing of a resource is nothing to have a column for.
    assert!(!columns.count(Slot(0), &amounts(&[("example.com/none", 0)]), 1));
    assert_eq!(columns.id("example.com/none"), None);
}

#[test]
fn only_amounts_that_can_be_divided_by_have_a_reciprocal() {
    let mut columns = columns(1);
    let mut before = Amounts::default();
    for (amount, want) in [
        (1, Some(1.0)),
        (1 << 44, Some(1.0 / 17_592_186_044_416.0)),
        (1 << 45, None),
        (i64::MAX, None),
        (-4, None),
        (3, Some(1.0 / 3.0)),
        (0, None),
    ] {
        let now = Amounts { memory: amount, ..Amounts::default() };
        columns.set_allocatable(Slot(0), &before, &now);
        let got = columns.reciprocals(MEMORY_ID).unwrap()[0];
        assert_eq!((!got.is_nan()).then_some(got), want, "{amount}");
        before = now;
    }
}
