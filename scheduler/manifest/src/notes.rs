//! Warnings, a bounded number of each input's.

/// Warnings that are kept.
const MOST: usize = 100;

/// Warnings in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<String>,
    left_out: usize,
}

impl Notes {
    /// Adds a warning, or counts it.
    pub(crate) fn add(&mut self, message: String) {
        if self.kept.len() < MOST { self.kept.push(message) } else { self.left_out += 1 }
    }

    /// All of them, and how many more there were.
    pub(crate) fn into_lines(self) -> Vec<String> {
        let more = (self.left_out > 0).then(|| format!("and {} more warnings of this kind", self.left_out));
        self.kept.into_iter().chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_bounded() {
        let mut notes = Notes::default();
        (0..MOST + 5).for_each(|n| notes.add(n.to_string()));
        let lines = notes.into_lines();
        assert_eq!(
            (lines.len(), lines.last().unwrap().as_str()),
            (MOST + 1, "and 5 more warnings of this kind")
        );
    }
}
