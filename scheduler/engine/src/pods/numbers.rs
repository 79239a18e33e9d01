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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_taken_out_the_others_stay() {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut numbers = Numbers::default();
            [7, 3, 9].into_iter().for_each(|number| numbers.insert(number));
            let mut left = vec![3, 7, 9];
            for at in order {
                let number = [7, 3, 9][at];
                numbers.remove(number);
                left.retain(|other| *other != number);
                let mut got: Vec<usize> = numbers.iter().collect();
                got.sort_unstable();
                assert_eq!((&got, numbers.len()), (&left, left.len()), "{order:?}");
            }
        }
    }
}
