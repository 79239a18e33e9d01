//! How a node was chosen: among how many equals, and what the best nodes scored.
//!
//! A class decides by sums that it keeps, and knows how many nodes were equal but not what each plugin gave them. So the
//! nodes are scored once more at the same moment, before anything changes, for as many decisions as the
//! [budget](budget::Budget) allows. A literal decision has scored them all, and only copies the best.

pub(crate) mod budget;

use longshore_framework::Str;

use crate::trace::PluginScore;

/// What is known of the choice of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Nodes with the highest total, among which the tie was broken; 1 when there was no other.
    pub tied: usize,
    /// Where the scores are from.
    pub scored: Scored,
    /// The best nodes, the chosen one first, [as many as are asked for](crate::Options::described_nodes); empty when it is not
    /// known what they scored.
    pub best: Vec<BestNode>,
}

/// Where the scores of a choice are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scored {
    /// Nothing was scored: there was one node, or the pod was promised one.
    #[default]
    Nothing,
    /// The decision scored every node by itself.
    Literally,
    /// The decision was made from what is kept of the pod's class; every node was scored once more at the same moment.
    Again,
    /// The decision was made from what is kept of the pod's class, which knows how many nodes were equal and no more.
    ByClass,
}

/// A node and what it scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestNode {
    /// The node.
    pub node: Str,
    /// Sum of the weighted scores.
    pub total: i64,
    /// By plugin, in the order they run.
    pub scores: Vec<PluginScore>,
}

/// The places of the highest totals, `chosen` first, then from the highest down; of equals, those that come first.
pub(crate) fn best_places(totals: &[i64], chosen: usize, most: usize) -> Vec<usize> {
    let mut best = Vec::with_capacity(most.max(1));
    best.push(chosen);
    for (at, total) in totals.iter().enumerate().filter(|(at, _)| *at != chosen) {
        let is_full = best.len() >= most;
        if is_full && best.last().is_none_or(|last| *last == chosen || totals[*last] >= *total) {
            continue;
        }
        if is_full {
            best.pop();
        }
        let place = best[1..].partition_point(|other| totals[*other] >= *total) + 1;
        best.insert(place, at);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_one_first_then_the_highest() {
        #[track_caller]
        fn check(totals: &[i64], (chosen, most): (usize, usize), want: &[usize]) {
            assert_eq!(best_places(totals, chosen, most), want, "{totals:?}");
        }
        let totals = [5, 9, 7, 9, 1];
        check(&totals, (3, 3), &[3, 1, 2]);
        check(&totals, (1, 3), &[1, 3, 2]);
        check(&totals, (1, 9), &[1, 3, 2, 0, 4]);
        check(&totals, (1, 1), &[1]);
        check(&totals, (1, 0), &[1]);
        check(&[4, 4, 4, 4], (2, 3), &[2, 0, 1]);
        check(&[1, 2, 3, 4, 5], (4, 2), &[4, 3]);
    }
}
