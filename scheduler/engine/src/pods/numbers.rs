//! A set of numbers of pods.

/// A set that is walked in one go, whatever the largest number is.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    list: Vec<usize>,
    /// By number: where in `list` it is, if it is there.
    places: Vec<usize>,
}

impl Numbers {
    /// Adds a number that is not there.
    pub(super) fn insert(&mut self, number: usize) {
        if number >= self.places.len() {
            self.places.resize(number + 1, 0);
        }
        self.places[number] = self.list.len();
        self.list.push(number);
    }

    /// Takes out a number that is there.
    pub(super) fn remove(&mut self, number: usize) {
        let at = self.places[number];
        self.list.swap_remove(at);
        if let Some(moved) = self.list.get(at) {
            self.places[*moved] = at;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// In no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.list.iter().copied()
    }
}
