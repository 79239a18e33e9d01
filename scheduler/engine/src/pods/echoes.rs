//! What of the nominations that were to be written the watch has not shown yet.

use std::sync::Arc;

use longshore_framework::Str;

/// Writes that are remembered at the most. Of one that is forgotten the watch's news counts as if somebody else had
/// written it.
const MOST: usize = 16;

/// Nominated nodes of one pod that were to be written, oldest first; an empty name clears the nomination.
///
/// News of a write comes late: when a newer one is on its way already, it says what was true once, and nothing changes by
/// it. Of several writes that wait the newest may be the only one that is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Echoes(Vec<Str>);

impl Echoes {
    /// The status that will be there in the end, where it says `stated` now.
    pub(crate) fn last<'a>(&'a self, stated: Option<&'a Str>) -> Option<&'a Str> {
        match self.0.last() {
            Some(node) => Some(node).filter(|node| !node.is_empty()),
            None => stated,
        }
    }

    /// `node` is to be written; the status says `stated` now.
    pub(crate) fn wrote(&mut self, node: &Str, stated: Option<&Str>) {
        if self.last(stated).map_or("", |last| &**last) == &**node {
            return;
        }
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(Arc::clone(node));
    }

    /// The watch shows a status that says `node`; whether that is one of the writes.
    pub(crate) fn hears(&mut self, node: Option<&Str>) -> bool {
        let node = node.map_or("", |node| &**node);
        match self.0.iter().position(|written| **written == *node) {
            Some(at) => {
                self.0.drain(..=at);
                true
            }
            None => {
                self.0.clear();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &[&str], shown: &[(&str, bool)]) {
        let mut echoes = Echoes::default();
        for node in written {
            echoes.wrote(&(*node).into(), None);
        }
        for (node, want) in shown {
            let node = Some(Str::from(*node)).filter(|node| !node.is_empty());
            assert_eq!(echoes.hears(node.as_ref()), *want, "{node:?}");
        }
    }

    #[test]
    fn writes_are_known_again_in_their_order_and_what_was_overtaken_is_not_waited_for() {
        check(&["a", "b"], &[("a", true), ("b", true), ("b", false)]);
        check(&["a", "b"], &[("b", true), ("a", false)]);
        check(&["a", ""], &[("a", true), ("", true)]);
        check(&["a", "b"], &[("c", false), ("b", false)]);
        check(&["", "a", "a"], &[("a", true), ("a", false)]);
    }

    #[test]
    fn no_more_are_remembered_than_so_many() {
        let names: Vec<String> = (0..=MOST).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        check(&names, &[("0", false), ("1", false)]);
        check(&names, &[("1", true), ("2", true)]);
    }
}
